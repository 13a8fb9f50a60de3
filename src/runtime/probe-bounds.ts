/**
 * @file How far from the CPU's embedding a device may be, as loss = 1 − cosine. The loss from rounding depends on the
 * model, and so does the loss from a wrong kernel: a single bound for all models would let the errors of a robust model
 * pass. Figures: bench/RESULTS.md, "f16 on a GPU that computes attention wrongly".
 */

import type { ProbeCase } from '../bundle/manifest';
import type { Activations } from './types';

/**
 * Two correct implementations differ by rounding: 6e-13 at most was measured; a wrong attention kernel loses 8e-6 and
 * more.
 */
const F32 = 1e-6;

/**
 * A GPU may lose this many times what the CPU loses at f16, because it also adds up in f16, whereas the CPU does so in
 * f32. Measured on quantized models: 5 to 26 times at widths up to 768, 63 to 79 times at a 2B's widths.
 */
const F16_FACTOR = 256;

/**
 * What a GPU may lose at f16 in any case. The CPU skips the rounding of plain matrices, so that its loss says little
 * there: a correct GPU loses 9e-6 at most on the small models, a wrong one 2.6e-4 and more on its worst case.
 */
const F16_FLOOR = 2e-5;

/** Where rankings start to change: f16 that costs more is not used, whatever the reason. */
const F16_CEILING = 1e-3;

/**
 * The loss allowed for `compute: 'fast'` on the CPU, whose kernels are known to be correct: as much as for f16, for the
 * same reason.
 */
export const FAST_LOSS = F16_CEILING;

/** The largest loss that passes. `f16Loss` is {@link modelF16Loss}'s; without it, the loss allowed for any model. */
export function allowedLoss(activations: Activations, f16Loss: number | null): number {
  if (activations === 'f32') return F32;
  return Math.min(F16_CEILING, Math.max(F16_FLOOR, F16_FACTOR * (f16Loss ?? 0)));
}

/** Whether this loss at f16 may be due to rounding, but also to a wrong kernel; f32 on the same device decides. */
export function isInDoubt(loss: number): boolean {
  return loss > F16_FLOOR && loss <= F16_CEILING;
}

/** What f16 costs the model on the CPU: the maximum over all cases; null if the bundle does not say. */
export function modelF16Loss(cases: readonly ProbeCase[]): number | null {
  const losses = cases.flatMap(({ f16Loss }) => f16Loss ?? []);
  return losses.length > 0 ? Math.max(...losses) : null;
}
