/** @file The samples are as the demo expects them: existing pictures, one true caption each, measured labels. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { measureSamples, pictureOf, readSamples, SAMPLES_FILE } from './samples.ts';

const samples = readSamples();

test('twelve samples, each with a picture, several captions, one of them true, a source and a licence', () => {
  expect(samples).toHaveLength(12);
  expect(new Set(samples.map(({ file }) => file)).size).toBe(12);
  for (const sample of samples) {
    expect(readFileSync(pictureOf(sample)).length, sample.file).toBeGreaterThan(1000);
    expect(new Set(sample.captions).size, sample.file).toBe(sample.captions.length);
    expect(sample.captions.length, sample.file).toBeGreaterThanOrEqual(4);
    expect(sample.captions[sample.truth], sample.file).toBeTypeOf('string');
    for (const text of [sample.alt, sample.source, sample.licence]) expect(text, sample.file).not.toBe('');
  }
});

test('every picture in the folder is a sample, and is named in the list of licences', () => {
  const folder = path.dirname(SAMPLES_FILE);
  const pictures = readdirSync(folder).filter((name) => /\.(png|jpg)$/.test(name));
  expect(pictures.sort()).toEqual(samples.map(({ file }) => file).sort());
  const licences = readFileSync(path.join(folder, 'README.md'), 'utf8');
  for (const name of pictures) expect(licences).toContain(`\`${name}\``);
});

test('the labels match nano’s ranking; scripts/label-samples.ts writes them', async () => {
  const measured = await measureSamples(samples);
  expect(measured.map(({ sample, label }) => [sample.file, label])).toEqual(
    samples.map(({ file, ranked }) => [file, ranked]),
  );
});
