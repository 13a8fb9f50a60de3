/**
 * @file Checkpoints of LLaVA-NeXT and Phi-3-Vision that cannot be computed as they say: each gives a named error that
 * says which file and which key, before a byte is written.
 */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { folderTree } from '../checkpoint/folder.node';
import { VLM2VecError } from '../errors';
import { changedAt, watchedConversion } from '../testing/watched-conversion';
import { changedTree, rewrittenTensors } from '../testing/checkpoint-files';
import { fixtureBytes, fixturePath } from '../testing/fixtures';

type Json = Record<string, unknown>;
type Model = 'llava' | 'phi' | 'qwen3';

const FOLDERS = {
  llava: 'checkpoints/tiny-llava-next',
  phi: 'checkpoints/tiny-phi3-v',
  qwen3: 'checkpoints/tiny-qwen3-vl',
} as const;
const FILES = {
  config: 'config.json',
  preprocessor: 'preprocessor_config.json',
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
} as const;

/** The parsed file with values set at dotted paths; `undefined` removes the key. */
function changedJson(file: string, changes: Json): string {
  return JSON.stringify(changedAt(JSON.parse(readFileSync(fixturePath(file), 'utf8')) as Json, changes));
}

/** Converts with a writer that records every file that is begun. */
async function convert(model: Model, files: Record<string, string | Uint8Array | null>) {
  return watchedConversion(changedTree(await folderTree(fixturePath(FOLDERS[model])), files));
}

async function expectRefused(model: Model, files: Record<string, string | Uint8Array | null>, message: RegExp) {
  const { begun, problem } = await convert(model, files);
  expect(problem).toBeInstanceOf(VLM2VecError);
  expect((problem as Error).message).toMatch(message);
  expect(begun).toEqual([]);
}

test.each(['llava', 'phi', 'qwen3'] as const)('%s: unchanged, it is converted', async (model) => {
  const { begun, problem } = await convert(model, {});
  expect(problem).toBeNull();
  expect(begun.length).toBeGreaterThan(0);
});

type Case = [model: Model, file: keyof typeof FILES, changes: Json, message: RegExp];

const END = { SpecialToken: { id: '<|endoftext|>', type_id: 0 } };
/** As transformers 5 spells it. */
const ROPE = { mrope_interleaved: true, mrope_section: [10, 7, 7], rope_type: 'default', rope_theta: 5_000_000 };
/** One end token too many. */
const TWICE = [{ Sequence: { id: 'A', type_id: 0 } }, END, END];

