/** @file The last gate: what is no unit vector is neither believed of a bundle nor given to a caller. */

import type { BundleManifest } from '../bundle/manifest';
import { BundleFormatError, NotFiniteError } from '../errors';
import { fromBase64 } from './probe';

/**
 * Whether or not the probe runs on this device: a bundle whose converter never saw a sound embedding is none.
 *
 * @throws BundleFormatError
 */
export function expectProbe({ probe }: BundleManifest): void {
  const isSound = probe.length > 0 && probe.every(({ embedding }) => isUnit(fromBase64(embedding)));
  if (isSound) return;
  throw new BundleFormatError(
    `bundle.json, probe: the bundle's self-test ${probe.length === 0 ? 'is missing' : 'is no vector of length 1'}, so nothing ` +
      'tells whether it is computed rightly. Convert the checkpoint again.',
    { at: 'probe' },
  );
}

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

/** True for length 1, as far as 16-bit activations keep it; false with NaN or infinity. */
function isUnit(vector: Float32Array): boolean {
  return Math.abs(vector.reduce((sum, value) => sum + value * value, 0) - 1) < 0.02;
}
