/** @file Every setting of preprocessor_config.json that transformers acts on: honoured as HF's processor does, or refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CheckpointFormatError, CheckpointMismatchError, UnsupportedError, VLM2VecError } from '../../errors';
import { imagePatches } from '../../testing/patches';
import { fixtureBytes, pixelSettings } from '../../testing/fixtures';
import { parseConfig } from '../qwen2-vl/config';
import { imageConfig } from './processor';

type Json = Record<string, unknown>;
const json = (file: string) =>
  JSON.parse(new TextDecoder().decode(fixtureBytes(`checkpoints/tiny-tied/${file}`))) as Json;
const config = parseConfig(json('config.json'));
const base = json('preprocessor_config.json');
const parse = (over: Record<string, unknown>) => imageConfig({ ...base, ...over }, config);

/** The value of each byte in each channel. */
function values(image: ReturnType<typeof parse>, byte: number): number[] {
  const { patches } = imagePatches({ width: 56, height: 56, data: new Uint8Array(56 * 56 * 3).fill(byte) }, image);
  return [0, 1, 2].map((channel) => patches[channel * 14 * 14]!);
}

describe('settings that move the values', () => {
  test.each(pixelSettings())('$settings: as HF’s processor computes them', ({ settings, table }) => {
    const [image, standard] = [parse(settings), parse({})];
    let [worst, ignored] = [0, 0];
    for (let byte = 0; byte < 256; byte++) {
      const [actual, without] = [values(image, byte), values(standard, byte)];
      for (let channel = 0; channel < 3; channel++) {
        const wanted = table[channel * 256 + byte]!;
        const scale = Math.max(1, table[channel * 256 + 255]!);
        worst = Math.max(worst, Math.abs(actual[channel]! - wanted) / scale);
        ignored = Math.max(ignored, Math.abs(without[channel]! - wanted) / scale);
      }
    }
    expect(worst).toBeLessThan(3e-7); // float32's own rounding
    expect(ignored).toBeGreaterThan(7e-7); // even of a factor written with six digits
  });

  test('transformers’ own factor, and none at all, leave mean and deviation exactly as they are', () => {
    for (const over of [{}, { rescale_factor: 0.00392156862745098 }, { do_rescale: true, do_normalize: true }]) {
      expect(parse(over)).toMatchObject({ mean: base.image_mean, std: base.image_std });
    }
  });

  test.each([
    { rescale_factor: 0 },
    { rescale_factor: '1/255' },
    { do_rescale: null },
    { do_normalize: 'no' },
    { image_std: [0, 1, 1] },
  ])('a broken one is named: %j', (over) => {
    expect(() => parse(over)).toThrow(CheckpointFormatError);
    expect(() => parse(over)).toThrow(Object.keys(over)[0]);
  });
});

test.each([
  { resample: 2 },
  { resample: 0 },
  { resample: null },
  { do_resize: false },
  { do_convert_rgb: false },
  { do_center_crop: true },
  { do_pad: true },
  { image_processor_type: 'CLIPImageProcessor' },
])('what is not computed is refused: %j', (over) => {
  expect(() => parse(over)).toThrow(UnsupportedError);
  expect(() => parse(over)).toThrow(Object.keys(over)[0]);
});

test('temporal patches of another size than the model’s are refused', () => {
  expect(() => parse({ temporal_patch_size: 1 })).toThrow(CheckpointMismatchError);
  expect(() => parse({ temporal_patch_size: 1 })).toThrow(/temporal_patch_size 1, but config.json has 2/);
});

test('accepts the files that transformers writes', () => {
  const slow = { do_resize: true, resample: 3, do_rescale: true, rescale_factor: 1 / 255, do_normalize: true };
  const rest = { do_convert_rgb: true, temporal_patch_size: 2, image_processor_type: 'Qwen2VLImageProcessor' };
  const fast = {
    crop_size: null,
    data_format: 'channels_first',
    default_to_square: true,
    device: null,
    disable_grouping: null,
    do_center_crop: null,
    do_pad: null,
    image_processor_type: 'Qwen2VLImageProcessorFast',
    input_data_format: null,
    pad_size: null,
    return_tensors: null,
  };
  for (const over of [slow, { ...slow, ...rest }, { ...slow, ...rest, ...fast }])
    expect(parse(over)).toEqual(parse({}));
});

test('any value whatsoever gives a config or a named error', () => {
  const keys = fc.constantFrom(
    ...['resample', 'do_normalize', 'do_rescale', 'rescale_factor', 'image_mean', 'size', 'min_pixels', 'patch_size'],
  );
  fc.assert(
    fc.property(keys, fc.jsonValue(), (key, value) => {
      try {
        parse({ [key]: value });
      } catch (error) {
        expect(error).toBeInstanceOf(VLM2VecError);
      }
    }),
    { numRuns: 1000 },
  );
});
