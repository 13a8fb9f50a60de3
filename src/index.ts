/**
 * @file vlm2vec-web: VLM2Vec embeddings of images and texts, entirely in the browser (or in Node).
 * Everything that is exported is listed here.
 */

// Load a model, embed, rank.
export { VLM2Vec, type Ranked, type RankOptions, type TaskEmbedOptions } from './embedder';
export type { LoadOptions } from './load-options';
// Cosines of embeddings, and embeddings in fewer bits.
export { similarity, type AnyVector } from './similarity';
export { maxSim, type Embedding, type MultiVector } from './multi-vector';
// How published checkpoints are asked.
export {
  recipes,
  type InputKind,
  type Licence,
  type PublishedScore,
  type RawPrompt,
  type Recipe,
  type RecipeChoice,
  type RecipeHead,
  type Role,
  type Templates,
} from './recipes';
export type { PictureOption, ResizeStep } from './image';
export { quantizeEmbedding, type Precision, type VectorOf } from './precision';
// Holds a model to the scores that its card publishes.
export {
  CARD_EXAMPLE,
  CARD_SCORES,
  CARD_TOLERANCE,
  cardModel,
  verifyCard,
  type CardModel,
  type VerifiableModel,
  type VerifyOptions,
  type VerifyReport,
} from './eval/verify';
// MMEB's task instructions, letter for letter.
export { fillPrompt, instructions, type TaskName, type TaskPrompts } from './text';
// Models kept in this browser: what they cost, get, list, check and delete them.
export { models, type AddOptions, type EstimateOptions } from './stored/models';
export type { Estimate } from './stored/estimate';
export type { StoredModel } from './stored/describe';
export { deleteOpfsBundle as deleteStoredBundle, listOpfsBundles as listStoredBundles } from './store/opfs';
export type { ModelSource, StoredBundle } from './sources/spec';
export type { OpfsEntry as StoredBundleEntry } from './store/opfs';
export type { Origin as ModelOrigin } from './store/record';
export type {
  Activations,
  ActivationsChoice,
  Compute,
  AdapterFacts,
  DeviceChoice,
  DeviceName,
  EmbedInput,
  EmbedOptions,
  EmbedUsage,
  InputParts,
  MatmulRate,
  ModelInfo,
  OnProgress,
  OrtBuild,
  PictureInfo,
  ProbePolicy,
  ProgressEvent,
  InputsInfo,
  RecipeInfo,
  RungReport,
  SkippedInput,
  StageUsage,
  WasmFilePaths,
  WeightsChoice,
  WeightsMode,
} from './runtime';
export type {
  BundleFile,
  BundleManifest,
  BundleSource,
  BundleStage,
  EmbeddingTable,
  JsonObject,
  Logit,
  ProbeCase,
  PromptConfig,
  StoredDtype,
  StoredTensor,
  Effort,
  WeightKind,
  WeightDtype,
} from './bundle/manifest';
export type { DecodeOptions, ImageInput, RgbImage, Transparency } from './image';
// Named errors; they keep class, name and details across the worker boundary.
export {
  BundleFormatError,
  CheckpointFormatError,
  CheckpointMismatchError,
  DatasetFormatError,
  DeviceLostError,
  DisposedError,
  ImageFormatError,
  ImageTooLargeError,
  IndexFormatError,
  IntegrityError,
  InvalidInputError,
  NetworkError,
  NotFiniteError,
  NotWritableError,
  ProbeError,
  SourceNotFoundError,
  StorageFullError,
  UnsupportedError,
  VLM2VecError,
  WebGPUUnavailableError,
  WorkerStartError,
} from './errors';
