/** @file Checks recipes that resize pictures in steps, for models that treat all pictures in one way. */

import { UnsupportedError } from '../errors';
import type { ResizeStep } from '../image';

/** @throws UnsupportedError for a step other than the checkpoint's own */
export function refuseSteps(resize: readonly ResizeStep[]): void {
  const other = resize.find((step) => !('fit' in step && step.fit === 'file'));
  if (!other) return;
  throw new UnsupportedError(
    `The recipe resizes pictures with ${JSON.stringify(other)}; this model has its own way of resizing.`,
    { step: other },
  );
}
