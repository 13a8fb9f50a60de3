/** @file MMEB: reading it, running it, reporting it. Runs in pages too; files are the caller's. */

export { blobTree, hubTree, type FileTree, type HubTreeOptions } from '../checkpoint';
export { openMmeb, type MmebData, type MmebOptions, type RowOptions } from './dataset';
export {
  encodeShard,
  evaluate,
  scoreOnly,
  type EvalModel,
  type EvalProgress,
  type EvaluateOptions,
  type SetResult,
  type Shard,
  type ScoreOptions,
} from './evaluate';
export { compareRuns, queryDetails, type Comparison, type Measured, type QueryDetail } from './details';
export { openPictures, zipPictures, type Pictures } from './pictures';
export {
  PAPER_AVERAGES,
  PUBLISHED_MODELS,
  PUBLISHED_NAMES,
  publishedModel,
  publishedScore,
  type PublishedModel,
} from './published';
export { withPrefixes } from './prefixes';
export {
  expectRegime,
  makeRegime,
  REGIMES,
  type Regime,
  type RegimeChoices,
  type RegimeName,
  type RegimeOptions,
} from './regime';
export {
  makeReport,
  regimeSubject,
  reportMarkdown,
  type EvalReport,
  type ReportOptions,
  type ReportSubject,
} from './report';
export { IMAGE_TOKEN, type EvalRows, type Pair } from './rows';
export { averages, bestCandidate, type AverageName, type ScoredSet } from './score';
export { META_TASKS, MMEB_SETS, mmebSet, type MetaTask, type MmebSet } from './sets';
export { memoryVectors, type VectorStore } from './vectors';
export { type VectorOrigin } from './vector-file';
export {
  CARD_EXAMPLE,
  CARD_MODELS,
  CARD_SCORES,
  CARD_TOLERANCE,
  cardModel,
  verifyCard,
  type CardModel,
  type VerifiableModel,
  type VerifyOptions,
  type VerifyReport,
} from './verify';
