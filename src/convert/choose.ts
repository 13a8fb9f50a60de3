/**
 * @file How each weight is stored.
 *
 * fp32, fp16: as the names say. Vectors are always f32, matrices that must not be quantized are never below f16.
 *
 * q8: symmetric, unless zero points (a quarter of a bit per weight) lower the error more than a quarter of a bit of
 *     precision would, that is below 2^-0.25 of it. The error is measured on a sample of rows, before any stage is
 *     planned.
 *
 * q4: depends on the role of a matrix, see {@link ./choose-q4}.
 */

import type { WeightDtype } from '../bundle/manifest';
import type { TensorStore } from '../checkpoint/types';
import { planStages, type Network, type PlannedWeight } from '../models';
import { quantizationError, type BlockFormat } from '../onnx/quantize';
import { chooseQ4 } from './choose-q4';
import { naming } from './encode';
import type { WeightLayout } from './layout';
import { columnsOf, ownColumns, readRows, rowsOfPart } from './rows';

/** Rows measured of each checkpoint tensor: two runs of this many, a quarter of the way from either end. */
const SAMPLE_ROWS = 16;
/** Tensors sampled at a time: on a remote checkpoint, each small read costs a round trip. */
const PARALLEL_READS = 8;

export const Q8: BlockFormat = { bits: 8, zeroPoints: false };
export const Q8_ZERO: BlockFormat = { bits: 8, zeroPoints: true };

export interface ChooseOptions {
  dtype: WeightDtype;
  signal?: AbortSignal;
  onMeasured?: (done: number, total: number) => void;
}

/** Layouts by the names under which weights are stored: as a whole, or divided into some of their slices. */
export async function chooseLayouts(
  tensors: TensorStore,
  network: Network,
  options: ChooseOptions,
): Promise<Map<string, WeightLayout>> {
  const layouts = plainLayouts(network, options.dtype);
  if (options.dtype === 'q8') {
    const matrices = weightsOf(network).filter((weight) => weight.quantize);
    for (const [i, format] of (await chooseQ8(tensors, matrices, options)).entries()) {
      layouts.set(matrices[i]!.name, format);
    }
  }
  return layouts;
}

/** What is known without reading the weights: everything except which matrices have zero points at q8. */
export function plainLayouts(network: Network, dtype: WeightDtype): Map<string, WeightLayout> {
  const blocks = dtype === 'q4' ? chooseQ4(network) : new Map<string, WeightLayout>();
  const weights = weightsOf(network).filter(({ quantize }) => dtype !== 'q4' || !quantize);
  const plain = ({ shape, quantize }: PlannedWeight): WeightLayout =>
    shape.length < 2 || dtype === 'fp32' ? 'f32' : dtype === 'q8' && quantize ? Q8 : 'f16';
  return new Map([...weights.map((weight) => [weight.name, plain(weight)] as const), ...blocks]);
}

function weightsOf(network: Network): PlannedWeight[] {
  return planStages(network, () => 0).flatMap((stage) => stage.weights);
}

async function chooseQ8(
  tensors: TensorStore,
  matrices: readonly PlannedWeight[],
  options: ChooseOptions,
): Promise<BlockFormat[]> {
  const results: BlockFormat[] = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < matrices.length) {
      const index = next++;
      const [symmetric, asymmetric] = await measure(tensors, matrices[index]!, [Q8, Q8_ZERO], options);
      results[index] = asymmetric! < symmetric! * 2 ** -0.5 ? Q8_ZERO : Q8; // squared errors
      options.onMeasured?.(++done, matrices.length);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_READS }, work));
  return results;
}

/** Squared error of each format. */
async function measure(
  tensors: TensorStore,
  weight: PlannedWeight,
  formats: readonly BlockFormat[],
  options: ChooseOptions,
): Promise<number[]> {
  const errors = formats.map(() => 0);
  for (const [index, part] of weight.parts.entries()) {
    for (const range of sampleRanges(rowsOfPart(weight, index, tensors.info(part)?.shape[0] ?? 0))) {
      const values = ownColumns(weight, await readRows(tensors, weight, { part, ...range }, options));
      formats.forEach((format, i) => {
        naming(part, () => (errors[i]! += quantizationError(values, columnsOf(weight), format).error));
      });
    }
  }
  return errors;
}

function sampleRanges({ first: begin, last }: { first: number; last: number }): { first: number; count: number }[] {
  const rows = last - begin;
  if (rows <= 2 * SAMPLE_ROWS) return [{ first: begin, count: rows }];
  const first = Math.floor(rows / 4);
  const second = Math.min(rows - SAMPLE_ROWS, Math.max(first + SAMPLE_ROWS, Math.floor((rows * 3) / 4)));
  return [first, second].map((start) => ({ first: begin + start, count: SAMPLE_ROWS }));
}
