/**
 * @file The four base models of the VLM2Vec family, and SigLIP 2, as their owners publish them: configs, names, shapes and
 * order of the tensors (bf16; SigLIP's fp32), and the adapters that VLM2Vec trains on them (fp32). Which tensors there are follows from what the architecture reads;
 * what it does not read is added here. The test beside this file holds their number and size against the published ones.
 */

import type { JsonObject } from '../bundle/manifest';
import { architectureOf, planStages, type PlannedWeight } from '../models';

/** A tensor of a checkpoint file. */
export interface FileTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface OfficialModel {
  /** Repository of the base model. */
  readonly repository: string;
  readonly config: JsonObject;
  readonly preprocessor: JsonObject;
  /** Where transformers began a new file, in bytes. */
  readonly shardBytes: number;
  /** Tokenizer without its added tokens. */
  readonly tokenizer: 'qwen' | 'llama' | 'gemma';
  /** Of its tensors. @default 'BF16' */
  readonly dtype?: 'F32';
  readonly addedTokens: readonly (readonly [id: number, content: string])[];
  /** What its post-processor puts behind every text. */
  readonly endToken?: readonly [id: number, content: string];
  /** Groups of modules in the order of the files. */
  readonly order: readonly RegExp[];
}

/** `small` has the same modules with few layers and channels, to try things out in seconds. */
export type ModelSize = 'official' | 'small';

export type OfficialName =
  | 'qwen2-vl-2b'
  | 'qwen2-vl-7b'
  | 'qwen3-vl-embedding-2b'
  | 'qwen3-vl-embedding-8b'
  | 'llava-next'
  | 'phi3-v'
  | 'siglip2-base'
  | 'siglip2-so400m';

const CLIP_STATISTICS = {
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};

function qwen(repository: string, numbers: JsonObject & { hidden_size: number }): OfficialModel {
  return {
    repository,
    config: {
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
      initializer_range: 0.02,
      max_position_embeddings: 32768,
      max_window_layers: 28,
      model_type: 'qwen2_vl',
      num_hidden_layers: 28,
      rms_norm_eps: 1e-6,
      rope_theta: 1000000,
      sliding_window: 32768,
      torch_dtype: 'bfloat16',
      transformers_version: '4.41.2',
      use_cache: true,
      use_sliding_window: false,
      vision_config: {
        depth: 32,
        embed_dim: 1280,
        mlp_ratio: 4,
        num_heads: 16,
        in_chans: 3,
        hidden_size: numbers.hidden_size,
        patch_size: 14,
        spatial_merge_size: 2,
        spatial_patch_size: 14,
        temporal_patch_size: 2,
      },
      rope_scaling: { type: 'mrope', mrope_section: [16, 24, 24] },
      ...numbers,
    },
    preprocessor: {
      min_pixels: 3136,
      max_pixels: 12845056,
      patch_size: 14,
      temporal_patch_size: 2,
      merge_size: 2,
      ...CLIP_STATISTICS,
      image_processor_type: 'Qwen2VLImageProcessor',
      processor_class: 'Qwen2VLProcessor',
    },
    shardBytes: 4e9,
    tokenizer: 'qwen',
    addedTokens: [],
    order: [/^visual\./, /^model\./, /^lm_head\./],
  };
}

/** Sparse, as the files are: what is left out is the default of transformers' class. */
function siglip(
  repository: string,
  tower: JsonObject,
  picture: { image_size: number; patch_size?: number },
): OfficialModel {
  return {
    repository,
    config: {
      architectures: ['SiglipModel'],
      initializer_factor: 1,
      model_type: 'siglip',
      text_config: { ...tower, model_type: 'siglip_text_model', vocab_size: 256_000 },
      torch_dtype: 'float32',
      vision_config: { ...tower, ...picture, model_type: 'siglip_vision_model' },
    },
    preprocessor: {
      do_convert_rgb: null,
      do_normalize: true,
      do_rescale: true,
      do_resize: true,
      image_mean: [0.5, 0.5, 0.5],
      image_processor_type: 'SiglipImageProcessor',
      image_std: [0.5, 0.5, 0.5],
      processor_class: 'SiglipProcessor',
      resample: 2,
      rescale_factor: 1 / 255,
      size: { height: picture.image_size, width: picture.image_size },
    },
    shardBytes: 5e9,
    tokenizer: 'gemma',
    dtype: 'F32',
    addedTokens: [],
    order: [/./],
  };
}

