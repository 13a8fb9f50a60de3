/** @file A checkpoint as the converter sees it: configs, tokenizer files, and tensors with the adapter merged in. */

import type { BundleSource, JsonObject } from '../bundle/manifest';
import { CheckpointMismatchError, SourceNotFoundError, UnsupportedError } from '../errors';
import { ADAPTER_CONFIG, openAdapterTensors, planAdapter, readAdapterConfig, type Adapter } from './adapter';
import type { AdapterConfig } from './adapter-config';
import { isJsonObject, readJsonObject, readJsonObjectIfThere } from './json';
import { MergedTensors } from './merged-tensors';
import { canonicalName, type NameRules } from './names';
import { isInnerPath } from './paths';
import { quote } from './quote';
import type { ByteSource, FileTree, TensorStore } from './types';
import type { TensorView } from './view';
import { openWeights } from './weights';

const CONFIG = 'config.json';
/** Files that a tokenizer may consist of. */
const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
] as const;

/** An opened checkpoint; tensors are read when asked for. */
export interface Checkpoint {
  /** The base's `config.json`. */
  readonly config: Record<string, unknown>;
  /** `preprocessor_config.json`: the adapter's own, else the base's; null where neither has one. */
  readonly preprocessor: Record<string, unknown> | null;
  /** The adapter's own if it has a `tokenizer.json`, else the base's. */
  readonly tokenizerFiles: readonly { path: string; source: ByteSource }[];
  /** Canonical names; the adapter is merged into the rows that are read. */
  readonly tensors: TensorStore;
  readonly source: BundleSource;
  /** What the adapter's config says about its size; null without an adapter. */
  readonly adapter: Pick<AdapterConfig, 'kind' | 'r' | 'loraAlpha'> | null;
  /**
   * Throws {@link CheckpointMismatchError} naming weights that are not in `used`, except for those that an
   * embedding does not need by the architecture's rules.
   */
  expectConsumed(used: ReadonlySet<string>): void;
}

export interface OpenCheckpointOptions {
  /** A base model, or an adapter. */
  checkpoint: FileTree;
  /** The base of an adapter. */
  base?: FileTree;
  /** An adapter for a base model. */
  adapter?: FileTree;
  /** Finds the base that an adapter names, if `base` is not given. */
  resolve?: (repoId: string, revision: string | null) => Promise<FileTree>;
  signal?: AbortSignal;
}

/**
 * Opens and checks a checkpoint, except for the numbers themselves.
 * @param namesOf returns the tensor names of the architecture that `config.json` describes
 */
export async function openCheckpoint(
  options: OpenCheckpointOptions,
  namesOf: (config: JsonObject) => NameRules,
): Promise<Checkpoint> {
  const { signal } = options;
  const { base, adapter, config } = await resolveCheckpoint(options);
  const names = namesOf(config);
  const views = canonicalViews(await openWeights(base, signal), names);
  let merged: Adapter | null = null;
  if (adapter) {
    merged = planAdapter(adapter.config, await openAdapterTensors(adapter.tree, signal), { base: views, names });
  }
  const trees = adapter ? [adapter.tree, base] : [base];
  return {
    config,
    preprocessor: await readPreprocessor(trees, signal),
    tokenizerFiles: await openTokenizerFiles(trees, signal),
    tensors: new MergedTensors(views, merged),
    source: {
      base: { id: base.label, revision: base.revision },
      adapter: adapter && { id: adapter.tree.label, revision: adapter.tree.revision, kind: adapter.config.kind },
    },
    adapter: adapter && { kind: adapter.config.kind, r: adapter.config.r, loraAlpha: adapter.config.loraAlpha },
    expectConsumed: (used) => expectConsumed(views.keys(), used, names),
  };
}

/** `owner/name`, or just the name for a very old repository. */
const REPOSITORY = /^[\w.-]+(?:\/[\w.-]+)?$/;

/** The parts of a checkpoint. */
export interface ResolvedCheckpoint {
  base: FileTree;
  /** The base's `config.json`. */
  config: Record<string, unknown>;
  adapter: { tree: FileTree; config: AdapterConfig } | null;
}

/** Finds base and adapter, and reads their configs, but no weights. */
export async function resolveCheckpoint(options: OpenCheckpointOptions): Promise<ResolvedCheckpoint> {
  const trees = await sortTrees(options);
  await expectConfig(trees.base);
  return { ...trees, config: await readJsonObject(trees.base, CONFIG, options.signal) };
}

