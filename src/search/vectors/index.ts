/** @file Vectors of a library, in memory and in storage, and exact search over them. */

export { Bitset } from './bitset';
export type { KernelName } from './dot-kernel';
export {
  HEADER_BYTES,
  readHeader,
  readImage,
  readRecords,
  recordAt,
  recordBytes,
  writeHeader,
  writeImage,
  writeRecords,
} from './image';
export { PackedVectors, type PackedVectorsOptions } from './packed-vectors';
export type { ScoreStatistics } from './score-statistics';
export { promisingRows, scoresOf, topK, type TopK, type TopKOptions } from './top-k';
export { equalGroups, similarGroups } from './similar-groups';
export { similarPairs, type SimilarPairs, type SimilarPairsOptions } from './similar-pairs';
export { coarseAt, coarseRecordBytes, fineAt, imageBytes, joinImage, splitImage } from './split-image';
