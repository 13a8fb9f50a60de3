/**
 * @file MMEB: reading the data, running the evaluation, and reporting results. It also runs in web pages; the caller
 * supplies the files.
 */

export { blobTree, hubTree, type FileTree, type HubTreeOptions } from '../checkpoint';
export { openMmeb, type MmebData, type MmebOptions } from './dataset';
export {
  encodeShard,
  type EncodeOptions,
  type EvalData,
  type EvalModel,
  type EvalProgress,
  type NamedSet,
  type RowOptions,
  type ScoreOptions,
  type Shard,
} from './encode';
export { evaluate, scoreOnly, type EvaluateOptions, type SetResult } from './evaluate';
export { compareRuns, queryDetails, type AnyDetail, type Comparison, type Measured, type QueryDetail } from './details';
export { failurePage, failuresOf, picturesOf, type FailurePage } from './failure-page';
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
export * from './documents';
