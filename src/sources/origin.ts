/** @file What a source is called in the model store, and how it is found again from what the model store noted. */

import { sha256Hex } from '../bundle/digest';
import type { WeightDtype } from '../bundle/manifest';
import { HUB_URL } from '../checkpoint/index';
import { UnsupportedError } from '../errors';
import type { SourceSpec } from './spec';
import type { Origin } from '../store/index';

/** What else names a checkpoint. */
export interface OriginOptions {
  base?: SourceSpec;
  adapter?: SourceSpec;
  hubUrl?: string;
}

export function originOf(spec: SourceSpec, { base, adapter, hubUrl = HUB_URL }: OriginOptions = {}): Origin {
  switch (spec.kind) {
    case 'hub': {
      const parts = {
        ...(base ? { base: originOf(base, { hubUrl }) } : {}),
        ...(adapter ? { adapter: originOf(adapter, { hubUrl }) } : {}),
      };
      return { kind: 'hub', repo: spec.repo, ...(spec.revision ? { revision: spec.revision } : {}), hubUrl, ...parts };
    }
    case 'url': {
      const url = new URL(spec.url);
      url.search = ''; // may hold an access token
      return { kind: 'url', url: url.href };
    }
    case 'files':
      return { kind: 'local', label: spec.label };
    case 'directory':
      return { kind: 'local', label: spec.handle.name };
    case 'folder':
      return { kind: 'local', label: spec.path };
    case 'stored':
      return { kind: 'local', label: spec.name };
  }
}

/**
 * The source that an origin stands for.
 * @throws UnsupportedError for files, which a page cannot open again by itself
 */
export function specOf(origin: Origin): SourceSpec {
  if (origin.kind === 'hub') {
    return { kind: 'hub', repo: origin.repo, ...(origin.revision ? { revision: origin.revision } : {}) };
  }
  if (origin.kind === 'url') return { kind: 'url', url: origin.url };
  throw new UnsupportedError(`The files of ${origin.label} must be picked again to continue their conversion.`, {
    label: origin.label,
  });
}

/** A name for people that is the same whenever `identity`, plain data, is. */
export async function storeName(label: string, dtype: WeightDtype | null, identity: unknown): Promise<string> {
  const hash = await sha256Hex(new TextEncoder().encode(JSON.stringify([identity, dtype])));
  const last =
    label
      .replace(/\/(bundle\.json)?$/, '')
      .split('/')
      .at(-1) ?? '';
  const word = last
    .replace(/[^A-Za-z0-9._-]/g, '')
    .replace(/^\W+/, '')
    .slice(0, 40);
  return [word || 'model', ...(dtype ? [dtype] : []), hash.slice(0, 12)].join('-');
}
