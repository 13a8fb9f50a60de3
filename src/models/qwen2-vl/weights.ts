/**
 * @file Which checkpoint tensors make up each block, and what they are called in the graphs. Shapes are those that
 * are stored; see {@link PlannedWeight}.
 */

import type { PlannedWeight, Qwen2VLConfig } from '../types';

/** The token-embedding table, which becomes the row file instead of a graph's weight. */
export const embeddingTensor = 'model.embed_tokens.weight';

/** Names in the graphs. */
export const names = {
  patchEmbed: 'vision.patch_embed',
  visionBlock: (block: number) => `vision.blocks.${block}`,
  merger: 'vision.merger',
  layer: (layer: number) => `layers.${layer}`,
  finalNorm: 'norm',
};

/** Patches → tower. The kernel's two temporal slices are added: a still image is two equal frames. */
export function patchEmbedWeights({ vision }: Qwen2VLConfig): PlannedWeight[] {
  return [
    {
      name: `${names.patchEmbed}.weight`,
      shape: [vision.embedDim, patchLength(vision)],
      parts: ['visual.patch_embed.proj.weight'],
      rowTransform: 'fold-temporal',
      quantize: false,
    },
  ];
}

export function visionBlockWeights({ vision }: Qwen2VLConfig, block: number): PlannedWeight[] {
  const name = names.visionBlock(block);
  const source = `visual.blocks.${block}`;
  const { embedDim, mlpDim } = vision;
  return [
    ...vectors(`${name}.norm1`, `${source}.norm1`, embedDim),
    ...linear(`${name}.attn.qkv`, [`${source}.attn.qkv`], [3 * embedDim, embedDim]),
    ...linear(`${name}.attn.proj`, [`${source}.attn.proj`], [embedDim, embedDim]),
    ...vectors(`${name}.norm2`, `${source}.norm2`, embedDim),
    ...linear(`${name}.mlp.fc1`, [`${source}.mlp.fc1`], [mlpDim, embedDim]),
    ...linear(`${name}.mlp.fc2`, [`${source}.mlp.fc2`], [embedDim, mlpDim]),
  ];
}

/** Four patches → one visual token. */
export function mergerWeights({ vision, hiddenSize }: Qwen2VLConfig): PlannedWeight[] {
  const merged = vision.embedDim * vision.mergeSize ** 2;
  return [
    ...vectors(`${names.merger}.ln_q`, 'visual.merger.ln_q', vision.embedDim),
    ...linear(`${names.merger}.mlp.0`, ['visual.merger.mlp.0'], [merged, merged]),
    ...linear(`${names.merger}.mlp.2`, ['visual.merger.mlp.2'], [hiddenSize, merged]),
  ];
}

export function layerWeights(config: Qwen2VLConfig, layer: number): PlannedWeight[] {
  const name = names.layer(layer);
  const source = `model.layers.${layer}`;
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim } = config;
  const attention = `${source}.self_attn`;
  return [
    vector(`${name}.input_layernorm.weight`, [`${source}.input_layernorm.weight`], hiddenSize),
    ...linear(
      `${name}.self_attn.qkv`,
      [`${attention}.q_proj`, `${attention}.k_proj`, `${attention}.v_proj`],
      [(heads + 2 * kvHeads) * headDim, hiddenSize],
    ),
    matrix(`${name}.self_attn.o_proj.weight`, [`${attention}.o_proj.weight`], [hiddenSize, heads * headDim]),
    vector(`${name}.post_attention_layernorm.weight`, [`${source}.post_attention_layernorm.weight`], hiddenSize),
    matrix(`${name}.mlp.gate_proj.weight`, [`${source}.mlp.gate_proj.weight`], [intermediateSize, hiddenSize]),
    matrix(`${name}.mlp.up_proj.weight`, [`${source}.mlp.up_proj.weight`], [intermediateSize, hiddenSize]),
    matrix(`${name}.mlp.down_proj.weight`, [`${source}.mlp.down_proj.weight`], [hiddenSize, intermediateSize]),
  ];
}

export function finalNormWeights({ hiddenSize }: Qwen2VLConfig): PlannedWeight[] {
  return [vector(`${names.finalNorm}.weight`, ['model.norm.weight'], hiddenSize)];
}

/** Values of one patch of one frame: 588. */
export function patchLength(vision: Qwen2VLConfig['vision']): number {
  return vision.channels * vision.patchSize ** 2;
}

function matrix(name: string, parts: string[], shape: [out: number, inn: number]): PlannedWeight {
  return { name, shape, parts, rowTransform: 'none', quantize: true };
}

function vector(name: string, parts: string[], length: number): PlannedWeight {
  return { name, shape: [length], parts, rowTransform: 'none', quantize: false };
}

/** Weight and bias of one name. */
function linear(name: string, sources: string[], shape: [out: number, inn: number]): PlannedWeight[] {
  const parts = (kind: string) => sources.map((source) => `${source}.${kind}`);
  return [matrix(`${name}.weight`, parts('weight'), shape), vector(`${name}.bias`, parts('bias'), shape[0])];
}

function vectors(name: string, source: string, length: number): PlannedWeight[] {
  return ['weight', 'bias'].map((kind) => vector(`${name}.${kind}`, [`${source}.${kind}`], length));
}
