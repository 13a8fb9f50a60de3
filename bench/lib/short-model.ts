/**
 * @file Bundles of models that are as wide as a published one and a few layers deep, with random weights, made without
 * a checkpoint: the cost of a layer does not depend on their number. The vocabulary is reduced in proportion to the
 * layers, so that a head over it keeps its share; the tokenizer is nano's.
 */

import { existsSync, readFileSync } from 'node:fs';
import type { BundleManifest, WeightDtype } from '../../src/bundle/manifest';
import type { Checkpoint } from '../../src/checkpoint';
import { convertCheckpoint } from '../../src/convert';
import { sourceColumns } from '../../src/convert/rows';
import { architectureOf, planStages } from '../../src/models';
import { readManifest } from '../../src/store';
import { computeProbe } from '../../src/runtime';
import { folderBundle, folderWriter } from '../../src/store/folder.node.js';
import { Random } from './random-weights';

const NANO = 'public/models/nano';

export interface ShortSize {
  hidden: number;
  intermediate: number;
  heads: number;
  kvHeads: number;
  layers: number;
  vocab: number;
}

/** A seventh of Qwen2-VL-2B's text tower, and of its vocabulary. */
export const SEVENTH_OF_2B: ShortSize = {
  ...{ hidden: 1536, intermediate: 8960, heads: 12, kvHeads: 2 },
  ...{ layers: 4, vocab: 21706 },
};

/** Converts one into the folder `out`, unless it is there. */
export async function shortBundle(out: string, size: ShortSize, dtype: WeightDtype): Promise<BundleManifest> {
  if (existsSync(`${out}/bundle.json`)) return readManifest(folderBundle(out));
  return convertCheckpoint({ checkpoint: shortCheckpoint(size), writer: await folderWriter(out), computeProbe, dtype });
}

function shortCheckpoint(size: ShortSize): Checkpoint {
  const { hidden, intermediate, heads, kvHeads, layers, vocab } = size;
  const added = JSON.parse(readFileSync(`${NANO}/added_tokens.json`, 'utf8')) as Record<string, number>;
  const config = {
    ...{
      model_type: 'qwen2_vl',
      hidden_act: 'silu',
      rope_theta: 1e6,
      rms_norm_eps: 1e-6,
      max_position_embeddings: 32768,
    },
    ...{ hidden_size: hidden, intermediate_size: intermediate, num_hidden_layers: layers, vocab_size: vocab },
    ...{ num_attention_heads: heads, num_key_value_heads: kvHeads, image_token_id: added['<|image_pad|>'] },
    vision_config: { depth: 1, embed_dim: 80, num_heads: 1, hidden_size: hidden, mlp_ratio: 2, patch_size: 14 },
  };
  const network = architectureOf(config).network(config, { head: null });
  const shapes = new Map<string, number[]>([[network.embeddingTensor, [network.vocabSize, hidden]]]);
  const rowsOf = (part: string, whole: number) =>
    part.includes('q_proj') ? hidden : /[kv]_proj/.test(part) ? kvHeads * (hidden / heads) : whole;
  for (const weight of planStages(network, () => 0).flatMap((stage) => stage.weights)) {
    for (const part of weight.parts) {
      const columns = weight.shape.length > 1 ? [sourceColumns(weight)] : [];
      shapes.set(part, [rowsOf(part, weight.shape[0]!), ...columns]);
    }
  }
  shapes.set('visual.patch_embed.proj.weight', [80, 3, 2, 14, 14]);
  const random = new Random(1);
  const pool = Float32Array.from({ length: 2 ** 20 + 7 }, () => random.normal());
  const files = ['tokenizer.json', 'tokenizer_config.json', 'added_tokens.json', 'special_tokens_map.json'];
  return {
    config,
    preprocessor: {
      ...{ min_pixels: 3136, max_pixels: 12845056, patch_size: 14, merge_size: 2 },
      ...{ image_mean: [0.481, 0.458, 0.408], image_std: [0.269, 0.261, 0.276] },
    },
    tokenizerFiles: files.map((path) => {
      const bytes = new Uint8Array(readFileSync(`${NANO}/${path}`));
      return { path, source: { name: path, size: bytes.length, read: async (start, end) => bytes.slice(start, end) } };
    }),
    source: { base: { id: 'short', revision: null }, adapter: null },
    adapter: null,
    tensors: {
      names: () => [...shapes.keys()],
      info: (name) => {
        const shape = shapes.get(name);
        return shape && { name, dtype: 'F32', shape };
      },
      readRows: async (name, first, count) => {
        const [rows, ...rest] = shapes.get(name)! as [number, ...number[]];
        const columns = rest.reduce((product, n) => product * n, 1);
        const isVector = rest.length === 0;
        const gain = isVector ? 0.1 : 1 / Math.sqrt(columns);
        const offset = (name.length * 7919 + rows * 31) % 1009;
        return Float32Array.from({ length: count * columns }, (_, i) => {
          const value = pool[(offset + first * columns + i) % pool.length]! * gain;
          return isVector && name.endsWith('weight') ? 1 + value : value;
        });
      },
    },
    expectConsumed: () => undefined,
  };
}
