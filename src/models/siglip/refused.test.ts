/** @file Settings in a checkpoint's files: which defaults apply, and what is refused before a byte is written. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { folderTree } from '../../checkpoint/folder.node';
import { BundleFormatError, CheckpointMismatchError, UnsupportedError, VLM2VecError } from '../../errors';
import { architectureOf } from '..';
import { changedAt, watchedConversion } from '../../testing/watched-conversion';
import { changedTree, rewrittenTensors } from '../../testing/checkpoint-files';
import { fixtureBytes, fixturePath } from '../../testing/fixtures';
import { configOf } from '../../testing/official-models';
import { siglip } from '.';
import { parseConfig } from './config';
import { lowerCase, textTokens } from './tokens';

type Json = Record<string, unknown>;
const FOLDER = 'checkpoints/tiny-siglip2';
const jsonOf = (name: string) => JSON.parse(readFileSync(fixturePath(`${FOLDER}/${name}`), 'utf8')) as Json;

async function convert(files: Record<string, string | Uint8Array | null>) {
  return watchedConversion(changedTree(await folderTree(fixturePath(FOLDER)), files));
}

async function expectRefused(files: Record<string, string | Uint8Array | null>, message: RegExp) {
  const { begun, problem } = await convert(files);
  expect(problem).toBeInstanceOf(VLM2VecError);
  expect(problem!.message).toMatch(message);
  expect(begun).toEqual([]);
}

test('keys that a sparse config omits are those of the base model', () => {
  const tower = { width: 768, layers: 12, heads: 12, headDim: 64, mlpDim: 3072, layerNormEps: 1e-6 };
  expect(parseConfig(configOf('siglip2-base', 'official'))).toEqual({
    dims: 768,
    vocabSize: 256_000,
    text: { ...tower, positions: 64 },
    vision: { ...tower, imageSize: 224, patchSize: 16 },
  });
  const large = { width: 1152, layers: 27, heads: 16, headDim: 72, mlpDim: 4304 };
  expect(parseConfig(configOf('siglip2-so400m', 'official'))).toMatchObject({ dims: 1152, text: large, vision: large });
});

test('two towers of different widths need a projection between them', () => {
  const giant = {
    model_type: 'siglip',
    text_config: {
      ...{ hidden_size: 1152, intermediate_size: 4304, num_hidden_layers: 27, num_attention_heads: 16 },
      ...{ vocab_size: 256_000, projection_size: 1536 },
    },
    vision_config: {
      ...{ hidden_size: 1536, intermediate_size: 6144, num_hidden_layers: 40, num_attention_heads: 16 },
      image_size: 256,
    },
  };
  expect(siglip.network(giant, { head: null })).toMatchObject({ hiddenSize: 1152, dims: 1536 });
  const without = changedAt(giant, { 'text_config.projection_size': undefined });
  expect(() => parseConfig(without)).toThrow(/texts have 1152 numbers, but those of pictures have 1536/);
});

describe('relatives are refused by name', () => {
  test('NaFlex', () => {
    expect(() => architectureOf({ model_type: 'siglip2' })).toThrow(/"siglip2": SigLIP 2 NaFlex/);
  });

  test.each([undefined, 32_000, 250_000])('SigLIP 1, by its vocabulary (%s)', async (rows) => {
    const config = changedAt(jsonOf('config.json'), { 'text_config.vocab_size': rows });
    // It has no tokenizer.json, but that is not what the message is about.
    await expectRefused({ 'config.json': JSON.stringify(config), 'tokenizer.json': null }, /SigLIP 1 is not supported/);
  });

  test.each<[string, Json]>([
    ['tokenizer.json', { 'model.type': 'Unigram' }],
    ['tokenizer_config.json', { tokenizer_class: 'SiglipTokenizer' }],
  ])('SigLIP 1, by its %s', async (name, changes) => {
    await expectRefused({ [name]: JSON.stringify(changedAt(jsonOf(name), changes)) }, /SigLIP 1 is not supported/);
  });
});

test.each<[file: string, changes: Json, message: RegExp]>([
  ['config.json', { 'text_config.hidden_act': 'gelu' }, /"text_config.hidden_act" is "gelu"/],
  ['config.json', { 'vision_config.hidden_act': null }, /"vision_config.hidden_act" is null/],
  ['config.json', { 'vision_config.vision_use_head': false }, /"vision_config.vision_use_head" is false/],
  ['config.json', { 'vision_config.num_channels': 4 }, /"vision_config.num_channels" is 4/],
  ['config.json', { 'vision_config.model_type': 'clip_vision_model' }, /"vision_config.model_type"/],
  ['config.json', { 'vision_config.num_attention_heads': 3 }, /vision_config: a head of 10/],
  ['config.json', { 'vision_config.patch_size': 33 }, /no patch of 33/],
  ['config.json', { 'text_config.layer_norm_eps': null }, /text_config.layer_norm_eps/],
  ['config.json', { 'text_config.vocab_size': 1252 }, /1252 rows/],
  ['config.json', { 'text_config.max_position_embeddings': 16 }, /16 rows/],
  ['config.json', { quantization_config: { bits: 4 } }, /"quantization_config"/],
  ['preprocessor_config.json', { resample: 1 }, /"resample" is 1/],
  ['preprocessor_config.json', { resample: null }, /"resample" is null/],
  ['preprocessor_config.json', { do_center_crop: true }, /"do_center_crop" is true/],
  ['preprocessor_config.json', { do_resize: false }, /"do_resize" is false/],
  ['preprocessor_config.json', { do_rescale: null }, /"do_rescale" is null/],
  ['preprocessor_config.json', { rescale_factor: 1 / 127.5 }, /"rescale_factor"/],
  ['preprocessor_config.json', { 'size.width': 64 }, /size.width 64, but config.json has pictures of 32/],
  ['preprocessor_config.json', { size: undefined }, /size.height 224, but config.json has pictures of 32/],
  ['preprocessor_config.json', { image_mean: [0.5] }, /image_mean/],
  ['preprocessor_config.json', { image_processor_type: 'CLIPImageProcessor' }, /"image_processor_type"/],
  ['tokenizer_config.json', { add_eos_token: false }, /"add_eos_token" is false/],
  ['tokenizer_config.json', { add_bos_token: true }, /"add_bos_token" is true/],
  ['tokenizer_config.json', { do_lower_case: false }, /"do_lower_case" is false/],
  ['tokenizer_config.json', { padding_side: 'left' }, /"padding_side" is "left"/],
  ['tokenizer_config.json', { pad_token: '<eos>' }, /"pad_token" is "<eos>"/],
  ['tokenizer.json', { added_tokens: [] }, /no <eos>/],
])('%s: %j', async (file, changes, message) => {
  await expectRefused({ [file]: JSON.stringify(changedAt(jsonOf(file), changes)) }, message);
});

test.each<[file: string, changes: Json]>([
  [
    'config.json',
    { 'text_config.bos_token_id': 49406, 'text_config.eos_token_id': 49407, 'text_config.pad_token_id': 1 },
  ],
  ['config.json', { 'text_config.projection_size': null, 'vision_config.vision_use_head': true }],
  ['preprocessor_config.json', { do_convert_rgb: true, image_mean: null, image_std: undefined, do_center_crop: null }],
  ['preprocessor_config.json', { image_processor_type: 'SiglipImageProcessorFast', crop_size: null }],
  ['tokenizer_config.json', { add_bos_token: undefined, add_eos_token: undefined, do_lower_case: undefined }],
])('what means nothing, or the same, is not refused: %s %j', async (file, changes) => {
  const { problem } = await convert({ [file]: JSON.stringify(changedAt(jsonOf(file), changes)) });
  expect(problem).toBeNull();
});

describe('tokens put around a text', () => {
  const tokenizer = jsonOf('tokenizer.json');
  const tokenizerConfig = jsonOf('tokenizer_config.json');
  /** The values of Gemma. */
  const begins = {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<bos>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
  };
  const IDS = { endTokenId: 1, padTokenId: 0 };

  test.each([null, begins])('by the two flags, where tokenizer.json says something else: %j', (processor) => {
    const given = { ...tokenizer, post_processor: processor };
    expect(textTokens({ tokenizer: given, tokenizerConfig }, 2000)).toEqual(IDS);
    for (const lacking of [{ add_bos_token: undefined }, { add_eos_token: undefined }, { add_eos_token: null }]) {
      const flags = changedAt(tokenizerConfig, lacking);
      expect(() => textTokens({ tokenizer: given, tokenizerConfig: flags }, 2000)).toThrow(UnsupportedError);
    }
    expect(() => textTokens({ tokenizer: given, tokenizerConfig: null }, 2000)).toThrow(UnsupportedError);
  });

  test('by tokenizer.json alone', () => {
    expect(textTokens({ tokenizer, tokenizerConfig: null }, 2000)).toEqual(IDS);
    expect(() => textTokens({ tokenizer, tokenizerConfig: null }, 1)).toThrow(CheckpointMismatchError);
  });

  test('tokens may be written with their flags', () => {
    const written = {
      ...tokenizerConfig,
      eos_token: { content: '<eos>', special: true },
      pad_token: { content: '<pad>' },
    };
    expect(textTokens({ tokenizer, tokenizerConfig: written }, 2000)).toEqual(IDS);
  });
});

