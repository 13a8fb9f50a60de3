/** @file Tensors and config.json of a Qwen2-VL of any size, and of the DoRA adapter that VLM2Vec trains on it. */

import type { RandomTensor } from './safetensors-file';

export interface Size {
  hidden: number;
  intermediate: number;
  layers: number;
  heads: number;
  kvHeads: number;
  vocab: number;
  depth: number;
  embedDim: number;
  visionHeads: number;
}

/** `2b` has the numbers of Qwen/Qwen2-VL-2B-Instruct; `small` tries the benches out in seconds. */
export const SIZES: Record<'2b' | 'small', Size> = {
  '2b': {
    hidden: 1536,
    intermediate: 8960,
    layers: 28,
    heads: 12,
    kvHeads: 2,
    vocab: 151936,
    depth: 32,
    embedDim: 1280,
    visionHeads: 16,
  },
  small: {
    hidden: 256,
    intermediate: 512,
    layers: 4,
    heads: 2,
    kvHeads: 1,
    vocab: 151936,
    depth: 3,
    embedDim: 160,
    visionHeads: 2,
  },
};

export const ADAPTER_RANK = 8;
export const ADAPTER_ALPHA = 64;
const ADAPTED = ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj', 'self_attn.o_proj', 'mlp.down_proj'];

const NORM = { mean: 1, deviation: 0.1 };
const BIAS = { mean: 0, deviation: 0.1 };

/** A matrix that keeps the size of what it multiplies, times `gain`. */
function matrix(name: string, shape: [number, number], gain = 1): RandomTensor {
  return { name: `${name}.weight`, shape, spread: { mean: 0, deviation: gain / Math.sqrt(shape[1]) } };
}

function linear(name: string, shape: [number, number], gain = 1): RandomTensor[] {
  return [matrix(name, shape, gain), { name: `${name}.bias`, shape: [shape[0]], spread: BIAS }];
}

function layerNorm(name: string, width: number): RandomTensor[] {
  return [
    { name: `${name}.weight`, shape: [width], spread: NORM },
    { name: `${name}.bias`, shape: [width], spread: BIAS },
  ];
}

/** Output and input width of an adapted projection. */
function projection(size: Size, name: string): [number, number] {
  const { hidden, intermediate, kvHeads } = size;
  const widths: Record<string, [number, number]> = {
    q_proj: [hidden, hidden],
    k_proj: [kvHeads * 128, hidden],
    v_proj: [kvHeads * 128, hidden],
    o_proj: [hidden, hidden],
    down_proj: [hidden, intermediate],
  };
  return widths[name.split('.')[1]!]!;
}

/** All tensors of the base model, in the order transformers writes them. */
export function baseTensors(size: Size): RandomTensor[] {
  const { hidden, intermediate, layers, kvHeads, vocab, depth, embedDim } = size;
  const patch = { name: 'visual.patch_embed.proj.weight', shape: [embedDim, 3, 2, 14, 14] };
  const vision = Array.from({ length: depth }, (_, block) => {
    const name = `visual.blocks.${block}`;
    return [
      ...layerNorm(`${name}.norm1`, embedDim),
      ...layerNorm(`${name}.norm2`, embedDim),
      ...linear(`${name}.attn.qkv`, [3 * embedDim, embedDim]),
      ...linear(`${name}.attn.proj`, [embedDim, embedDim], 0.5),
      ...linear(`${name}.mlp.fc1`, [4 * embedDim, embedDim]),
      ...linear(`${name}.mlp.fc2`, [embedDim, 4 * embedDim], 0.5),
    ];
  });
  const text = Array.from({ length: layers }, (_, layer) => {
    const name = `model.layers.${layer}`;
    return [
      ...linear(`${name}.self_attn.q_proj`, [hidden, hidden]),
      ...linear(`${name}.self_attn.k_proj`, [kvHeads * 128, hidden]),
      ...linear(`${name}.self_attn.v_proj`, [kvHeads * 128, hidden]),
      matrix(`${name}.self_attn.o_proj`, [hidden, hidden], 0.5),
      matrix(`${name}.mlp.gate_proj`, [intermediate, hidden]),
      matrix(`${name}.mlp.up_proj`, [intermediate, hidden]),
      matrix(`${name}.mlp.down_proj`, [hidden, intermediate], 0.5),
      { name: `${name}.input_layernorm.weight`, shape: [hidden], spread: NORM },
      { name: `${name}.post_attention_layernorm.weight`, shape: [hidden], spread: NORM },
    ];
  });
  return [
    { ...patch, spread: { mean: 0, deviation: 1 / Math.sqrt(1176) } },
    ...vision.flat(),
    ...layerNorm('visual.merger.ln_q', embedDim),
    ...linear('visual.merger.mlp.0', [4 * embedDim, 4 * embedDim]),
    ...linear('visual.merger.mlp.2', [hidden, 4 * embedDim]),
    { name: 'model.embed_tokens.weight', shape: [vocab, hidden], spread: { mean: 0, deviation: 0.7 } },
    ...text.flat(),
    { name: 'model.norm.weight', shape: [hidden], spread: NORM },
  ];
}

