/** @file The input and output of the survey worker: groups and the map, from a copy of the vectors. */

import type { PhotoMap } from '../types';

/** The index at one moment. */
export interface Snapshot {
  revision: number;
  /** See `vectors/image.ts`. */
  image: Uint8Array;
  /** By row; 0 where there is no picture. */
  ids: Uint32Array;
  /** Rows of pictures that are no copies of one before. */
  distinct: Uint32Array;
}

export type Layout = Omit<PhotoMap, 'milliseconds'>;