interface Qwen3Numbers {
  readonly text: JsonObject & { hidden_size: number; tie_word_embeddings: boolean };
  readonly vision: JsonObject;
}

function qwen3(repository: string, { text, vision }: Qwen3Numbers): OfficialModel {
  return {
    repository,
    config: {
      architectures: ['Qwen3VLForConditionalGeneration'],
      image_token_id: 151655,
      model_type: 'qwen3_vl',
      text_config: {
        attention_bias: false,
        head_dim: 128,
        hidden_act: 'silu',
        max_position_embeddings: 262144,
        model_type: 'qwen3_vl_text',
        num_key_value_heads: 8,
        rms_norm_eps: 1e-6,
        rope_scaling: { mrope_interleaved: true, mrope_section: [24, 20, 20], rope_type: 'default' },
        rope_theta: 5000000,
        vocab_size: 151936,
        ...text,
      },
      tie_word_embeddings: text.tie_word_embeddings,
      video_token_id: 151656,
      vision_config: {
        hidden_act: 'gelu_pytorch_tanh',
        in_channels: 3,
        model_type: 'qwen3_vl',
        num_heads: 16,
        num_position_embeddings: 2304,
        out_hidden_size: text.hidden_size,
        patch_size: 16,
        spatial_merge_size: 2,
        temporal_patch_size: 2,
        ...vision,
      },
      vision_end_token_id: 151653,
      vision_start_token_id: 151652,
    },
    preprocessor: {
      size: { shortest_edge: 4096, longest_edge: 1310720 },
      patch_size: 16,
      temporal_patch_size: 2,
      merge_size: 2,
      image_mean: [0.5, 0.5, 0.5],
      image_std: [0.5, 0.5, 0.5],
      image_processor_type: 'Qwen2VLImageProcessorFast',
      processor_class: 'Qwen3VLProcessor',
    },
    shardBytes: 5e9,
    tokenizer: 'qwen',
    addedTokens: [],
    endToken: [151643, '<|endoftext|>'],
    order: [/^model\.visual\./, /^model\./, /^lm_head\./],
  };
}

const PINPOINTS = [
  [336, 672],
  [672, 336],
  [672, 672],
  [1008, 336],
  [336, 1008],
];

const LONG_FACTORS = Array.from({ length: 48 }, (_, i) => 1 + (63 * i) / 47); // theirs are not a rule, but as large
const SHORT_FACTORS = Array.from({ length: 48 }, (_, i) => 1 + (2 * i) / 47);

