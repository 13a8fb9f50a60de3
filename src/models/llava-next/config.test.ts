import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BundleFormatError, UnsupportedError, VLM2VecError } from '../../errors';
import { llavaNext } from '.';
import { parseConfig } from './config';

const PINPOINTS = [
  [336, 672],
  [672, 336],
  [672, 672],
  [1008, 336],
  [336, 1008],
];

/** `config.json` of llava-hf/llava-v1.6-mistral-7b-hf: the keys that it leaves out have MistralConfig's defaults. */
const published = {
  architectures: ['LlavaNextForConditionalGeneration'],
  ignore_index: -100,
  image_grid_pinpoints: PINPOINTS,
  image_token_index: 32000,
  model_type: 'llava_next',
  projector_hidden_act: 'gelu',
  text_config: {
    _name_or_path: 'mistralai/Mistral-7B-Instruct-v0.2',
    architectures: ['MistralForCausalLM'],
    intermediate_size: 14336,
    max_position_embeddings: 32768,
    model_type: 'mistral',
    num_key_value_heads: 8,
    rms_norm_eps: 1e-5,
    rope_theta: 1000000.0,
    sliding_window: null,
    torch_dtype: 'bfloat16',
    vocab_size: 32064,
  },
  torch_dtype: 'float16',
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
  vocab_size: 32064,
};

const preprocessor = {
  crop_size: { height: 336, width: 336 },
  do_center_crop: true,
  image_grid_pinpoints: PINPOINTS,
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
  image_processor_type: 'LlavaNextImageProcessor',
  resample: 3,
  rescale_factor: 1 / 255,
  size: { shortest_edge: 336 },
};

const tokenizer = {
  added_tokens: [
    { id: 1, content: '<s>' },
    { id: 32000, content: '<image>' },
  ],
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
  },
};

const files = { config: published, preprocessor, tokenizer, tokenizerConfig: null };
const open = (changes: Partial<typeof files> | object = {}) =>
  llavaNext.fromCheckpoint({ ...files, ...changes } as never, { head: null });
const inText = (changes: object) => ({ ...published, text_config: { ...published.text_config, ...changes } });
const inVision = (changes: object) => ({ ...published, vision_config: { ...published.vision_config, ...changes } });

test('the published config', () => {
  expect(parseConfig(published)).toEqual({
    hiddenSize: 4096,
    intermediateSize: 14336,
    layers: 32,
    heads: 32,
    kvHeads: 8,
    headDim: 128,
    rmsEps: 1e-5,
    ropeTheta: 1e6,
    vocabSize: 32064,
    maxPositions: 32768,
    imageTokenId: 32000,
    vision: {
      depth: 23,
      width: 1024,
      heads: 16,
      headDim: 64,
      mlpDim: 4096,
      patchSize: 14,
      imageSize: 336,
      layerNormEps: 1e-5,
    },
  });
});

test('as many weights as the published checkpoint has, except for unused ones', () => {
  const { towers, vocabSize, hiddenSize } = open();
  const numbers = [...towers.vision.blocks, ...towers.text.blocks]
    .flat(2)
    .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), vocabSize * hiddenSize);
  const outputLayer = 32064 * 4096;
  const lastBlock = 4 * (1024 * 1024 + 1024) + 2 * 1024 * 4096 + 4096 + 1024 + 4 * 1024;
  const lastNorm = 2 * 1024;
  expect(numbers + outputLayer + lastBlock + lastNorm).toBe(7_566_747_648);
});

test.each([
  ['another layer of the tower', { ...published, vision_feature_layer: -1 }],
  ['several layers of the tower', { ...published, vision_feature_layer: [-2, -5] }],
  ['the class token', { ...published, vision_feature_select_strategy: 'full' }],
  ['another projector', { ...published, projector_hidden_act: 'gelu_pytorch_tanh' }],
  ['a projector without biases', { ...published, multimodal_projector_bias: false }],
  ['no newline', { ...published, use_image_newline_parameter: false }],
  ['packed weights', { ...published, quantization_config: { bits: 4 } }],
  ['another decoder', inText({ model_type: 'llama' })],
  ['another activation', inText({ hidden_act: 'gelu' })],
  ['biases', inText({ attention_bias: true })],
  ['scaled rotary embedding', inText({ rope_scaling: { type: 'linear', factor: 2 } })],
  ['a window smaller than the positions', inText({ sliding_window: 4096 })],
  ['another tower', inVision({ model_type: 'siglip_vision_model' })],
  ['another activation of the tower', inVision({ hidden_act: 'gelu' })],
])('refused: %s', (_, config) => {
  expect(() => parseConfig(config)).toThrow(UnsupportedError);
});

