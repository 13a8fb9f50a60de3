/**
 * @file LLaVA and Phi with float16 activations that are as large, and as small, as those of trained models. On the CPU
 * the graphs are computed in float32 rounding everything that a GPU keeps in float16: see `testing/half-graph.ts`.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { loadRuntime, type InputParts } from '../runtime';
import { folderBundle } from '../store/folder.node';
import { backboneOracle } from '../testing/backbones';
import { cosine } from '../testing/fixtures';
import { goldenInput } from '../testing/golden';
import { half } from '../testing/half-graph';
import {
  convertChanged,
  faint,
  massive,
  massiveTower,
  type Change,
  type LargeModel,
} from '../testing/large-activations';

vi.mock('./blocks/activations', async (original) => {
  const { activationsWithHalf } = await import('../testing/half-graph');
  return activationsWithHalf(await original());
});
vi.mock('./stage-graph', async (original) => {
  const { stageGraphWithHalf } = await import('../testing/half-graph');
  return stageGraphWithHalf(await original());
});

const folder = mkdtempSync(path.join(tmpdir(), 'vlm2vec-f16-'));
afterAll(() => rmSync(folder, { recursive: true }));

const INPUTS: Record<LargeModel, string[]> = {
  'llava-next': ['picture-450x5', 'text'],
  'phi3-v': ['picture-336x336-1', 'text'],
};

async function vectors(bundle: string, model: LargeModel): Promise<(Float32Array | null)[]> {
  const runtime = await loadRuntime({ reader: folderBundle(bundle), probe: 'never', activations: 'f32' });
  const found: (Float32Array | null)[] = [];
  for (const id of INPUTS[model]) {
    const item = backboneOracle(model).cases.find((each) => each.id === id)!;
    const { text, image } = goldenInput(item);
    const input = { text, ...(image ? { image: image[0] } : {}) } as InputParts;
    const options = item.numCrops === undefined ? {} : { numCrops: item.numCrops };
    // A vector that overflowed is not valid, and is refused.
    const one = await runtime.embed([input], { orientation: 'stored', ...options }).catch((error: Error) => {
      if (error.name !== 'NotFiniteError') throw error;
      return [null];
    });
    found.push(one[0] as Float32Array | null);
  }
  await runtime.dispose();
  return found;
}

/** What rounding costs, 1 − cosine to float32, by input: with the towers' own scales, and with each of `others`. */
async function losses(model: LargeModel, change: Change, others: number[] = []): Promise<number[][]> {
  const bundle = mkdtempSync(path.join(folder, `${model}-`));
  half.on = false;
  await convertChanged(model, change, bundle);
  const wanted = await vectors(bundle, model);
  const results: number[][] = [];
  for (const scale of [null, ...others]) {
    Object.assign(half, { on: true, scale });
    const found = await vectors(bundle, model);
    results.push(found.map((vector, i) => (vector ? 1 - cosine(vector, wanted[i]!) : Number.NaN)));
  }
  return results;
}

describe.each<[LargeModel, number]>([
  ['llava-next', 1.5e5],
  ['phi3-v', 5e5],
])('%s', (model, huge) => {
  test('rounding is emulated', async () => {
    const [own] = await losses(model, () => undefined);
    for (const loss of own!) {
      expect(loss).toBeGreaterThan(5e-8);
      expect(loss).toBeLessThan(1e-5);
    }
  });

  test('massive activations of the size of published ones', async () => {
    const [own] = await losses(model, massive(1.5e4));
    for (const loss of own!) expect(loss).toBeLessThan(1e-5);
  });

  test('larger ones, which float16 would not hold without the scale', async () => {
    const [own, none] = await losses(model, massive(huge), [1]);
    for (const loss of own!) expect(loss).toBeLessThan(1e-5);
    for (const loss of none!) expect(loss).toBeNaN();
  });

  test('a faint residual stream, made by embeddings of ±0.003, in which a smaller scale would lose too much', async () => {
    const [own, far] = await losses(model, faint(1e-3), [1 / 1024]);
    for (const loss of own!) expect(loss).toBeLessThan(1e-6);
    for (const loss of far!) expect(loss).toBeGreaterThan(1e-4);
  });

  test('massive channels in CLIP, which its projector reads unscaled', async () => {
    for (const size of [200, 1000]) {
      const [[picture] = []] = await losses(model, massiveTower(size));
      expect(picture).toBeLessThan(1e-3);
    }
  });
});