export const OFFICIAL_MODELS: Readonly<Record<OfficialName, OfficialModel>> = {
  'qwen2-vl-2b': qwen('Qwen/Qwen2-VL-2B-Instruct', {
    hidden_size: 1536,
    intermediate_size: 8960,
    num_attention_heads: 12,
    num_key_value_heads: 2,
    tie_word_embeddings: true,
    vocab_size: 151936,
  }),
  'qwen2-vl-7b': qwen('Qwen/Qwen2-VL-7B-Instruct', {
    hidden_size: 3584,
    intermediate_size: 18944,
    num_attention_heads: 28,
    num_key_value_heads: 4,
    tie_word_embeddings: false,
    vocab_size: 152064,
  }),
  'qwen3-vl-embedding-2b': qwen3('Qwen/Qwen3-VL-Embedding-2B', {
    text: {
      hidden_size: 2048,
      intermediate_size: 6144,
      num_attention_heads: 16,
      num_hidden_layers: 28,
      tie_word_embeddings: true,
    },
    vision: { deepstack_visual_indexes: [5, 11, 17], depth: 24, hidden_size: 1024, intermediate_size: 4096 },
  }),
  'qwen3-vl-embedding-8b': qwen3('Qwen/Qwen3-VL-Embedding-8B', {
    text: {
      hidden_size: 4096,
      intermediate_size: 12288,
      num_attention_heads: 32,
      num_hidden_layers: 36,
      tie_word_embeddings: false,
    },
    vision: { deepstack_visual_indexes: [8, 16, 24], depth: 27, hidden_size: 1152, intermediate_size: 4304 },
  }),
  'llava-next': {
    repository: 'llava-hf/llava-v1.6-mistral-7b-hf',
    config: {
      architectures: ['LlavaNextForConditionalGeneration'],
      ignore_index: -100,
      image_grid_pinpoints: PINPOINTS,
      image_token_index: 32000,
      model_type: 'llava_next',
      projector_hidden_act: 'gelu',
      // As in the file: the rest are MistralConfig's defaults.
      text_config: {
        intermediate_size: 14336,
        max_position_embeddings: 32768,
        model_type: 'mistral',
        num_key_value_heads: 8,
        rms_norm_eps: 1e-5,
        rope_theta: 1000000,
        sliding_window: null,
        vocab_size: 32064,
      },
      tie_word_embeddings: false,
      torch_dtype: 'bfloat16',
      use_image_newline_parameter: true,
      vision_config: {
        hidden_size: 1024,
        image_size: 336,
        intermediate_size: 4096,
        model_type: 'clip_vision_model',
        num_attention_heads: 16,
        num_hidden_layers: 24,
        patch_size: 14,
        projection_dim: 768,
        vocab_size: 32000,
      },
      vision_feature_layer: -2,
      vision_feature_select_strategy: 'default',
    },
    preprocessor: {
      crop_size: { height: 336, width: 336 },
      do_center_crop: true,
      do_convert_rgb: true,
      do_normalize: true,
      do_pad: true,
      do_rescale: true,
      do_resize: true,
      image_grid_pinpoints: PINPOINTS,
      ...CLIP_STATISTICS,
      image_processor_type: 'LlavaNextImageProcessor',
      resample: 3,
      rescale_factor: 1 / 255,
      size: { shortest_edge: 336 },
    },
    shardBytes: 5e9,
    tokenizer: 'llama',
    addedTokens: [
      [32000, '<image>'],
      [32001, '<pad>'],
    ],
    order: [/^image_newline$/, /^vision_tower\./, /^multi_modal_projector\./, /^language_model\./],
  },
  'phi3-v': {
    repository: 'microsoft/Phi-3.5-vision-instruct',
    config: {
      architectures: ['Phi3VForCausalLM'],
      attention_dropout: 0,
      bos_token_id: 1,
      embd_layer: {
        embedding_cls: 'image',
        hd_transform_order: 'sub_glb',
        projection_cls: 'mlp',
        use_hd_transform: true,
        with_learnable_separator: true,
      },
      eos_token_id: 2,
      hidden_act: 'silu',
      hidden_size: 3072,
      img_processor: {
        image_dim_out: 1024,
        model_name: 'openai/clip-vit-large-patch14-336',
        name: 'clip_vision_model',
        num_img_tokens: 144,
      },
      intermediate_size: 8192,
      max_position_embeddings: 131072,
      model_type: 'phi3_v',
      num_attention_heads: 32,
      num_hidden_layers: 32,
      num_key_value_heads: 32,
      original_max_position_embeddings: 4096,
      rms_norm_eps: 1e-5,
      rope_scaling: { type: 'su', short_factor: SHORT_FACTORS, long_factor: LONG_FACTORS },
      rope_theta: 10000,
      sliding_window: 262144,
      tie_word_embeddings: false,
      torch_dtype: 'bfloat16',
      vocab_size: 32064,
    },
    preprocessor: {
      do_convert_rgb: true,
      ...CLIP_STATISTICS,
      image_processor_type: 'Phi3VImageProcessor',
      num_crops: 16,
      num_img_tokens: 144,
      processor_class: 'Phi3VProcessor',
    },
    shardBytes: 5e9,
    tokenizer: 'llama',
    addedTokens: [
      [32000, '<|endoftext|>'],
      [32001, '<|assistant|>'],
      [32006, '<|system|>'],
      [32007, '<|end|>'],
      [32010, '<|user|>'],
      [32044, '<|image|>'],
    ],
    order: [/^model\.embed_tokens\./, /^model\.vision_embed_tokens\./, /^model\./, /^lm_head\./],
  },
  'siglip2-base': siglip('google/siglip2-base-patch16-224', {}, { image_size: 224 }),
  'siglip2-so400m': siglip(
    'google/siglip2-so400m-patch14-384',
    { hidden_size: 1152, intermediate_size: 4304, num_attention_heads: 16, num_hidden_layers: 27 },
    { image_size: 384, patch_size: 14 },
  ),
};

