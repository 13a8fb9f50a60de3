/**
 * @file The size at which pictures are embedded: as in the paper, as in the authors' later code, or with the model's
 * own settings.
 */

import { InvalidInputError, UnsupportedError } from '../errors';
import {
  decodeImage,
  FIT_FILE,
  MAX_CROPS,
  resizeBicubic,
  resizeFile,
  smartResize,
  type DecodeOptions,
  type PictureOption,
  type PictureOptions,
  type RgbImage,
} from '../image';
import { V2_STEPS, type Recipe } from '../recipes';
import { TARGET_PREFIXES } from './prefixes';

/**
 * - `v1`: as in the paper. Qwen2-VL and LLaVA: squeezed to 1344 × 1344 first (2304 and 2928 visual tokens); Phi-3.5-V: as
 *   they are, in at most 4 crops;
 * - `v2`: aspect kept, at most 1,003,520 pixels (1280 tokens), as VLM2Vec-V2.0 is trained and evaluated;
 * - `native`: the checkpoint's own settings, aspect kept, as users embed.
 */
export type RegimeName = 'v1' | 'v2' | 'native';

export const REGIMES: readonly RegimeName[] = ['v1', 'v2', 'native'];

/** `process_image` of the V1 code, resolution "high", which it applies to every backbone but Phi-3.5-V. */
const V1_SIDE = 1344;
/** `--num_crops` of the V1 code's evaluation of Phi-3.5-V. */
const V1_CROPS = 4;
/** `resize_min_pixels` and `resize_max_pixels` of the V2 code. */
const V2_LIMITS = { minPixels: 3136, maxPixels: 1_003_520 };
/** V2 makes pictures with a side below 28 pixels this large. */
const V2_TINY_SIDE = 56;
const MAX_ASPECT_RATIO = 200;

/** The part of a model's `info.image` that a regime depends on. */
export interface RegimePictures {
  /** `native`, `tiles`, `hd`. */
  plan: string;
  options: readonly PictureOption[];
  minPixels?: number;
  maxPixels?: number;
  patchSize?: number;
  mergeSize?: number;
}

/** The caller's own settings, which replace those of the regime. */
export interface RegimeChoices {
  maxPixels?: number;
  numCrops?: number;
}

/** How picture files are read. MMEB's are opened by Pillow, which does not turn them. */
export type RegimeReading = Pick<DecodeOptions, 'orientation'>;

/** The part of a model's recipe that decides which regimes fit it. */
export type RegimeRecipe = Pick<Recipe, 'name' | 'title' | 'pooling' | 'resize' | 'prefixes'> & { isRaw: boolean };

/**
 * Checks that a recipe fits a regime. MMEB's prompts are complete strings with one vector each, and a regime resizes
 * pictures itself: anything a recipe does beyond that would be omitted or done twice. (Prefixes of targets are added by
 * `withPrefixes`.)
 * @throws UnsupportedError for a recipe whose results would not be those of its authors, naming what does not fit
 */
