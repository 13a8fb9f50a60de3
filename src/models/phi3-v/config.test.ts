/** @file Which settings of `config.json` and the files beside it are honoured, and which are refused. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BundleFormatError, CheckpointFormatError, CheckpointMismatchError, UnsupportedError } from '../../errors';
import { fixturePath } from '../../testing/fixtures';
import { phi3v } from './index';
import { parseConfig } from './config';

type Json = Record<string, unknown>;
const read = (file: string) => JSON.parse(readFileSync(fixturePath(`checkpoints/tiny-phi3-v/${file}`), 'utf8')) as Json;
const config = read('config.json');
const preprocessor = read('preprocessor_config.json');
const tokenizer = read('tokenizer.json');
const tokenizerConfig = read('tokenizer_config.json');
const open = (changes: { config?: Json; preprocessor?: Json; tokenizer?: Json }) =>
  phi3v.fromCheckpoint(
    {
      config: { ...config, ...changes.config },
      preprocessor: { ...preprocessor, ...changes.preprocessor },
      tokenizer: { ...tokenizer, ...changes.tokenizer },
      tokenizerConfig,
    },
    { head: null },
  );
const image = config.img_processor as Json;
const scaling = config.rope_scaling as Json;

test('the published file has no sizes of the tower: they are ViT-L/14-336’s', () => {
  const { clip_config: _own, ...published } = image;
  const { vision } = parseConfig({ ...config, img_processor: { ...published, image_dim_out: 1024 } });
  expect(vision).toMatchObject({ depth: 23, width: 1024, heads: 16, mlpDim: 4096, patchSize: 14, imageSize: 336 });
});

test('the values in a bundle are read back unchanged', () => {
  const backbone = open({});
  const again = phi3v.fromBundle(JSON.parse(JSON.stringify(backbone)) as typeof backbone, { head: null });
  expect(again.config).toEqual(backbone.config);
  expect(again.image).toEqual(backbone.image);
  expect(backbone.prompts).toEqual({ imageToken: '<|image_1|>', imageTokenId: -1, maxTokens: 9600 });
  expect(backbone.image).toMatchObject({ plan: 'hd', numCrops: 16 });
});

/** Paths of all values below `json`; a list counts as one value. */
function pathsOf(json: object): string[] {
  return Object.entries(json).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? pathsOf(value as object).map((rest) => `${key}.${rest}`)
      : [key],
  );
}

const facts = JSON.parse(
  JSON.stringify((({ config, image, prompts }) => ({ config, image, prompts }))(open({}))),
) as Json;
test.each(pathsOf({ config: facts.config, image: facts.image }))('%s of a bundle is checked', (where) => {
  for (const bad of [undefined, null, -1, 1e300, 'x', {}, []]) {
    const changed = structuredClone(facts);
    const keys = where.split('.');
    const last = keys.pop()!;
    keys.reduce((at, key) => at[key] as Json, changed)[last] = bad;
    expect(() => phi3v.fromBundle(changed as never, { head: null }), JSON.stringify(bad)).toThrow(BundleFormatError);
  }
});

test.each<[string, Json]>([
  [
    'another order of view and tiles',
    { embd_layer: { ...(config.embd_layer as Json), hd_transform_order: 'glb_sub' } },
  ],
  ['no separators', { embd_layer: { ...(config.embd_layer as Json), with_learnable_separator: false } }],
  ['another kind of scaling', { rope_scaling: { ...scaling, type: 'yarn' } }],
  ['a window', { sliding_window: 600 }],
  ['another activation', { hidden_act: 'gelu' }],
  ['another state of the tower', { img_processor: { ...image, layer_idx: -1 } }],
  ['the class token', { img_processor: { ...image, type_feature: 'cls_patch' } }],
  ['packed weights', { quantization_config: { bits: 4 } }],
])('refused: %s', (_, changes) => {
  expect(() => open({ config: changes })).toThrow(UnsupportedError);
});

test.each<[string, Json]>([
  ['too few factors', { rope_scaling: { ...scaling, short_factor: [1, 2] } }],
  ['a setting of the scaling that is not known', { rope_scaling: { ...scaling, long_mscale: 1.2 } }],
  ['no scaling', { rope_scaling: null }],
  ['no original context', { original_max_position_embeddings: undefined }],
])('wrong: %s', (_, changes) => {
  expect(() => open({ config: changes })).toThrow(CheckpointFormatError);
});

test('a preprocessor or a tokenizer of another model', () => {
  expect(() => open({ preprocessor: { num_img_tokens: 256 } })).toThrow(CheckpointMismatchError);
  expect(() => open({ preprocessor: { image_processor_type: 'CLIPImageProcessor' } })).toThrow(UnsupportedError);
  expect(() => open({ preprocessor: { num_crops: 0 } })).toThrow(CheckpointFormatError);
  // Without it the ids would lack the `<s>` before every piece.
  expect(() => open({ tokenizer: { post_processor: null } })).toThrow(/<s>/);
});
