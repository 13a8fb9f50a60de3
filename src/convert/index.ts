/** @file Conversion of checkpoints to bundles. */

export { convertCheckpoint, type ConvertOptions } from './convert';
export { plannedBefore } from './state';
export { plannedStorage, type PlannedStorage } from './storage';
