/** @file Which of four kinds a source is, and what it is called in the model store. Nothing large is read. */

import { MANIFEST_PATH } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { HUB_URL, type FileTree } from '../checkpoint/index';
import { isNode } from '../environment';
import { blobBundle } from '../store/index';
import { isThere } from './keep';
import { originOf, storeName } from './origin';
import type { SourceSpec } from './spec';
import { checkpointTree, filesBelow, fingerprint } from './trees';
import { DEFAULT_DTYPE, type OpenOptions } from './types';

export type LocatedSource =
  /** A bundle on this machine, outside the model store. */
  | { kind: 'local'; bundle: BundleReader }
  | { kind: 'stored'; name: string }
  /** A bundle on a server. `name`: where it is kept, if it is. */
  | { kind: 'server'; spec: SourceSpec & { kind: 'url' }; name: string }
  | LocatedCheckpoint;

export interface LocatedCheckpoint {
  kind: 'checkpoint';
  spec: SourceSpec;
  /** Where its bundle is kept. */
  name: string;
  /** Of `spec`, where it is opened already. */
  tree?: FileTree;
}

export async function locate(spec: SourceSpec, options: OpenOptions): Promise<LocatedSource> {
  switch (spec.kind) {
    case 'stored':
      return { kind: 'stored', name: spec.name };
    case 'url':
      return { kind: 'server', spec, name: await storeName(new URL(spec.url).pathname, null, spec.url) };
    case 'hub':
      return { kind: 'checkpoint', spec, name: await checkpointName(spec, identifyHub(spec, options), options) };
    case 'files':
    case 'directory':
    case 'folder': {
      const bundle = await localBundle(spec);
      if (bundle) return { kind: 'local', bundle };
      const tree = await checkpointTree(spec, options);
      const identity = await fingerprint(tree, options.signal);
      return { kind: 'checkpoint', spec, name: await checkpointName(spec, identity, options), tree };
    }
  }
}

/** Files that are a bundle, or null. */
async function localBundle(
  spec: SourceSpec & { kind: 'files' | 'directory' | 'folder' },
): Promise<BundleReader | null> {
  if (spec.kind === 'folder') {
    const { folderBundle } = await import('../store/folder.node.js');
    const bundle = folderBundle(spec.path);
    return (await isThere(bundle)) ? bundle : null;
  }
  const files = spec.kind === 'files' ? spec.files : await filesBelow(spec.handle);
  const isBundle = files.some(({ path }) => path === MANIFEST_PATH || path.endsWith(`/${MANIFEST_PATH}`));
  return isBundle ? blobBundle(files, spec.kind === 'files' ? spec.label : spec.handle.name) : null;
}

async function checkpointName(spec: SourceSpec, identity: unknown, options: OpenOptions): Promise<string> {
  const { dtype = DEFAULT_DTYPE, base, adapter } = options;
  const parts = [base ? await identify(base, options) : null, adapter ? await identify(adapter, options) : null];
  return storeName(labelOf(spec), dtype, [identity, ...parts]);
}

async function identify(spec: SourceSpec, options: OpenOptions): Promise<unknown> {
  if (spec.kind === 'hub') return identifyHub(spec, options);
  return fingerprint(await checkpointTree(spec, options), options.signal);
}

function identifyHub({ repo, revision }: SourceSpec & { kind: 'hub' }, { hubUrl }: OpenOptions): unknown {
  return ['hub', hubUrl ?? HUB_URL, repo, revision ?? null];
}

function labelOf(spec: SourceSpec): string {
  const origin = originOf(spec);
  if (origin.kind === 'hub') return origin.repo;
  if (origin.kind === 'url') return origin.url;
  return isNode ? origin.label.replaceAll('\\', '/') : origin.label;
}
