/** @file Search in one's own pictures, without a server: the photo index, what queries are made of, exact search. */

export { FAVOURITES } from './library/albums';
export { openPhotoIndex } from './library/photo-index';
export { openStaticIndex } from './static/open-static-index';
export type * from './static/types';
export { deletePhotoIndex, listPhotoIndexes } from './library/stored';
export { queryPrompt, queryTemplate, type QueryKind } from './prompts';
export {
  combineVectors,
  daysFilter,
  parseQuery,
  relevanceCut,
  searchQuery,
  type ParsedQuery,
  type Relevance,
  type VectorParts,
  type Wanted,
  type WeightedVector,
} from './query';
export type { DirectoryPicker } from './directory-picker';
export type * from './types';
// Exact search in vectors of one's own.
export {
  Bitset,
  PackedVectors,
  readImage,
  scoresOf,
  similarGroups,
  similarPairs,
  topK,
  writeImage,
  type KernelName,
  type PackedVectorsOptions,
  type ScoreStatistics,
  type SimilarPairs,
  type SimilarPairsOptions,
  type TopK,
  type TopKOptions,
} from './vectors';
