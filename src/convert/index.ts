/** @file Conversion of checkpoints to bundles. */

export { convertCheckpoint } from './convert';
export type { ConvertOptions } from './options';
export { openCheckpoint } from './open';
export { plannedBefore } from './state';
export { recipeBeforeWeights } from './recipe';
export { plannedStorage, type PlannedStorage } from './storage';
export { type WeightReport } from './tally';