test('lower-casing treats each character by itself', () => {
  expect(lowerCase('ΟΔΥΣΣΕΥΣ')).toBe('οδυσσευσ'); // in JavaScript the word would end in ς
  expect(lowerCase('İSTANBUL')).toBe('i̇stanbul');
  expect(lowerCase('A 😀 \ud800 É')).toBe('a 😀 \ud800 é');
});

test.each([
  'logit_scale',
  'logit_bias',
  'vision_model.head.probe',
  'vision_model.head.attention.in_proj_weight',
  'text_model.head.bias',
  'text_model.embeddings.position_embedding.weight',
])('without %s', async (missing) => {
  const file = fixtureBytes(`${FOLDER}/model.safetensors`);
  const without = rewrittenTensors(file, (name, tensor) => (name === missing ? [] : [[name, tensor]]));
  const said = missing.replace('in_proj_', 'in_proj.').replaceAll('.', '\\.');
  await expectRefused({ 'model.safetensors': without }, new RegExp(said));
});

test('position ids of old files are ignored, another tensor is not', async () => {
  const file = fixtureBytes(`${FOLDER}/model.safetensors`);
  const withMore = (added: string) =>
    rewrittenTensors(file, (name, tensor) =>
      name === 'logit_bias'
        ? [
            [name, tensor],
            [added, tensor],
          ]
        : [[name, tensor]],
    );
  for (const tower of ['text', 'vision']) {
    const { problem } = await convert({ 'model.safetensors': withMore(`${tower}_model.embeddings.position_ids`) });
    expect(problem).toBeNull();
  }
  await expectRefused({ 'model.safetensors': withMore('vision_model.head.other') }, /vision_model\.head\.other/);
});

