/** @file How big pictures are when they are embedded: as in the paper, as in the authors' later code, or the model's way. */

import { InvalidInputError, UnsupportedError } from '../errors';
import { decodeImage, FIT_FILE, resizeBicubic, resizeFile, smartResize, type RgbImage } from '../image';
import { V2_STEPS, type Recipe } from '../recipes';

/**
 * - `v1`: squeezed to 1344 × 1344 first (2304 visual tokens), as in the paper;
 * - `v2`: aspect kept, at most 1,003,520 pixels (1280 tokens), as VLM2Vec-V2.0 is trained and evaluated;
 * - `native`: the checkpoint's own limits, aspect kept, as users embed.
 */
export type RegimeName = 'v1' | 'v2' | 'native';

export const REGIMES: readonly RegimeName[] = ['v1', 'v2', 'native'];

/** `process_image` of the V1 code, resolution "high". */
const V1_SIDE = 1344;
/** `resize_min_pixels` and `resize_max_pixels` of the V2 code. */
const V2_LIMITS = { minPixels: 3136, maxPixels: 1_003_520 };
/** V2 makes pictures with a side below 28 pixels this large. */
const V2_TINY_SIDE = 56;
const MAX_ASPECT_RATIO = 200;

/** What of a model's pictures a regime goes by. */
export interface PictureLimits {
  minPixels: number;
  maxPixels: number;
  patchSize: number;
  mergeSize: number;
}

/** What of a model's recipe decides which regimes fit it. */
export type RegimeRecipe = Pick<Recipe, 'name' | 'title' | 'pooling' | 'resize' | 'prefixes'> & { isRaw: boolean };

/**
 * MMEB's prompts are whole strings with one vector each, and a regime sizes pictures itself: what a recipe does beside
 * that would be left out, or done twice.
 * @throws UnsupportedError for a recipe whose numbers would not be those of its authors, naming what does not fit
 */
export function expectRegime(name: RegimeName, { isRaw, pooling, resize, ...recipe }: RegimeRecipe): void {
  const refuse = (why: string): never => {
    throw new UnsupportedError(`The recipe ${recipe.name} does not fit this evaluation: ${why}`, {
      recipe: recipe.name,
      regime: name,
    });
  };
  if (!isRaw) refuse(`${recipe.title} has templates of its own, and MMEB's prompts are whole strings.`);
  if (pooling === 'all') refuse(`${recipe.title} gives several vectors per input.`);
  if (recipe.prefixes) refuse(`${recipe.title} has prefixes that differ from set to set.`);
  const fits: RegimeName[] = [];
  if (isSame(resize, FIT_FILE)) fits.push('v1', 'v2', 'native');
  else if (isSame(resize, V2_STEPS)) fits.push('v2');
  else if (resize.findLast((step) => 'fit' in step)?.fit === 'file') fits.push('native');
  if (fits.length === 0) refuse(`${recipe.title} sizes pictures as no regime does.`);
  if (!fits.includes(name)) {
    refuse(`${recipe.title} sizes pictures in its own way, not as the regime ${name} does; use ${fits.join(' or ')}.`);
  }
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

export interface Regime {
  name: RegimeName;
  /** Tells results of one regime from another's. */
  key: string;
  minPixels: number;
  maxPixels: number;
  /** A picture file → pixels, orientation as stored, for `embed` with this regime's limits. */
  prepare(file: Uint8Array, signal?: AbortSignal): Promise<RgbImage>;
}

/**
 * @param image the bundle's
 * @param maxPixels in place of the regime's upper limit
 */
export function makeRegime(name: RegimeName, image: Partial<PictureLimits>, maxPixels?: number): Regime {
  const { minPixels: lower, maxPixels: most, patchSize, mergeSize } = image;
  if (lower === undefined || most === undefined || patchSize === undefined || mergeSize === undefined) {
    throw new UnsupportedError('Regimes are for models that take pictures of any size, within limits of their area.');
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
  const prepare: Regime['prepare'] = async (file, signal) => {
    if (name === 'v1') return resizeFile(file, V1_SIDE, V1_SIDE, { signal });
    const decoded = await decodeImage(file, { orientation: 'stored', signal });
    if (name === 'native') return decoded;
    const { width, height } = decoded;
    const [short, long] = [Math.min(width, height), Math.max(width, height)];
    // V2's answers to pictures that Qwen2-VL refuses: tiny ones are enlarged, very long ones become square.
    if (short < factor) return resizeFile(file, V2_TINY_SIDE, V2_TINY_SIDE, { signal });
    if (long / short <= MAX_ASPECT_RATIO) return decoded;
    const side = smartResize(long, long, { factor, ...limits });
    return resizeBicubic(decoded, side.width, side.height);
  };
  return { name, key: `${name},${limits.minPixels},${limits.maxPixels}`, ...limits, prepare };
}
