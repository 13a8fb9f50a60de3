/** @file The photo index: what pages and packages import of it. */
export type * from './types';