test.each(['rms_norm_eps', 'rope_theta', 'sliding_window'])(
  '%s must be written: its default is not the 7B’s',
  (key) => {
    const { [key]: _, ...rest } = published.text_config as Record<string, unknown>;
    expect(() => parseConfig({ ...published, text_config: rest })).toThrow(VLM2VecError);
  },
);

test('null means as many KV heads as heads; a missing value means 8', () => {
  const { num_key_value_heads: _, ...rest } = published.text_config;
  expect(parseConfig({ ...published, text_config: rest }).kvHeads).toBe(8);
  expect(parseConfig(inText({ num_key_value_heads: null })).kvHeads).toBe(32);
});

test('a list of shapes that is in neither file defaults to that of transformers', () => {
  const { image_grid_pinpoints: _, ...config } = published;
  const { image_grid_pinpoints: __, ...without } = preprocessor;
  expect(open({ config, preprocessor: without }).image).toEqual(open().image);
});

test('a window as long as the positions has no effect', () => {
  expect(parseConfig(inText({ sliding_window: 32768 }))).toEqual(parseConfig(published));
});

test.each<[string, object]>([
  ['bilinear pictures', { preprocessor: { ...preprocessor, resample: 2 } }],
  ['no padding', { preprocessor: { ...preprocessor, do_pad: false } }],
  ['tiles of another size', { preprocessor: { ...preprocessor, size: { shortest_edge: 224 } } }],
  ['crops of another size', { preprocessor: { ...preprocessor, crop_size: { height: 336, width: 224 } } }],
  ['other shapes than config.json', { preprocessor: { ...preprocessor, image_grid_pinpoints: [[336, 336]] } }],
  ['no preprocessor', { preprocessor: null }],
  ['another image token', { tokenizer: { ...tokenizer, added_tokens: [{ id: 1, content: '<s>' }] } }],
  ['no <s> before a text', { tokenizer: { ...tokenizer, post_processor: null } }],
  [
    'something behind a text',
    {
      tokenizer: {
        ...tokenizer,
        post_processor: {
          type: 'TemplateProcessing',
          single: [...tokenizer.post_processor.single, { SpecialToken: { id: '</s>', type_id: 0 } }],
        },
      },
    },
  ],
])('refused: %s', (_, changes) => {
  expect(() => open(changes)).toThrow(VLM2VecError);
});

test('shapes that are not made of tiles are refused', () => {
  const shapes = [[336, 500]];
  const changed = {
    config: { ...published, image_grid_pinpoints: shapes },
    preprocessor: { ...preprocessor, image_grid_pinpoints: shapes },
  };
  expect(() => open(changed)).toThrow(/336×336/);
});

describe('a bundle’s facts', () => {
  const facts = JSON.parse(JSON.stringify((({ config, image, prompts }) => ({ config, image, prompts }))(open()))) as {
    config: Record<string, unknown>;
    image: Record<string, unknown>;
    prompts: never;
  };
  const read = (changed: object) => llavaNext.fromBundle({ ...facts, ...changed } as never, { head: null });

  test('are those of the checkpoint', () => {
    const { config, image } = read({});
    expect({ config, image }).toEqual({ config: facts.config, image: facts.image });
  });

  const paths = [
    ...Object.keys(facts.config).map((key) => ['config', key]),
    ...Object.keys(facts.config.vision as object).map((key) => ['config', 'vision', key]),
    ...Object.keys(facts.image).map((key) => ['image', key]),
  ];
  test.each(paths.map((each) => each.join('.')))('%s is checked', (where) => {
    for (const bad of [undefined, null, -1, 1e300, 'x', {}, []]) {
      const changed = structuredClone(facts) as Record<string, Record<string, unknown>>;
      const keys = where.split('.');
      let at: Record<string, unknown> = changed;
      for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
      at[keys.at(-1)!] = bad;
      expect(() => read(changed), JSON.stringify(bad)).toThrow(BundleFormatError);
    }
  });

  test('a head size that is not an integer', () => {
    expect(() => read({ config: { ...facts.config, heads: 31 } })).toThrow(BundleFormatError);
  });
});

test('nothing but named errors, whatever a config holds', () => {
  const keys = [...Object.keys(published), 'text_config', 'vision_config'];
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
      try {
        parseConfig({ ...published, [key]: value });
      } catch (error) {
        expect(error).toBeInstanceOf(VLM2VecError);
      }
    }),
  );
});
