/** @file The fixtures are whole and can tell right from wrong. */

import { describe, expect, it } from 'vitest';
import {
  ADAPTER_NAMES,
  MODEL_NAMES,
  cosine,
  expectedInputs,
  expectedModel,
  expectedPatches,
  fixtureBytes,
  fixtureInputs,
  maxDifference,
  pixelTable,
  sha256,
  tokenizerCases,
} from './fixtures';

describe('fixtures', () => {
  const inputs = fixtureInputs();

  it('have an expectation for every input', () => {
    const expected = expectedInputs();
    for (const { id, image } of inputs) {
      expect(expected.get(id)?.ids.length, id).toBeGreaterThan(0);
      expect(expected.get(id)?.grid === null, id).toBe(image === null);
      if (image) expect(fixtureBytes(image).length, image).toBeGreaterThan(0);
    }
    const lengths = [31, 32, 33, 64, 65, 300].map((n) => expected.get(`text-${n}-tokens`)?.ids.length);
    expect(lengths).toEqual([31, 32, 33, 64, 65, 300]);
  });

  it.each(MODEL_NAMES)('%s: a unit vector per input', (name) => {
    const { embeddings, dims } = expectedModel(name);
    expect([...embeddings.keys()]).toEqual(inputs.map(({ id }) => id));
    for (const [id, vector] of embeddings) {
      expect(vector.length, id).toBe(dims);
      expect(Math.hypot(...vector), id).toBeCloseTo(1, 5);
    }
  });

  it.each(ADAPTER_NAMES)('%s: every vector differs clearly from the bare base', (name) => {
    const base = expectedModel('tiny-tied').embeddings;
    for (const [id, vector] of expectedModel(`tiny-tied+${name}`).embeddings) {
      expect(cosine(vector, base.get(id)!), id).toBeLessThan(0.98);
    }
  });

  it('dora: row norms are the magnitude, and forgetting it shows', () => {
    const { merged, embeddings, withoutMagnitude } = expectedModel('tiny-tied+dora');
    expect(merged?.size).toBe(3 * 5);
    for (const [name, { rowNorms, magnitude }] of merged!) {
      expect(maxDifference(rowNorms, magnitude!), name).toBeLessThan(1e-5);
    }
    for (const [id, vector] of withoutMagnitude!) expect(cosine(vector, embeddings.get(id)!), id).toBeLessThan(0.99);
  });

  it('store whole patches that agree with their hash and the pixel table', () => {
    const table = new Set(pixelTable());
    for (const id of ['image-tiny', 'image-one-token'] as const) {
      const patches = expectedPatches(id);
      expect(expectedInputs().get(id)).toMatchObject({
        patches: patches.length / 1176,
        patchesSha256: sha256(patches),
      });
      expect(patches.every((value) => table.has(value))).toBe(true);
    }
  });

  it('cover many strings', () => {
    expect(tokenizerCases('small').length).toBeGreaterThan(200);
    expect(tokenizerCases('qwen').map(({ text }) => text)).toEqual(tokenizerCases('small').map(({ text }) => text));
  });
});
