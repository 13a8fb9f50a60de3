/** @file Running a bundle: device choice, sessions, batching, self-test, recovery. */

export { takeMoments } from './calibration/moments';
export { largestWeight, weightsOf } from './capability';
export { mainMemory } from './memory';
export { streamsHere, type InternalOptions, type ProbePolicy } from './choose';
export { adapterFacts, noWebGPU, requestAdapter, subgroupsUsable } from './device';
export { isNode } from '../environment';
export { askedOf } from './asked';
export { checkEmbedOptions, toParts } from './inputs';
export type { MatmulRate } from './matmul-rate';
export type { OrtOptions, WasmFilePaths } from './ort';
export { computeProbe, loadRuntime, Runtime, type RuntimeOptions, type TokensSeen } from './runtime';
export type {
  Activations,
  ActivationsChoice,
  AdapterFacts,
  Compute,
  DeviceChoice,
  DeviceName,
  EmbedInput,
  EmbedOptions,
  InputParts,
  ModelInfo,
  OnProgress,
  OrtBuild,
  PictureInfo,
  ProgressEvent,
  InputsInfo,
  RecipeInfo,
  RungReport,
  SkippedInput,
  WeightsChoice,
  WeightsMode,
} from './types';
export type { EmbedUsage, StageUsage } from './usage';