/** The config with few layers and channels; the vocabulary and the heads' widths are the official ones. */
export function configOf(name: OfficialName, size: ModelSize): JsonObject {
  const { config } = OFFICIAL_MODELS[name];
  if (size === 'official') return config;
  const text = { hidden_size: 256, intermediate_size: 512, num_hidden_layers: 4, num_attention_heads: 2 };
  const clip = { hidden_size: 128, intermediate_size: 256, num_attention_heads: 2, num_hidden_layers: 4 };
  switch (config.model_type) {
    case 'qwen2_vl': {
      const vision = { ...(config.vision_config as JsonObject), depth: 3, embed_dim: 160, num_heads: 2 };
      return { ...config, ...text, num_key_value_heads: 1, vision_config: { ...vision, hidden_size: 256 } };
    }
    case 'qwen3_vl': {
      const tower = { depth: 3, hidden_size: 128, intermediate_size: 256, num_heads: 2, out_hidden_size: 256 };
      return {
        ...config,
        text_config: { ...(config.text_config as JsonObject), ...text, num_key_value_heads: 1 },
        vision_config: { ...(config.vision_config as JsonObject), ...tower, deepstack_visual_indexes: [0, 1] },
      };
    }
    case 'llava_next':
      return {
        ...config,
        text_config: { ...(config.text_config as JsonObject), ...text, num_key_value_heads: 1 },
        vision_config: { ...(config.vision_config as JsonObject), ...clip },
      };
    case 'siglip':
      return {
        ...config,
        text_config: { ...(config.text_config as JsonObject), ...clip },
        vision_config: { ...(config.vision_config as JsonObject), ...clip },
      };
    default:
      return {
        ...config,
        ...{ ...text, hidden_size: 192, num_key_value_heads: 2 },
        img_processor: {
          ...(config.img_processor as JsonObject),
          ...{
            image_dim_out: clip.hidden_size,
            clip_config: { ...clip, hidden_act: 'quick_gelu', image_size: 336, layer_norm_eps: 1e-5, patch_size: 14 },
          },
        },
      };
  }
}

/** All tensors, file by file, in the order of each file: by name, as safetensors sorts them. */
export function officialShards(name: OfficialName, size: ModelSize = 'official'): FileTensor[][] {
  const { order, shardBytes } = OFFICIAL_MODELS[name];
  const tensors = officialTensors(configOf(name, size));
  const rank = (tensor: FileTensor) => order.findIndex((group) => group.test(tensor.name));
  const shards: FileTensor[][] = [[]];
  let bytes = 0;
  for (const tensor of tensors.sort((a, b) => rank(a) - rank(b))) {
    const more = bytesOf(name, tensor);
    if (bytes + more > shardBytes) shards.push([]);
    bytes = bytes + more > shardBytes ? more : bytes + more;
    shards.at(-1)!.push(tensor);
  }
  return shards.map((shard) => shard.sort((a, b) => (a.name < b.name ? -1 : 1)));
}

/** In its model's file. */
export const bytesOf = (name: OfficialName, tensor: FileTensor) =>
  (OFFICIAL_MODELS[name].dtype === 'F32' ? 4 : 2) * elements(tensor);

export const elements = ({ shape }: FileTensor) => shape.reduce((product, length) => product * length, 1);

/** What the architecture reads, and what is in the files besides. */
function officialTensors(config: JsonObject): FileTensor[] {
  const network = architectureOf(config).network(config, { head: null });
  const { embeddingTensor, vocabSize, hiddenSize, logit = {} } = network;
  const read = planStages(network, () => 0).flatMap((stage) => stage.weights.flatMap(partsOf));
  swapOutputs(read);
  const table = { name: embeddingTensor, shape: [vocabSize, hiddenSize] };
  if (config.model_type === 'siglip') {
    const numbers = Object.values<string>(logit).map((name): FileTensor => ({ name, shape: [1] }));
    return [table, ...new Map([...read, ...numbers].map((tensor) => [tensor.name, tensor])).values()];
  }
  const isTied = /^qwen\d_vl$/.test(String(config.model_type)) && config.tie_word_embeddings === true;
  const head = {
    name: embeddingTensor.replace(/(model\.language_)?model\.embed_tokens/, 'lm_head'),
    shape: table.shape,
  };
  return [table, ...read, ...clipRest(read), ...(isTied ? [] : [head])];
}

