/** @file Conversion of checkpoints to bundles. */

export { convertCheckpoint, type ConvertOptions } from './convert';
