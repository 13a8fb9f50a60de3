/** @file Recipes that resize pictures in steps, with models that have one way for all. */

import { UnsupportedError } from '../errors';
import type { ResizeStep } from '../image';

/** @throws UnsupportedError for a step that is not the checkpoint's own way */
export function refuseSteps(resize: readonly ResizeStep[]): void {
  const other = resize.find((step) => !('fit' in step && step.fit === 'file'));
  if (!other) return;
  throw new UnsupportedError(
    `The recipe resizes pictures with ${JSON.stringify(other)}; this model has its own way of resizing.`,
    { step: other },
  );
}