async function expectConfig(tree: FileTree): Promise<void> {
  const files = await tree.list();
  if (files.includes(CONFIG)) return;
  const known = files.includes('bundle.json')
    ? 'it is a bundle, which has been converted already'
    : 'a checkpoint has a config.json, an adapter an adapter_config.json';
  throw new SourceNotFoundError(`${tree.label} is not a checkpoint: ${known}`, { path: CONFIG });
}

type Trees = Omit<ResolvedCheckpoint, 'config'>;

/** Which tree is the base and which the adapter. A folder with an `adapter_config.json` is an adapter, as in PEFT. */
async function sortTrees({ checkpoint, base, adapter, resolve, signal }: OpenCheckpointOptions): Promise<Trees> {
  signal?.throwIfAborted();
  if (!(await isAdapter(checkpoint))) {
    if (base)
      throw new UnsupportedError(`${checkpoint.label} is not an adapter, so it cannot have the base ${base.label}`);
    return { base: checkpoint, adapter: adapter ? await openTree(adapter) : null };
  }
  if (adapter) throw new UnsupportedError(`${checkpoint.label} is an adapter itself: two adapters cannot be merged`);
  const opened = await openTree(checkpoint);
  const found = base ?? (await resolveBase(opened.config));
  if (await isAdapter(found)) {
    throw new UnsupportedError(`the base ${found.label} is an adapter itself; give the model it was trained on`);
  }
  return { base: found, adapter: opened };

  async function openTree(tree: FileTree): Promise<{ tree: FileTree; config: AdapterConfig }> {
    return { tree, config: await readAdapterConfig(tree, signal) };
  }

  async function resolveBase({ baseModel, baseRevision }: AdapterConfig): Promise<FileTree> {
    // The file may only name a repository. A path in it would belong to another machine, or to somebody who wants to
    // read our files.
    const isRepository = !!baseModel && REPOSITORY.test(baseModel) && isInnerPath(baseModel);
    if (baseModel && !isRepository) {
      throw new SourceNotFoundError(
        `${checkpoint.label} is an adapter, and names ${quote(baseModel)} as its base model, which is not a repository: ` +
          'also give the base model',
        { base: baseModel },
      );
    }
    if (resolve && baseModel) return resolve(baseModel, baseRevision);
    const named = baseModel ? ` (${quote(baseModel)})` : '';
    throw new SourceNotFoundError(`${checkpoint.label} is an adapter: also give its base model${named}`, {
      base: baseModel,
    });
  }
}

async function isAdapter(tree: FileTree): Promise<boolean> {
  return (await tree.list()).includes(ADAPTER_CONFIG);
}

function canonicalViews(tensors: ReadonlyMap<string, TensorView>, rules: NameRules): Map<string, TensorView> {
  const views = new Map<string, TensorView>();
  for (const [raw, view] of tensors) {
    const name = canonicalName(raw, rules);
    const other = views.get(name);
    if (other) {
      const both = `${quote(raw)} and ${quote(other.name)}`;
      throw new CheckpointMismatchError(`${both} are the same weight ${quote(name)}`, { tensor: raw });
    }
    views.set(name, view);
  }
  return views;
}

async function readPreprocessor(trees: FileTree[], signal?: AbortSignal): Promise<Record<string, unknown> | null> {
  for (const tree of trees) {
    const own = await readJsonObjectIfThere(tree, 'preprocessor_config.json', signal);
    if (own) return own;
    // transformers 5 keeps it here
    const processor = await readJsonObjectIfThere(tree, 'processor_config.json', signal);
    if (isJsonObject(processor?.image_processor)) return processor.image_processor;
  }
  return null;
}

async function openTokenizerFiles(trees: FileTree[], signal?: AbortSignal): Promise<Checkpoint['tokenizerFiles']> {
  for (const tree of trees) {
    const files = new Set(await tree.list());
    if (!files.has(TOKENIZER_FILES[0])) continue;
    const paths = TOKENIZER_FILES.filter((path) => files.has(path));
    return Promise.all(paths.map(async (path) => ({ path, source: await tree.open(path, signal) })));
  }
  return [];
}

function expectConsumed(all: Iterable<string>, used: ReadonlySet<string>, { unneeded }: NameRules): void {
  const left = [...all].filter((name) => !used.has(name) && !unneeded.test(name));
  if (left.length === 0) return;
  const shown = left.slice(0, 5).map(quote).join(', ');
  const more = left.length > 5 ? ` and ${left.length - 5} more` : '';
  throw new CheckpointMismatchError(`the checkpoint has weights that this architecture does not use: ${shown}${more}`, {
    tensors: left.slice(0, 100),
  });
}
