/** @file The jobs that `siglip.ts` gives to either library. */

import { captions, photo } from './workload';
import type { Encoder } from './siglip-rival';

export const JOBS = {
  'a picture of 224 × 224': (encoder) => encoder.picture(photo({ width: 224, height: 224 }).image).then((one) => [one]),
  'a photo of 800 × 600': (encoder) => encoder.picture(photo({ width: 800, height: 600 }).image).then((one) => [one]),
  'a caption': (encoder) => encoder.texts(captions(1)),
  '4 captions': (encoder) => encoder.texts(captions(4)),
} as const satisfies Record<string, (encoder: Encoder) => Promise<Float32Array[]>>;

export type JobName = keyof typeof JOBS;

export const JOB_NAMES = Object.keys(JOBS) as JobName[];

/** Captions are what the text tower does. */
export const isOfText = (job: JobName) => job.includes('caption');
