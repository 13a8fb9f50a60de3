/** @file What the page and the worker that runs transformers.js say to each other. */
import type { Figure } from '../../src/measure';
import type { Offer, Rival } from './rivals';

/** The first and only message to the worker. To end it, it is terminated. */
export interface RivalTask extends Pick<Offer, 'device' | 'dtype'> {
  hub: string;
  repo: string;
  kind: Rival['id'];
  captions: readonly number[];
  /** Seconds that a figure may take. */
  longest: number;
}

/** What comes back. */
export type RivalNews =
  | { type: 'progress'; loaded: number; total: number }
  | { type: 'loaded'; milliseconds: number; library: string }
  | { type: 'figure'; figure: Figure }
  | { type: 'done' }
  | { type: 'failed'; message: string };