export function expectRegime(name: RegimeName, { isRaw, pooling, resize, ...recipe }: RegimeRecipe): void {
  const refuse = (why: string): never => {
    throw new UnsupportedError(`The recipe ${recipe.name} does not fit this evaluation: ${why}`, {
      recipe: recipe.name,
      regime: name,
    });
  };
  if (!isRaw) refuse(`${recipe.title} has its own templates, but MMEB's prompts are whole strings.`);
  if (pooling === 'all') refuse(`${recipe.title} gives several vectors per input.`);
  const unknown = Object.keys(recipe.prefixes ?? {}).filter((prefix) => !TARGET_PREFIXES.includes(prefix));
  if (unknown.length > 0) refuse(`${recipe.title} has its own prefixes (${unknown.join(', ')}).`);
  const fits: RegimeName[] = [];
  if (isSame(resize, FIT_FILE)) fits.push('v1', 'v2', 'native');
  else if (isSame(resize, V2_STEPS)) fits.push('v2');
  else if (resize.findLast((step) => 'fit' in step)?.fit === 'file') fits.push('native');
  if (fits.length === 0) refuse(`${recipe.title} sizes pictures in a way that no regime does.`);
  if (!fits.includes(name)) {
    refuse(`${recipe.title} sizes pictures in its own way, not as the regime ${name} does; use ${fits.join(' or ')}.`);
  }
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The options that a regime passes to `embed` and shows in reports. */
export type RegimeOptions = Pick<PictureOptions, 'minPixels' | 'maxPixels' | 'numCrops'>;

export interface Regime {
  name: RegimeName;
  /** Distinguishes the results of different regimes. */
  key: string;
  options: RegimeOptions;
  /**
   * Turns a picture file into pixels for `embed` with this regime's options; the orientation is as stored unless
   * requested otherwise.
   */
  prepare(file: Uint8Array, signal?: AbortSignal): Promise<RgbImage>;
}

/**
 * @throws InvalidInputError for a choice that is meaningless or that the model does not accept
 * @throws UnsupportedError for a regime that the model does not have
 */
export function makeRegime(
  name: RegimeName,
  image: RegimePictures,
  choices: RegimeChoices = {},
  reading: RegimeReading = {},
): Regime {
  const { key, ...regime } = regimeOf(name, image, choices, reading);
  return { ...regime, key: reading.orientation === 'exif' ? `${key},upright` : key };
}

function regimeOf(name: RegimeName, image: RegimePictures, choices: RegimeChoices, reading: RegimeReading): Regime {
  for (const option of ['maxPixels', 'numCrops'] as const) {
    if (choices[option] === undefined || image.options.includes(option)) continue;
    const taken = image.options.join(', ') || 'no option';
    throw new InvalidInputError(`${option} has no meaning for this model; its picture options are ${taken}.`, {
      option,
    });
  }
  if (image.plan === 'native') return nativeRegime(name, image, choices.maxPixels, reading);
  if (name === 'v2') {
    throw new UnsupportedError(
      'The regime v2 is for models that take pictures of any size, within limits of their area; use v1 or native.',
      { regime: name, plan: image.plan },
    );
  }
  if (image.plan === 'hd') return cropsRegime(name, choices.numCrops, reading);
  return { name, key: name, options: {}, prepare: name === 'v1' ? squeezed(reading) : whole(reading) };
}

type Prepare = Regime['prepare'];

const squeezed =
  (reading: RegimeReading): Prepare =>
  (file, signal) =>
    resizeFile(file, V1_SIDE, V1_SIDE, { ...reading, signal });
const whole =
  (reading: RegimeReading): Prepare =>
  (file, signal) =>
    decodeImage(file, { orientation: 'stored', ...reading, signal });

function cropsRegime(name: RegimeName, own: number | undefined, reading: RegimeReading): Regime {
  const numCrops = own ?? (name === 'v1' ? V1_CROPS : undefined);
  if (numCrops !== undefined && !(Number.isInteger(numCrops) && numCrops >= 1 && numCrops <= MAX_CROPS)) {
    throw new InvalidInputError(`numCrops is ${numCrops}; it must be a whole number from 1 to ${MAX_CROPS}.`, {
      numCrops,
    });
  }
  const key = numCrops === undefined ? name : `${name},crops=${numCrops}`;
  return { name, key, options: numCrops === undefined ? {} : { numCrops }, prepare: whole(reading) };
}

function nativeRegime(
  name: RegimeName,
  image: RegimePictures,
  maxPixels: number | undefined,
  reading: RegimeReading,
): Regime {
  const { minPixels: lower, maxPixels: most, patchSize, mergeSize } = image;
  if (lower === undefined || most === undefined || patchSize === undefined || mergeSize === undefined) {
    throw new UnsupportedError('The model does not state its limits for pictures.');
  }
  const factor = patchSize * mergeSize;
  const { minPixels, maxPixels: upper } = name === 'v2' ? V2_LIMITS : { minPixels: lower, maxPixels: most };
  const limits = { minPixels, maxPixels: upper };
  if (maxPixels !== undefined) {
    if (maxPixels < factor ** 2) {
      throw new InvalidInputError(`${maxPixels} pixels are too few: a visual token takes ${factor ** 2}.`, {
        maxPixels,
      });
    }
    limits.maxPixels = maxPixels;
    limits.minPixels = Math.min(limits.minPixels, maxPixels);
  }
  const inV2: Prepare = async (file, signal) => {
    const decoded = await whole(reading)(file, signal);
    const { width, height } = decoded;
    const [short, long] = [Math.min(width, height), Math.max(width, height)];
    // V2's answers to pictures that Qwen2-VL refuses: tiny ones are enlarged, very long ones become square.
    if (short < factor) return resizeFile(file, V2_TINY_SIDE, V2_TINY_SIDE, { ...reading, signal });
    if (long / short <= MAX_ASPECT_RATIO) return decoded;
    const side = smartResize(long, long, { factor, ...limits });
    return resizeBicubic(decoded, side.width, side.height);
  };
  const prepare = { v1: squeezed(reading), v2: inV2, native: whole(reading) }[name];
  return { name, key: `${name},${limits.minPixels},${limits.maxPixels}`, options: limits, prepare };
}