/** The adapter's tensors, named as PEFT saves them. */
export function adapterTensors(size: Size): RandomTensor[] {
  return Array.from({ length: size.layers }, (_, layer) =>
    ADAPTED.flatMap((target) => {
      const name = `base_model.model.model.layers.${layer}.${target}`;
      const [out, inn] = projection(size, target);
      const gain = target.endsWith('o_proj') || target.endsWith('down_proj') ? 0.5 : 1;
      const scaling = ADAPTER_ALPHA / ADAPTER_RANK;
      // The update is a fifth of the weight; B·A of unit-variance A grows with the root of the rank.
      const b = (0.2 * gain) / Math.sqrt(inn) / scaling / Math.sqrt(ADAPTER_RANK);
      return [
        { name: `${name}.lora_A.weight`, shape: [ADAPTER_RANK, inn], spread: { mean: 0, deviation: 1 } },
        { name: `${name}.lora_B.weight`, shape: [out, ADAPTER_RANK], spread: { mean: 0, deviation: b } },
        { name: `${name}.lora_magnitude_vector`, shape: [out], spread: { mean: gain, deviation: 0.05 * gain } },
      ];
    }),
  ).flat();
}

/** config.json of the base model; token ids are those of the real Qwen tokenizer. */
export function baseConfig(size: Size): Record<string, unknown> {
  return {
    architectures: ['Qwen2VLForConditionalGeneration'],
    attention_dropout: 0,
    bos_token_id: 151643,
    eos_token_id: 151645,
    vision_start_token_id: 151652,
    vision_end_token_id: 151653,
    vision_token_id: 151654,
    image_token_id: 151655,
    video_token_id: 151656,
    hidden_act: 'silu',
    hidden_size: size.hidden,
    initializer_range: 0.02,
    intermediate_size: size.intermediate,
    max_position_embeddings: 32768,
    max_window_layers: 28,
    model_type: 'qwen2_vl',
    num_attention_heads: size.heads,
    num_hidden_layers: size.layers,
    num_key_value_heads: size.kvHeads,
    rms_norm_eps: 1e-6,
    rope_theta: 1000000,
    sliding_window: 32768,
    tie_word_embeddings: true,
    torch_dtype: 'bfloat16',
    transformers_version: '4.41.2',
    use_cache: true,
    use_sliding_window: false,
    vision_config: {
      depth: size.depth,
      embed_dim: size.embedDim,
      mlp_ratio: 4,
      num_heads: size.visionHeads,
      in_chans: 3,
      hidden_size: size.hidden,
      patch_size: 14,
      spatial_merge_size: 2,
      spatial_patch_size: 14,
      temporal_patch_size: 2,
    },
    rope_scaling: { type: 'mrope', mrope_section: [16, 24, 24] },
    vocab_size: size.vocab,
  };
}
