/**
 * @file Which matrices of a q4 bundle get more than 4 bits. This depends on their role, which the architectures' blocks
 * state for their weights. All start at 4 bits, symmetric. The rest of a budget of bits per weight is spent in this
 * order, in each step from the first layer to the last, until it is used up:
 *
 *   1. the text tower's values at 8 bits, 2. the attention's output projections;
 *   3. zero points (an eighth of a bit) for the rest of the text tower;
 *   4. its MLPs' last matrices at 8 bits, 5. its keys;
 *   6. zero points for the vision tower.
 *
 * If the vision tower produces vectors itself, it is treated like the text tower in each of these steps.
 *
 * Why: values and the output projection are few weights and add their whole error to the residual stream; at 4 bits
 * they cause more than half of the loss of a trained model although they are 3 % of its weights. With grouped queries,
 * one row of values serves several heads. Zero points take a tenth off a matrix' error for a thirty-second of what 8 bits
 * cost, so they come before 8 bits for what matters a third as much. Errors in queries and keys pass through a softmax,
 * which dampens them. The vision tower's weights matter least. The errors of the weights themselves show none of this:
 * relative to the weights, they are similar for all matrices. Measured: docs/precision.md, `bench/quantize-choices.ts`.
 */

import { rowBytes } from '../bundle/rows';
import { runName, type Network, type PlannedWeight, type WeightRole } from '../models';
import { rowSizes, type BlockFormat } from '../onnx/quantize';
import { columnsOf } from './rows';

/** Bits per weight of a q4 bundle, the token-embedding rows included. 4.5 is the floor: 4 bits, one half float for 32. */
export const Q4_BUDGET_BITS = 4.8;

const Q4: BlockFormat = { bits: 4, zeroPoints: false };
const Q4_ZERO: BlockFormat = { bits: 4, zeroPoints: true };
const Q8: BlockFormat = { bits: 8, zeroPoints: false };

/** Rows that get one format: a matrix, or one of its sections. */
interface Unit {
  matrix: PlannedWeight;
  /** Which section; 0 for a matrix without sections. */
  section: number;
  role: PlannedWeight['role'];
  rows: number;
  columns: number;
  format: BlockFormat;
}

/** Formats of all matrices that are quantized, by the names under which they are stored. */
export function chooseQ4(network: Network): Map<string, BlockFormat> {
  const vision = unitsOf(network.towers.vision.blocks.flat(2));
  const text = unitsOf(network.towers.text.blocks.flat(2));
  const first = network.routes.picture.at(-1) === 'vision' ? [...vision, ...text] : text;
  const eightBits = (role: WeightRole) =>
    first.filter((unit) => unit.role === role).map((unit) => ({ unit, format: Q8 }));
  const zeroPoints = (units: readonly Unit[]) => units.map((unit) => ({ unit, format: Q4_ZERO }));
  spend(
    network,
    [...vision, ...text],
    [
      ...eightBits('value'),
      ...eightBits('output'),
      ...zeroPoints(first),
      ...eightBits('down'),
      ...eightBits('key'),
      ...zeroPoints(vision),
    ],
  );
  return storedFormats([...vision, ...text]);
}

function unitsOf(weights: readonly PlannedWeight[]): Unit[] {
  return weights
    .filter(({ quantize }) => quantize)
    .flatMap((matrix) =>
      (matrix.sections ?? [{ role: matrix.role, rows: matrix.shape[0]! }]).map(({ role, rows }, section): Unit => ({
        matrix,
        section,
        role,
        rows,
        columns: columnsOf(matrix),
        format: Q4,
      })),
    );
}

/** Takes every step that the budget still allows. */
function spend(network: Network, units: readonly Unit[], steps: { unit: Unit; format: BlockFormat }[]): void {
  const { vocabSize, hiddenSize } = network;
  const weights = units.reduce((sum, { rows, columns }) => sum + rows * columns, vocabSize * hiddenSize);
  const least = units.reduce((sum, unit) => sum + bytesOf(unit, Q4), vocabSize * rowBytes('q4', hiddenSize));
  let left = Math.floor((weights * Q4_BUDGET_BITS) / 8) - least;
  for (const { unit, format } of steps) {
    const more = bytesOf(unit, format) - bytesOf(unit, unit.format);
    if (more <= 0 || more > left) continue;
    left -= more;
    unit.format = format;
  }
}

function bytesOf({ rows, columns }: Unit, format: BlockFormat): number {
  const { codes, scales, zeroPoints } = rowSizes(format, columns);
  return rows * (codes + scales + zeroPoints);
}

/** Neighbouring sections with the same format are stored together. */
function storedFormats(units: readonly Unit[]): Map<string, BlockFormat> {
  const runs: Unit[][] = [];
  for (const unit of units) {
    const last = runs.at(-1)?.[0];
    if (last?.matrix === unit.matrix && last.format === unit.format) runs.at(-1)!.push(unit);
    else runs.push([unit]);
  }
  return new Map(runs.map((run) => [storedName(run), run[0]!.format]));
}

function storedName([first, ...others]: readonly Unit[]): string {
  const { name, sections } = first!.matrix;
  return sections ? runName(name, sections.slice(first!.section, first!.section + 1 + others.length)) : name;
}
