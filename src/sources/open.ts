/**
 * @file How each source that `load` takes becomes a bundle that can be read. What is in the model store already is taken
 * from there without a request; checkpoints are converted into it, large bundles downloaded.
 */

import { SourceNotFoundError, UnsupportedError } from '../errors';
import { importing } from '../net';
import { readManifest, readRecord } from '../store/index';
import { openOnServer } from './download-into';
import { ifStored, isRoundedAs, isThere } from './keep';
import { locate, type LocatedCheckpoint } from './locate';
import { openModelStore } from './model-store';
import { specOf } from './origin';
import type { SourceSpec } from './spec';
import type { OpenedBundle, OpenOptions } from './types';

/** The bundle behind a source. */
export async function openSource(spec: SourceSpec, options: OpenOptions): Promise<OpenedBundle> {
  const source = await locate(spec, options);
  switch (source.kind) {
    case 'local': {
      const manifest = await readManifest(source.bundle, { signal: options.signal });
      return checkOptions({ reader: source.bundle, manifest, stored: null }, options);
    }
    case 'server':
      return checkOptions(await openOnServer(source, options), options);
    case 'stored':
      return openStored(source.name, options);
    case 'checkpoint':
      return openCheckpointSource(source, options);
  }
}

/** A checkpoint: from the model store, else converted into it. */
async function openCheckpointSource(source: LocatedCheckpoint, options: OpenOptions): Promise<OpenedBundle> {
  const modelStore = await openModelStore();
  const stored = await ifStored({ modelStore, name: source.name }, options.signal);
  if (stored && !options.refresh && isRoundedAs(stored.manifest, options)) return stored;
  const { convertInto } = await importing(() => import('./convert-into')); // ready bundles do without it
  return convertInto({ ...source, modelStore, stored }, options);
}

/** By name: what is finished is opened, what is not is carried on with. */
async function openStored(name: string, options: OpenOptions): Promise<OpenedBundle> {
  const modelStore = await openModelStore();
  const reader = modelStore.bundle(name);
  if (await isThere(reader)) {
    return checkOptions({ reader, manifest: await readManifest(reader, options), stored: name }, options);
  }
  const unfinished = await modelStore.unfinished(name);
  const record = unfinished && (await readRecord(unfinished));
  if (!record) throw new SourceNotFoundError(`No bundle named ${name} is stored here.`, { name });
  const { origin } = record;
  const parts =
    origin.kind === 'hub'
      ? {
          hubUrl: origin.hubUrl,
          base: origin.base && specOf(origin.base),
          adapter: origin.adapter && specOf(origin.adapter),
        }
      : {};
  return openSource(specOf(origin), { ...options, ...parts, dtype: record.dtype ?? undefined, store: true });
}

/** A bundle has its dtype, and is merged. */
function checkOptions(opened: OpenedBundle, options: OpenOptions): OpenedBundle {
  const { manifest, reader } = opened;
  if (options.dtype !== undefined && options.dtype !== manifest.dtype) {
    throw new UnsupportedError(
      `dtype: '${options.dtype}' was requested, but ${reader.label} is a bundle of ${manifest.dtype} weights; ` +
        'only checkpoints are converted.',
      { option: 'dtype', dtype: manifest.dtype },
    );
  }
  if (!isRoundedAs(manifest, options)) {
    throw new UnsupportedError(
      `effort: '${options.effort}' was requested, but ${reader.label} is a bundle whose weights are already rounded; only ` +
        'checkpoints are converted.',
      { option: 'effort' },
    );
  }
  for (const option of ['base', 'adapter'] as const) {
    if (options[option]) {
      throw new UnsupportedError(`${option} was given, but ${reader.label} is a bundle, which is already merged.`, {
        option,
      });
    }
  }
  return opened;
}
