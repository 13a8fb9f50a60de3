/**
 * @file Where a source is kept. Apart from its opening, which comes with the engine: a page that asks what a model costs loads
 * none of that.
 */

import type { BundleManifest } from '../bundle/manifest';
import { httpBundle, readManifest, type ModelStore } from '../store/index';
import { isWanted } from './download-into';
import { ifStored } from './keep';
import { locate } from './locate';
import { openModelStore } from './model-store';
import type { SourceSpec } from './spec';
import type { OpenOptions } from './types';

/** Where a source is, or would be kept, and its manifest where there is one already. Nothing large is read. */
export async function findSource(
  spec: SourceSpec,
  options: OpenOptions,
): Promise<{ modelStore: ModelStore; name: string | null; manifest: BundleManifest | null }> {
  const { signal, store, weights } = options;
  const modelStore = await openModelStore();
  const source = await locate(spec, options);
  if (source.kind === 'local') {
    return { modelStore, name: null, manifest: await readManifest(source.bundle, { signal }) };
  }
  const { name } = source;
  const stored = (await ifStored({ modelStore, name }, signal))?.manifest ?? null;
  if (source.kind !== 'server' || (stored && store !== false)) return { modelStore, name, manifest: stored };
  const manifest = await readManifest(httpBundle(source.spec.url, { files: source.spec.files }), { signal });
  return { modelStore, name: isWanted(manifest, { store, weights }, modelStore) ? name : null, manifest };
}