const CASES: Case[] = [
  ['llava', 'config', { vision_feature_layer: -1 }, /"vision_feature_layer" is -1/],
  ['llava', 'config', { vision_feature_layer: -24 }, /"vision_feature_layer" is -24/],
  ['llava', 'config', { vision_feature_layer: [-2] }, /"vision_feature_layer" is \[-2\]/],
  ['llava', 'config', { vision_feature_layer: null }, /"vision_feature_layer" is null/],
  ['llava', 'config', { vision_feature_select_strategy: null }, /"vision_feature_select_strategy" is null/],
  ['llava', 'config', { projector_hidden_act: null }, /"projector_hidden_act" is null/],
  ['llava', 'config', { multimodal_projector_bias: null }, /"multimodal_projector_bias" is null/],
  ['llava', 'config', { use_image_newline_parameter: false }, /"use_image_newline_parameter" is false/],
  ['llava', 'config', { image_token_index: null }, /image_token_index/],
  ['llava', 'config', { 'text_config.model_type': undefined }, /"text_config.model_type" is missing/],
  ['llava', 'config', { 'text_config.hidden_act': null }, /"text_config.hidden_act" is null/],
  ['llava', 'config', { 'text_config.hidden_size': null }, /text_config.hidden_size/],
  ['llava', 'config', { 'text_config.num_hidden_layers': null }, /text_config.num_hidden_layers/],
  ['llava', 'config', { 'text_config.rms_norm_eps': null }, /text_config.rms_norm_eps/],
  ['llava', 'config', { 'text_config.rope_theta': null }, /text_config.rope_theta/],
  ['llava', 'config', { 'text_config.sliding_window': 32767 }, /"text_config.sliding_window" is 32767, less than/],
  ['llava', 'config', { 'text_config.sliding_window': undefined }, /text_config.sliding_window/],
  ['llava', 'config', { 'text_config.partial_rotary_factor': null }, /"text_config.partial_rotary_factor" is null/],
  ['llava', 'config', { 'vision_config.model_type': null }, /"vision_config.model_type" is null/],
  ['llava', 'config', { 'vision_config.hidden_act': null }, /"vision_config.hidden_act" is null/],
  ['llava', 'config', { 'vision_config.layer_norm_eps': null }, /vision_config.layer_norm_eps/],
  ['llava', 'config', { vision_config: null }, /vision_config/],
  ['llava', 'config', { image_grid_pinpoints: [] }, /image_grid_pinpoints/],
  ['llava', 'config', { image_grid_pinpoints: [[336, 336]] }, /different image_grid_pinpoints/],
  ['llava', 'preprocessor', { image_grid_pinpoints: [[336, 336]] }, /different image_grid_pinpoints/],
  ['llava', 'preprocessor', { resample: null }, /preprocessor_config.json: "resample" is null/],
  ['llava', 'preprocessor', { do_resize: null }, /"do_resize" is null/],
  ['llava', 'preprocessor', { do_pad: null }, /"do_pad" is null/],
  ['llava', 'preprocessor', { do_center_crop: false }, /"do_center_crop" is false/],
  ['llava', 'preprocessor', { do_rescale: null }, /"do_rescale" is null/],
  ['llava', 'preprocessor', { do_normalize: null }, /"do_normalize" is null/],
  ['llava', 'preprocessor', { rescale_factor: 1 / 127.5 }, /"rescale_factor"/],
  ['llava', 'preprocessor', { image_mean: null }, /image_mean/],
  ['llava', 'preprocessor', { image_std: [1, 1, 0] }, /image_std/],
  ['llava', 'preprocessor', { size: null }, /size/],
  ['llava', 'preprocessor', { 'size.shortest_edge': 224 }, /shortest_edge 224/],
  ['phi', 'preprocessor', { num_crops: 0 }, /num_crops/],
  ['phi', 'preprocessor', { num_crops: -4 }, /num_crops/],
  ['phi', 'preprocessor', { num_crops: 1.5 }, /num_crops/],
  ['phi', 'preprocessor', { num_crops: '4' }, /num_crops/],
  ['phi', 'preprocessor', { num_crops: 257 }, /num_crops/],
  ['phi', 'preprocessor', { num_crops: null }, /num_crops/],
  ['phi', 'preprocessor', { num_crops: undefined }, /num_crops/],
  ['phi', 'preprocessor', { num_img_tokens: 576 }, /num_img_tokens/],
  ['phi', 'preprocessor', { do_convert_rgb: null }, /"do_convert_rgb" is null/],
  ['phi', 'preprocessor', { image_mean: [0.5, 0.5] }, /image_mean/],
  ['phi', 'config', { 'embd_layer.with_learnable_separator': false }, /"embd_layer.with_learnable_separator" is false/],
  ['phi', 'config', { 'embd_layer.with_learnable_separator': undefined }, /with_learnable_separator" is missing/],
  ['phi', 'config', { 'embd_layer.use_hd_transform': undefined }, /"embd_layer.use_hd_transform" is missing/],
  ['phi', 'config', { 'embd_layer.hd_transform_order': undefined }, /"embd_layer.hd_transform_order" is missing/],
  ['phi', 'config', { 'embd_layer.projection_cls': undefined }, /"embd_layer.projection_cls" is missing/],
  ['phi', 'config', { embd_layer: 'default' }, /embd_layer/],
  ['phi', 'config', { 'img_processor.layer_idx': null }, /"img_processor.layer_idx" is null/],
  ['phi', 'config', { 'img_processor.layer_idx': -1 }, /"img_processor.layer_idx" is -1/],
  ['phi', 'config', { 'img_processor.type_feature': null }, /"img_processor.type_feature" is null/],
  ['phi', 'config', { 'img_processor.model_name': 'openai/clip-vit-large-patch14' }, /"img_processor.model_name"/],
  ['phi', 'config', { 'img_processor.num_img_tokens': 576 }, /img_processor.num_img_tokens/],
  ['phi', 'config', { 'img_processor.clip_config.hidden_act': 'gelu' }, /"img_processor.clip_config.hidden_act"/],
  ['phi', 'config', { img_processor: null }, /img_processor/],
  ['phi', 'config', { sliding_window: 9599 }, /"sliding_window" is 9599, less than the 9600/],
  ['phi', 'config', { hidden_act: null }, /"hidden_act" is null/],
  ['phi', 'config', { rms_norm_eps: null }, /rms_norm_eps/],
  ['phi', 'config', { rope_scaling: null }, /rope_scaling/],
  ['phi', 'config', { 'rope_scaling.type': null }, /rope_scaling.type" is null/],
  ['phi', 'config', { 'rope_scaling.type': 'yarn' }, /rope_scaling.type" is "yarn"/],
  ['phi', 'config', { 'rope_scaling.long_factor': null }, /rope_scaling.long_factor/],
  ['phi', 'config', { 'rope_scaling.short_factor': [1, 2, 3] }, /48 short factors and as many long ones/],
  ['phi', 'config', { original_max_position_embeddings: null }, /original_max_position_embeddings/],
  ['qwen3', 'config', { 'text_config.head_dim': undefined }, /text_config.head_dim/],
  ['qwen3', 'config', { 'text_config.num_key_value_heads': null }, /text_config.num_key_value_heads/],
  ['qwen3', 'config', { 'text_config.hidden_act': 'gelu' }, /"text_config.hidden_act" is "gelu"/],
  ['qwen3', 'config', { 'text_config.attention_bias': true }, /"text_config.attention_bias" is true/],
  ['qwen3', 'config', { 'text_config.rope_theta': undefined }, /text_config.rope_theta/],
  ['qwen3', 'config', { 'text_config.rope_scaling': null }, /mrope_section and mrope_interleaved are expected/],
  ['qwen3', 'config', { 'text_config.rope_scaling.mrope_interleaved': false }, /mrope_interleaved" is false/],
  ['qwen3', 'config', { 'text_config.rope_scaling.mrope_interleaved': undefined }, /mrope_interleaved" is missing/],
  ['qwen3', 'config', { 'text_config.rope_scaling.rope_type': 'yarn' }, /rope_type" is "yarn"/],
  [
    'qwen3',
    'config',
    { 'text_config.rope_scaling.mrope_section': [10, 7, 8] },
    /10,7,8 does not add up to half a head/,
  ],
  ['qwen3', 'config', { 'text_config.rope_scaling.rope_theta': 1e6 }, /differs from rope_parameters/],
  ['qwen3', 'config', { 'vision_config.hidden_act': 'gelu' }, /"vision_config.hidden_act" is "gelu"/],
  ['qwen3', 'config', { 'vision_config.deepstack_visual_indexes': undefined }, /deepstack_visual_indexes/],
  ['qwen3', 'config', { 'vision_config.deepstack_visual_indexes': [2, 0, 1] }, /not ascending indexes of the 4 blocks/],
  ['qwen3', 'config', { 'vision_config.deepstack_visual_indexes': [0, 1, 4] }, /not ascending indexes of the 4 blocks/],
  ['qwen3', 'config', { 'vision_config.deepstack_visual_indexes': [0, 1, 2, 3] }, /features for 4 layers/],
  ['qwen3', 'config', { 'vision_config.num_position_embeddings': 255 }, /which is not a square/],
  ['qwen3', 'config', { 'vision_config.out_hidden_size': 64 }, /out_hidden_size/],
  ['qwen3', 'config', { 'vision_config.temporal_patch_size': 1 }, /temporal_patch_size/],
  ['qwen3', 'config', { 'vision_config.in_channels': 1 }, /"vision_config.in_channels" is 1/],
  ['qwen3', 'config', { image_token_id: 735 }, /gives <\|image_pad\|> the id 734, but config.json 735/],
  ['qwen3', 'config', { vision_start_token_id: 732 }, /gives <\|vision_start\|> the id 731, but config.json 732/],
  ['qwen3', 'preprocessor', { patch_size: 14 }, /patch_size 14, but config.json has 16/],
  ['qwen3', 'preprocessor', { resample: 2 }, /"resample" is 2/],
  ['qwen3', 'tokenizer', { post_processor: null }, /puts no token after a text/],
  [
    'qwen3',
    'tokenizer',
    { 'post_processor.processors.1.single.1': undefined },
    /names a token that it does not describe/,
  ],
  ['qwen3', 'tokenizer', { 'post_processor.processors': [] }, /puts no token after a text/],
  ['qwen3', 'tokenizer', { 'post_processor.processors.1.single': TWICE }, /puts 2 tokens after a text/],
  [
    'qwen3',
    'tokenizer',
    { 'post_processor.processors.1.single': [...TWICE].reverse() },
    /puts something before a text/,
  ],
  [
    'qwen3',
    'tokenizer',
    { 'post_processor.processors.1.type': 'BertProcessing' },
    /BertProcessing", which is not supported/,
  ],
];

/** The tokenizers are of the same kind. */
const TOKENIZER_CASES: [file: keyof typeof FILES, changes: Json, message: RegExp][] = [
  ['tokenizerConfig', { add_bos_token: false }, /tokenizer_config.json: "add_bos_token" is false/],
  ['tokenizerConfig', { add_bos_token: null }, /"add_bos_token" is null/],
  ['tokenizerConfig', { add_eos_token: true }, /"add_eos_token" is true/],
  ['tokenizerConfig', { bos_token: '</s>' }, /"bos_token" is "<\/s>"/],
  ['tokenizerConfig', { bos_token: null }, /"bos_token" is null/],
  ['tokenizer', { post_processor: null }, /tokenizer.json: the post_processor must put <s>/],
];
const TOKENIZERS: Case[] = (['llava', 'phi'] as const).flatMap((model) =>
  TOKENIZER_CASES.map(([file, changes, message]): Case => [model, file, changes, message]),
);

test.each(
  [...CASES, ...TOKENIZERS].map(([model, file, changes, message]) => ({
    name: `${model}, ${FILES[file]}: ${Object.entries(changes).map(([key, value]) => `${key} ${JSON.stringify(value) ?? 'missing'}`)}`,
    ...{ model, file: FILES[file], changes, message },
  })),
)('$name', async ({ model, file, changes, message }) => {
  await expectRefused(model, { [file]: changedJson(`${FOLDERS[model]}/${file}`, changes) }, message);
});

/** Weights that pictures require. */
test.each<[Model, string]>([
  ['llava', 'image_newline'],
  ['llava', 'multi_modal_projector.linear_2.bias'],
  ['llava', 'vision_tower.vision_model.embeddings.class_embedding'],
  ['llava', 'vision_tower.vision_model.pre_layrnorm.weight'],
  ['phi', 'model.vision_embed_tokens.sub_GN'],
  ['phi', 'model.vision_embed_tokens.glb_GN'],
  ['phi', 'model.vision_embed_tokens.img_projection.0.bias'],
  ['qwen3', 'model.visual.pos_embed.weight'],
  ['qwen3', 'model.visual.deepstack_merger_list.2.norm.bias'],
  ['qwen3', 'model.language_model.layers.3.self_attn.k_norm.weight'],
  ['phi', 'model.vision_embed_tokens.img_processor.vision_model.embeddings.position_embedding.weight'],
])('%s without %s', async (model, missing) => {
  const file = fixtureBytes(`${FOLDERS[model]}/model.safetensors`);
  const without = rewrittenTensors(file, (name, tensor) => (name === missing ? [] : [[name, tensor]]));
  expect(without.length).toBeLessThan(file.length);
  await expectRefused(model, { 'model.safetensors': without }, new RegExp(missing.replaceAll('.', '\\.')));
});

test.each(['llava', 'phi'] as const)('%s without its preprocessor', async (model) => {
  await expectRefused(model, { 'preprocessor_config.json': null }, /preprocessor_config\.json/);
});

test.each<[Model, Json]>([
  ['llava', { 'text_config.sliding_window': 32768 }],
  ['llava', { 'text_config.head_dim': null, 'text_config.rope_scaling': null }],
  ['llava', { 'text_config.tie_word_embeddings': null, quantization_config: null }],
  ['phi', { sliding_window: null }],
  ['phi', { num_key_value_heads: null, attention_bias: null }],
  ['phi', { 'rope_scaling.type': 'longrope' }],
  ['qwen3', { 'text_config.sliding_window': null, 'text_config.tie_word_embeddings': false }],
  [
    'qwen3',
    { 'text_config.rope_scaling': null, 'text_config.rope_theta': undefined, 'text_config.rope_parameters': ROPE },
  ],
])('what means nothing is not refused: %s %j', async (model, changes) => {
  const { problem } = await convert(model, { 'config.json': changedJson(`${FOLDERS[model]}/config.json`, changes) });
  expect(problem).toBeNull();
});
