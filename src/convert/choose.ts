/**
 * @file Which layout each weight gets: by the error measured on a sample of its rows, before any stage is planned.
 *
 * fp32, fp16: as named. Vectors are always f32, matrices that must not be quantized never below f16.
 *
 * q8: symmetric, unless zero points (a quarter of a bit per weight) lower the error more than a quarter of a bit of
 *     precision would, that is below 2^-0.25 of it.
 *
 * q4: every matrix starts at 4 bits, symmetric. What a budget of bits per weight leaves over is spent where a byte
 *     lowers the mean relative squared error of all weights most: on zero points (an eighth of a bit) or on 8 bits.
 *     In practice zero points come first, everywhere, and what remains keeps the worst matrices at 8 bits. (Counting
 *     every matrix alike, instead of every weight, favours small matrices and was worse on the test checkpoints; see
 *     `bench/quantize-choices.ts`.)
 */

import type { WeightDtype } from '../bundle/manifest';
import type { TensorStore } from '../checkpoint/types';
import type { PlannedWeight } from '../models';
import { quantizationError, type BlockFormat } from '../onnx/quantize';
import { storedBytes, type WeightLayout } from './layout';
import { columnsOf, ownColumns, readRows, rowsOfPart } from './rows';
import { naming } from './encode';

/**
 * Bits per weight of a q4 bundle, the token-embedding rows included. 4.5 is the floor (4 bits, one half float for 32);
 * at 4.64 Qwen2-VL-2B stays below 1.3 GB with everything else in the bundle.
 */
export const Q4_BUDGET_BITS = 4.64;
/** Rows measured of each checkpoint tensor: two runs of this many, a quarter of the way from either end. */
const SAMPLE_ROWS = 16;
/** Tensors sampled at a time: a remote checkpoint answers small reads one round trip each. */
const PARALLEL_READS = 8;

const Q4: BlockFormat = { bits: 4, zeroPoints: false };
const Q4_ZERO: BlockFormat = { bits: 4, zeroPoints: true };
const Q8: BlockFormat = { bits: 8, zeroPoints: false };
const Q8_ZERO: BlockFormat = { bits: 8, zeroPoints: true };

export interface ChooseOptions {
  dtype: WeightDtype;
  /** Weights and bytes of the token-embedding rows, which count against the q4 budget. */
  embedding: { weights: number; bytes: number };
  signal?: AbortSignal;
  onMeasured?: (done: number, total: number) => void;
}

/** Layouts by the weights' names. */
export async function chooseLayouts(
  tensors: TensorStore,
  weights: readonly PlannedWeight[],
  options: ChooseOptions,
): Promise<Map<string, WeightLayout>> {
  const { dtype } = options;
  const plain = (weight: PlannedWeight) => (weight.shape.length < 2 || dtype === 'fp32' ? 'f32' : 'f16');
  const layouts = new Map<string, WeightLayout>(weights.map((weight) => [weight.name, plain(weight)]));
  if (dtype === 'fp32' || dtype === 'fp16') return layouts;

  const matrices = weights.filter((weight) => weight.quantize);
  const formats = dtype === 'q8' ? [Q8, Q8_ZERO] : [Q4, Q4_ZERO, Q8];
  const measured = await measureAll(tensors, matrices, formats, options);
  const chosen = dtype === 'q8' ? measured.map(chooseQ8) : chooseQ4(measured, options.embedding);
  chosen.forEach((format, i) => layouts.set(matrices[i]!.name, format));
  return layouts;
}

/** One way to store a matrix. */
export interface Option {
  format: BlockFormat;
  bytes: number;
  /** Squared error over squared norm. */
  error: number;
}

/** A matrix with its options, smallest first. */
export interface Measured {
  weight: PlannedWeight;
  options: Option[];
}

