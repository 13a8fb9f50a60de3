/** @file Search in one's own pictures, without a server: the photo index, and what queries are made of. */

export { openPhotoIndex } from './library/photo-index';
export { deletePhotoIndex, listPhotoIndexes } from './library/stored';
export { queryPrompt, queryTemplate, type QueryKind } from './prompts';
export { parseQuery, type ParsedQuery } from './query';
export type * from './types';
