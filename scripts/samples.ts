/** @file The sample pictures of `public/samples`, and which of them `nano` ranks right. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Sample } from '../demo/rank/samples.ts';
import { VLM2Vec } from '../src/index.ts';

const FOLDER = path.resolve(import.meta.dirname, '../public/samples');
export const SAMPLES_FILE = path.join(FOLDER, 'samples.json');

/** One entry of `samples.json`. `ranked` is measured, never edited by hand. */
export interface LicensedSample extends Sample {
  source: string;
  licence: string;
}

export const readSamples = () => JSON.parse(readFileSync(SAMPLES_FILE, 'utf8')) as LicensedSample[];
export const pictureOf = ({ file }: Sample) => path.join(FOLDER, file);

/** A sample's captions as `vlm2vec rank` sorts them, best first. */
export interface MeasuredSample {
  sample: Sample;
  ranked: { caption: string; score: number }[];
  label: Sample['ranked'];
}

/** Ranks the captions of each sample with the built-in model on the CPU. */
export async function measureSamples(samples: readonly Sample[]): Promise<MeasuredSample[]> {
  await using model = await VLM2Vec.load('nano', { device: 'cpu' });
  const measured: MeasuredSample[] = [];
  for (const sample of samples) {
    const ranking = await model.rank({ image: pathToFileURL(pictureOf(sample)) }, sample.captions);
    const ranked = ranking.map(({ candidate, score }) => ({ caption: candidate, score }));
    measured.push({ sample, ranked, label: ranking[0]!.index === sample.truth ? 'right' : 'wrong' });
  }
  return measured;
}
