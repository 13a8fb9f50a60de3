/** @file Model architectures: config → weights to store, stages, graphs, rotary tables. */

export { parseConfig } from './qwen2-vl/config';
export { modelConfig } from './qwen2-vl/manifest-config';
export { cutStage, planStages } from './stages';
export { textRotary, visionRotary } from './qwen2-vl/rotary';
export { buildStageGraph } from './stage-graph';
export { embeddingTensor } from './qwen2-vl/weights';
export type { GraphOptions, GraphStage, Grid, PlannedWeight, Qwen2VLConfig, RotaryTables, StagePlan } from './types';
