/** @file The public types of the search, by theme. */

export type * from './embedder';
export type * from './folders';
export type * from './passes';
export type * from './photo-index';
export type * from './pictures';
export type * from './queries';
export type * from './typed';
export type * from './where';
