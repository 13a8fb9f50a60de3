/** @file The messages between the page and the worker that runs transformers.js. */
import type { Figure } from '../../src/measure';
import type { Offer, Rival } from './rivals';

/** The first and only message to the worker. To end it, it is terminated. */
export interface RivalTask extends Pick<Offer, 'device' | 'dtype'> {
  hub: string;
  repo: string;
  kind: Rival['id'];
  captions: readonly number[];
  /** The most seconds that a measurement may take. */
  longest: number;
}

/** The worker's messages. */
export type RivalNews =
  | { type: 'progress'; loaded: number; total: number }
  | { type: 'loaded'; milliseconds: number; library: string }
  | { type: 'figure'; figure: Figure }
  | { type: 'done' }
  | { type: 'failed'; message: string };
