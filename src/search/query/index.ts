/** @file Queries: typed text, combined vectors, filters, and how many results stand out. */

export { combineVectors, type VectorParts, type WeightedVector } from './combine-vectors';
export { filterRows } from './filter-rows';
export { parseQuery, type ParsedQuery } from './parse-query';
export { dayOf, daysFilter, searchQuery, type Wanted } from './search-query';
export { relevanceCut, zScore, type Relevance } from './relevance';
