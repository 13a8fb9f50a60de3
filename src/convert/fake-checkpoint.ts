/** @file A small random checkpoint in memory, for tests of the converter and of code that reads bundles. */

import type { Checkpoint } from '../checkpoint';
import type { ByteSource } from '../checkpoint/types';
import { CheckpointMismatchError } from '../errors';
import { architectureOf, planStages } from '../models';
import { sourceColumns } from './rows';

/** HF's `config.json` of a model with 2 layers of width 64 and a tower of 2 blocks of width 32. */
export const FAKE_CONFIG = {
  model_type: 'qwen2_vl',
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 50,
  max_position_embeddings: 512,
  rope_theta: 1e6,
  rms_norm_eps: 1e-6,
  hidden_act: 'silu',
  image_token_id: 49,
  vision_config: { depth: 2, embed_dim: 32, num_heads: 2, hidden_size: 64, mlp_ratio: 2, patch_size: 14 },
};

const PREPROCESSOR = {
  min_pixels: 3136,
  max_pixels: 12845056,
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
  patch_size: 14,
  merge_size: 2,
};

export interface FakeCheckpoint extends Checkpoint {
  /** Every tensor, for tests to read or tamper with. */
  values: Map<string, { shape: number[]; data: Float32Array }>;
}

/** Random weights, roughly normal with deviation 0.05, reproducible. */
export function fakeCheckpoint(seed = 1): FakeCheckpoint {
  const network = architectureOf(FAKE_CONFIG).network(FAKE_CONFIG, { head: null });
  const { hiddenSize } = network;
  const headDim = hiddenSize / FAKE_CONFIG.num_attention_heads;
  const values: FakeCheckpoint['values'] = new Map();
  let state = seed;
  const uniform = () => (state = (state * 16807) % 2147483647) / 2147483647;
  const add = (name: string, shape: number[]) => {
    const size = shape.reduce((product, n) => product * n, 1);
    const data = Float32Array.from({ length: size }, () => (uniform() + uniform() + uniform() - 1.5) * 0.1);
    values.set(name, { shape, data });
  };
  add(network.embeddingTensor, [network.vocabSize, hiddenSize]);
  const rows = (part: string, whole: number) =>
    part.includes('q_proj') ? hiddenSize : /[kv]_proj/.test(part) ? FAKE_CONFIG.num_key_value_heads * headDim : whole;
  for (const weight of planStages(network, () => 0).flatMap((stage) => stage.weights)) {
    for (const part of weight.parts) {
      const columns = weight.shape.length > 1 ? [sourceColumns(weight)] : [];
      add(part, [rows(part, weight.shape[0]!), ...columns]);
    }
  }
  const patch = values.get('visual.patch_embed.proj.weight')!;
  patch.shape = [FAKE_CONFIG.vision_config.embed_dim, 3, 2, 14, 14];
  const addedTokens = [{ id: 49, content: '<|image_pad|>' }];
  return {
    values,
    config: FAKE_CONFIG,
    preprocessor: PREPROCESSOR,
    tokenizerFiles: [
      jsonFile('tokenizer.json', { model: { type: 'BPE', hiddenSize }, added_tokens: addedTokens }),
      jsonFile('tokenizer_config.json', {}),
    ],
    adapter: null,
    source: { base: { id: 'fake', revision: null }, adapter: null },
    tensors: {
      names: () => [...values.keys()],
      info: (name) => {
        const tensor = values.get(name);
        return tensor && { name, dtype: 'F32', shape: tensor.shape };
      },
      readRows: async (name, first, count, signal) => {
        signal?.throwIfAborted();
        const { shape, data } = values.get(name)!;
        const columns = data.length / shape[0]!;
        return data.slice(first * columns, (first + count) * columns);
      },
    },
    expectConsumed: (names) => {
      const left = [...values.keys()].filter((name) => !names.has(name));
      if (left.length > 0) throw new CheckpointMismatchError(`unused: ${left.join(', ')}`);
    },
  };
}

export function jsonFile(path: string, json: unknown): { path: string; source: ByteSource } {
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  return { path, source: { name: path, size: bytes.length, read: async (start, end) => bytes.slice(start, end) } };
}