/** Phi's attention makes its output projection before the others, so that is where a file may end. */
function swapOutputs(read: FileTensor[]): void {
  for (let i = 0; i + 1 < read.length; i++) {
    const [first, second] = [read[i]!, read[i + 1]!];
    if (first.name.endsWith('.qkv_proj.weight')) read.splice(i++, 2, second, first);
  }
}

/** The checkpoint's tensors of a weight, in the checkpoint's shapes. */
function partsOf(
  { parts, shape, rowTransform, patchArea, slice }: PlannedWeight,
  _: number,
  all: readonly PlannedWeight[],
): FileTensor[] {
  const [rows, ...columns] = shape;
  if (parts.length > 1) {
    // q | k | v: there are as many q as the output projection has columns, and as many k as v.
    const attention = parts[0]!.replace(/q_proj\.\w+$/, '');
    const outputs = [`${attention}o_proj.weight`, `${attention}out_proj.weight`];
    const queries = all.find((weight) => outputs.includes(weight.parts[0]!))!.shape[1]!;
    const keys = (rows! - queries) / 2;
    return parts.map((name, i) => ({ name, shape: [i === 0 ? queries : keys, ...columns] }));
  }
  const [name] = parts as [string];
  // Of the probe, queries are kept apart from keys and values.
  if (slice) return [{ name: name.replace('.in_proj.', '.in_proj_'), shape: slice.of.slice(0, shape.length) }];
  return [{ name, shape: fileShape(name, shape, rowTransform === 'fold-temporal' ? patchArea! : null) }];
}

function fileShape(name: string, shape: readonly number[], temporalArea: number | null): readonly number[] {
  const patch = (area: number) => [Math.sqrt(area), Math.sqrt(area)];
  if (temporalArea !== null) return [shape[0]!, 3, 2, ...patch(temporalArea)];
  if (name.endsWith('.patch_embedding.weight')) return [shape[0]!, 3, ...patch(shape[1]! / 3)];
  if (/\.glb_GN$|\.probe$/.test(name)) return [1, ...shape];
  if (name.endsWith('.sub_GN')) return [1, 1, ...shape];
  return shape;
}

/** CLIP's last block, and the norm behind it, which nothing reads. */
function clipRest(read: readonly FileTensor[]): FileTensor[] {
  const blocks = read.flatMap((tensor) => {
    const [, before, index, after] = /^(.*\.encoder\.layers\.)(\d+)(\..*)$/.exec(tensor.name) ?? [];
    return index === undefined ? [] : [{ before: before!, index: Number(index), after: after!, shape: tensor.shape }];
  });
  const last = Math.max(...blocks.map(({ index }) => index));
  const block = blocks
    .filter(({ index }) => index === last)
    .map(({ before, after, shape }) => ({ name: `${before}${last + 1}${after}`, shape }));
  const norm = read
    .filter(({ name }) => name.includes('.pre_layrnorm.'))
    .map(({ name, shape }) => ({ name: name.replace('.pre_layrnorm.', '.post_layernorm.'), shape }));
  return [...block, ...norm];
}

/** Modules that VLM2Vec-V1's adapters change, by the last part of their names. */
export const ADAPTED = ['qkv_proj', 'o_proj', 'gate_up_proj', 'down_proj', 'k_proj', 'q_proj', 'out_proj', 'v_proj'];
export const ADAPTER_RANK = 8;
export const ADAPTER_ALPHA = 64;

/** The adapter's tensors, named as PEFT saves them: A, B and the magnitudes of every adapted module. */
export function adapterTensors(name: OfficialName, size: ModelSize = 'official', rank = ADAPTER_RANK): FileTensor[] {
  return officialShards(name, size)
    .flat()
    .filter((tensor) => tensor.name.endsWith('.weight') && ADAPTED.includes(tensor.name.split('.').at(-2)!))
    .flatMap((tensor) => {
      const [out, inn] = tensor.shape as [number, number];
      const module = `base_model.model.${tensor.name.replace(/\.weight$/, '')}`;
      return [
        { name: `${module}.lora_A.weight`, shape: [rank, inn] },
        { name: `${module}.lora_B.weight`, shape: [out, rank] },
        { name: `${module}.lora_magnitude_vector`, shape: [out] },
      ];
    });
}