test('a bundle’s numbers are checked again', () => {
  const files = {
    config: jsonOf('config.json'),
    preprocessor: jsonOf('preprocessor_config.json'),
    tokenizer: jsonOf('tokenizer.json'),
    tokenizerConfig: jsonOf('tokenizer_config.json'),
  };
  const { config, image, prompts } = siglip.fromCheckpoint(files, { head: null });
  const read = (facts: { config?: Json; image?: Json }) =>
    siglip.fromBundle({ config, image, prompts, ...facts }, { head: null });
  expect(read({})).toMatchObject({ config, image, textTokens: 64 });
  for (const path of ['dims', 'vocabSize', 'endTokenId', 'text.width', 'text.positions', 'vision.patchSize']) {
    for (const value of [undefined, null, -1, 'x', 1e300]) {
      expect(() => read({ config: changedAt(config, { [path]: value }) }), path).toThrow(BundleFormatError);
    }
  }
  expect(() => read({ config: changedAt(config, { padTokenId: 5000 }) })).toThrow(/outside the vocabulary/);
  for (const [key, value] of Object.entries({ plan: 'tiles', size: 33, patchSize: 4, filter: 'nearest', mean: [0] })) {
    expect(() => read({ image: { ...image, [key]: value } }), key).toThrow(BundleFormatError);
  }
  expect(() => siglip.network(files.config, { head: { weight: 'x.weight', size: 8 } })).toThrow(UnsupportedError);
});
