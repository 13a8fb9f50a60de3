/** @file Checks, before a byte is written, that the checkpoint has every weight the model needs, in the right shape. */

import type { TensorStore } from '../checkpoint/types';
import { CheckpointMismatchError } from '../errors';
import type { PlannedWeight } from '../models';
import { columnsOf, rowsOfPart, sourceColumns } from './rows';

/** @throws CheckpointMismatchError naming the weight that is missing or has another shape. */
export function checkWeights(tensors: TensorStore, weights: readonly PlannedWeight[]): void {
  const missing = weights.flatMap((weight) => weight.parts).filter((part) => !tensors.info(part));
  if (missing.length > 0) {
    const some = missing.slice(0, 3).join(', ') + (missing.length > 3 ? ', …' : '');
    throw new CheckpointMismatchError(`The checkpoint lacks ${missing.length} weights: ${some}.`, { missing });
  }
  for (const weight of weights) {
    let rows = 0;
    for (const [index, part] of weight.parts.entries()) {
      const { shape } = tensors.info(part)!;
      const columns = shape.slice(1).reduce((product, size) => product * size, 1);
      if (columns !== sourceColumns(weight) || weight.shape.length > 1 !== shape.length > 1) {
        fail(part, shape, `rows of ${sourceColumns(weight)}`);
      }
      const whole = weight.slice?.of[0] ?? (weight.parts.length === 1 ? weight.shape[0] : undefined);
      if (whole !== undefined && shape[0] !== whole) fail(part, shape, `${whole} rows`);
      const { first, last } = rowsOfPart(weight, index, shape[0] ?? 0);
      rows += last - first;
    }
    if (rows !== weight.shape[0]) {
      const expected = `[${weight.shape[0]}, ${columnsOf(weight)}]`;
      throw new CheckpointMismatchError(
        `${weight.parts.join(' + ')} have ${rows} rows in total, but ${expected} are expected.`,
        {
          tensors: weight.parts,
        },
      );
    }
  }
}

function fail(tensor: string, shape: readonly number[], expected: string): never {
  throw new CheckpointMismatchError(`${tensor} has shape [${shape.join(', ')}], but ${expected} are expected.`, {
    tensor,
    shape: [...shape],
  });
}
