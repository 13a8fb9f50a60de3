/** @file Numbers and sizes of the models' and adapters' files, as published. */

import { describe, expect, it, test } from 'vitest';
import {
  adapterTensors,
  elements,
  OFFICIAL_MODELS,
  officialShards,
  type FileTensor,
  type OfficialName,
} from './official-models';

const sum = (tensors: readonly FileTensor[]) => tensors.reduce((total, tensor) => total + elements(tensor), 0);

describe('base models', () => {
  // `total_size` of their index, halved; Qwen's are also what the owners state.
  it.each<[OfficialName, number]>([
    ['qwen2-vl-2b', 2_208_985_600],
    ['qwen2-vl-7b', 8_291_375_616],
    ['qwen3-vl-embedding-2b', 2_127_532_032],
    ['qwen3-vl-embedding-8b', 8_767_123_696],
    ['llava-next', 7_566_747_648],
    ['phi3-v', 4_146_621_440],
    // transformers' count of its own class.
    ['siglip2-base', 375_187_970],
    ['siglip2-so400m', 1_136_008_498],
  ])('%s has %d parameters', (name, parameters) => {
    expect(sum(officialShards(name).flat())).toBe(parameters);
  });

  it.each<[OfficialName, number[]]>([
    ['llava-next', [4.92, 4.92, 4.92, 0.38]],
    ['phi3-v', [4.94, 3.35]],
  ])('the files of %s take %j GB', (name, gigabytes) => {
    const files = officialShards(name).map((shard) => Number(((2 * sum(shard)) / 1e9).toFixed(2)));
    expect(files).toEqual(gigabytes);
  });

  it.each<[OfficialName, number]>([
    ['siglip2-base', 408],
    ['siglip2-so400m', 888],
  ])('%s has %d tensors', (name, count) => {
    expect(officialShards(name).flat()).toHaveLength(count);
  });

  test('names are the published ones', () => {
    const names = (Object.keys(OFFICIAL_MODELS) as OfficialName[]).flatMap((name) =>
      officialShards(name)
        .flat()
        .map((tensor) => tensor.name),
    );
    for (const name of [
      'visual.patch_embed.proj.weight',
      'visual.merger.mlp.2.bias',
      'model.layers.27.self_attn.q_proj.bias',
      'lm_head.weight',
      'language_model.lm_head.weight',
      'language_model.model.layers.31.mlp.gate_proj.weight',
      'image_newline',
      'multi_modal_projector.linear_2.bias',
      'vision_tower.vision_model.embeddings.class_embedding',
      'vision_tower.vision_model.encoder.layers.23.mlp.fc2.bias',
      'vision_tower.vision_model.pre_layrnorm.weight',
      'vision_tower.vision_model.post_layernorm.bias',
      'vision_model.head.attention.in_proj_weight',
      'vision_model.head.probe',
      'text_model.head.bias',
      'logit_bias',
      'model.layers.31.mlp.gate_up_proj.weight',
      'model.vision_embed_tokens.glb_GN',
      'model.vision_embed_tokens.img_projection.2.weight',
      'model.vision_embed_tokens.img_processor.vision_model.encoder.layers.23.self_attn.out_proj.bias',
    ]) {
      expect(names).toContain(name);
    }
  });
});

describe('adapters', () => {
  it.each<[OfficialName, number, number]>([
    ['qwen2-vl-2b', 420, 18.69],
    ['qwen2-vl-7b', 420, 41.69],
    ['phi3-v', 672, 61.1],
  ])('%s: %d tensors, %f MB', (name, count, megabytes) => {
    const tensors = adapterTensors(name);
    expect(tensors).toHaveLength(count);
    expect((4 * sum(tensors)) / 1e6).toBeCloseTo(megabytes, 1);
  });
});