async function measureAll(
  tensors: TensorStore,
  matrices: readonly PlannedWeight[],
  formats: readonly BlockFormat[],
  options: ChooseOptions,
): Promise<Measured[]> {
  const results: Measured[] = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < matrices.length) {
      const index = next++;
      results[index] = await measure(tensors, matrices[index]!, formats, options);
      options.onMeasured?.(++done, matrices.length);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_READS }, work));
  return results;
}

async function measure(
  tensors: TensorStore,
  weight: PlannedWeight,
  formats: readonly BlockFormat[],
  options: ChooseOptions,
): Promise<Measured> {
  const errors = formats.map(() => 0);
  let norm = 0;
  for (const [index, part] of weight.parts.entries()) {
    for (const range of sampleRanges(rowsOfPart(weight, index, tensors.info(part)?.shape[0] ?? 0))) {
      const values = ownColumns(weight, await readRows(tensors, weight, { part, ...range }, options));
      formats.forEach((format, i) => {
        naming(part, () => {
          const measured = quantizationError(values, columnsOf(weight), format);
          errors[i]! += measured.error;
          if (i === 0) norm += measured.norm;
        });
      });
    }
  }
  const measured = formats.map((format, i) => ({
    format,
    bytes: storedBytes(weight, format),
    error: norm > 0 ? errors[i]! / norm : 0,
  }));
  return { weight, options: measured };
}

function sampleRanges({ first: begin, last }: { first: number; last: number }): { first: number; count: number }[] {
  const rows = last - begin;
  if (rows <= 2 * SAMPLE_ROWS) return [{ first: begin, count: rows }];
  const first = Math.floor(rows / 4);
  const second = Math.min(rows - SAMPLE_ROWS, Math.max(first + SAMPLE_ROWS, Math.floor((rows * 3) / 4)));
  return [first, second].map((start) => ({ first: begin + start, count: SAMPLE_ROWS }));
}

function chooseQ8({ options }: Measured): BlockFormat {
  const [symmetric, asymmetric] = options as [Option, Option];
  return asymmetric.error < symmetric.error * 2 ** -0.5 ? asymmetric.format : symmetric.format;
}

/** Spends the budget on the steps that lower the error most per byte. */
export function chooseQ4(measured: readonly Measured[], embedding: ChooseOptions['embedding']): BlockFormat[] {
  const size = ({ weight }: Measured) => weight.shape[0]! * columnsOf(weight);
  const weights = measured.reduce((sum, matrix) => sum + size(matrix), embedding.weights);
  const smallest = measured.reduce((sum, { options }) => sum + options[0]!.bytes, embedding.bytes);
  let left = Math.floor((weights * Q4_BUDGET_BITS) / 8) - smallest;
  const steps = measured.flatMap((each, matrix) =>
    upgrades(each.options).map((step) => ({ matrix, ...step, perByte: (step.gain * size(each)) / step.bytes })),
  );
  steps.sort((a, b) => b.perByte - a.perByte);
  const chosen = measured.map(({ options }) => options[0]!.format);
  const stopped = new Set<number>(); // a step is only taken after the one before it
  for (const { matrix, bytes, format } of steps) {
    if (stopped.has(matrix)) continue;
    if (bytes > left) {
      stopped.add(matrix);
      continue;
    }
    left -= bytes;
    chosen[matrix] = format;
  }
  return chosen;
}

/** Steps up from the smallest option, each gaining less per byte than the one before (the lower convex hull). */
function upgrades(options: readonly Option[]): { format: BlockFormat; bytes: number; gain: number }[] {
  const steps: { format: BlockFormat; bytes: number; gain: number }[] = [];
  for (let at = options[0]!; ;) {
    const better = options
      .filter((option) => option.bytes > at.bytes && option.error < at.error)
      .map((option) => ({ option, bytes: option.bytes - at.bytes, gain: at.error - option.error }))
      .sort((a, b) => b.gain / b.bytes - a.gain / a.bytes)[0];
    if (!better) return steps;
    steps.push({ format: better.option.format, bytes: better.bytes, gain: better.gain });
    at = better.option;
  }
}
