import { expect, test } from 'vitest';
import { groupSizes, triangle, type InputMoments } from '../../bundle/moments';
import { convertCheckpoint, openCheckpoint } from '../../convert';
import { folderTree } from '../../checkpoint/folder.node';
import { recipeNamed, recipes } from '../../recipes';
import { memoryBundle } from '../../store';
import { checkpointPath, fixturePath } from '../../testing/fixtures';
import { sha256Hex } from '../../bundle/digest';
import type { RgbImage } from '../../image';
import { compose } from '../../recipes';
import { calibrationInputs } from './inputs';
import { takeMoments } from './moments';
import { SENTENCES } from './sentences';

test('the same inputs everywhere, half of them with a picture', async () => {
  const inputs = calibrationInputs(recipeNamed('vlm2vec'), '<image>');
  const pictures = inputs.flatMap(({ image }) => (image ? [image as RgbImage] : []));
  expect([inputs.length, pictures.length]).toEqual([64, 32]);
  const bytes = new TextEncoder().encode(inputs.map(({ text }) => text).join('\n'));
  const all = [bytes, ...pictures.map(({ data }) => data as Uint8Array)];
  const joined = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of all) {
    joined.set(part, at);
    at += part.length;
  }
  // A change here changes every bundle that is converted with feedback.
  expect((await sha256Hex(joined)).slice(0, 16)).toMatchInlineSnapshot(`"b0df77b0f150b8f8"`);
  expect(new Set(SENTENCES).size).toBe(SENTENCES.length);
});

test('every recipe accepts its inputs', () => {
  for (const recipe of recipes) {
    for (const { image, ...parts } of calibrationInputs(recipe, '<image>')) {
      const { prompt } = compose({ ...parts, images: image ? 1 : 0 }, recipe, '<image>');
      expect(prompt.length).toBeGreaterThan(0);
      if (image) expect(prompt).toContain(recipe.marker ?? '<image>');
    }
  }
});

test('each 4-bit matrix of a bundle gets the moments of its input, the same in two runs', async () => {
  const { writer, reader } = memoryBundle();
  const checkpoint = await openCheckpoint({ checkpoint: await folderTree(checkpointPath('tiny-untied')) });
  const manifest = await convertCheckpoint({ checkpoint, writer, dtype: 'q4' });
  const take = async () => {
    const all: InputMoments[] = [];
    for await (const some of takeMoments(reader, manifest, { inputs: 6 })) all.push(...structuredClone(some));
    return all;
  };
  const moments = await take();
  expect(await take()).toEqual(moments);
  const tensors = manifest.stages.flatMap((stage) => stage.tensors);
  const fourBits = tensors.filter(({ name, shape }) => name.endsWith('.q') && shape[2] === 16);
  expect(fourBits.length).toBeGreaterThan(10);
  expect(moments.flatMap(({ weights }) => weights).sort()).toEqual(
    fourBits.map(({ name }) => name.replace(/\.q$/, '')).sort(),
  );
  for (const { columns, groups, weights } of moments) {
    expect(columns, weights[0]).toBeLessThanOrEqual(
      fourBits.find(({ name }) => name === `${weights[0]}.q`)!.shape[1]! * 32,
    );
    expect(groups.map(({ length }) => length)).toEqual(groupSizes(columns).map(triangle));
    // The diagonal is a sum of squares, and no covariance exceeds both variances.
    for (const [g, upper] of groups.entries()) {
      const n = groupSizes(columns)[g]!;
      const diagonal = Array.from({ length: n }, (_, i) => upper[i * n - (i * (i - 1)) / 2]!);
      expect(Math.min(...diagonal)).toBeGreaterThan(0);
      expect(Math.max(...upper.map(Math.abs))).toBeLessThanOrEqual(Math.max(...diagonal) * 1.0001);
    }
  }
});

test.each(['tiny-untied', 'tiny-qwen3-vl'] as const)(
  'of %s, the same however few weights are loaded at a time',
  async (name) => {
    const { writer, reader } = memoryBundle();
    const checkpoint = await openCheckpoint({ checkpoint: await folderTree(fixturePath(`checkpoints/${name}`)) });
    const manifest = await convertCheckpoint({ checkpoint, writer, dtype: 'q4' });
    const take = async (partBytes?: number) => {
      const all: InputMoments[][] = [];
      for await (const some of takeMoments(reader, manifest, { inputs: 10, partBytes }))
        all.push(structuredClone(some));
      return all;
    };
    const [whole, cut] = [await take(), await take(1)];
    expect(cut.length).toBeGreaterThan(whole.length + 3);
    const expected = new Map(whole.flat().map((moments) => [moments.weights.join(), moments]));
    expect(cut.flat().map(({ weights }) => weights.join())).toEqual([...expected.keys()]);
    for (const { weights, groups } of cut.flat()) {
      for (const [g, group] of groups.entries()) {
        const other = expected.get(weights.join())!.groups[g]!;
        const largest = Math.max(...other);
        const off = group.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
        expect(off / largest, weights[0]).toBeLessThan(1e-4);
      }
    }
  },
);
