/** @file The last check: anything that is not a unit vector is never returned to a caller. */

import { isUnit } from '../bundle/unit-vector';
import { NotFiniteError } from '../errors';

/**
 * @param where how messages name the input: `inputs[3]`
 * @throws NotFiniteError
 */
export function expectUnit(vector: Float32Array, where: string): void {
  if (isUnit(vector)) return;
  throw new NotFiniteError(
    `${where}: the model gave a vector that is ${vector.every(Number.isFinite) ? 'not of length 1' : 'not finite'}. ` +
      "Its weights are damaged, or too large for this device: try activations: 'f32'.",
    { input: where },
  );
}
