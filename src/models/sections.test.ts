/** @file Matrices that are stored section by section: together the sections are all rows, each once and in order. */

import { expect, test } from 'vitest';
import { OFFICIAL_MODELS, type OfficialName } from '../testing/official-models';
import { architectureOf, storedWeights, type PlannedWeight } from './index';

type Taken = [part: string, first: number, last: number];

/**
 * The rows that a weight takes, by checkpoint tensor. From unsliced tensors it takes all, however many there are: 0 to
 * Infinity.
 */
function takenRows({ parts, shape, slice }: PlannedWeight, isOnePart: boolean): Taken[] {
  return parts.map((part, i) => {
    const { first, last } = slice?.rows?.[i] ?? { first: 0, last: isOnePart ? shape[0]! : Infinity };
    return [part, first, last];
  });
}

/** Joins neighbouring ranges of one tensor. */
function joined(ranges: readonly Taken[]): Taken[] {
  const result: Taken[] = [];
  for (const [part, first, last] of ranges) {
    const before = result.at(-1);
    if (before?.[0] === part && before[2] === first) before[2] = last;
    else result.push([part, first, last]);
  }
  return result;
}

function sectionedOf(name: OfficialName): PlannedWeight[] {
  const { config } = OFFICIAL_MODELS[name];
  const { towers } = architectureOf(config).network(config, { head: null, mlpSlices: 1 });
  return [...towers.vision.blocks, ...towers.text.blocks].flat(2).filter(({ sections }) => sections !== undefined);
}

test.each(Object.keys(OFFICIAL_MODELS) as OfficialName[])('%s: cut into sections, every row is there once', (name) => {
  const weights = sectionedOf(name);
  expect(weights.length).toBeGreaterThan(0);
  for (const weight of weights) {
    for (const apart of [() => false, (each: string) => /\.(qk|kv)\.weight$/.test(each) && each !== weight.name]) {
      const cut = storedWeights(weight, apart);
      expect(cut.length, weight.name).toBeGreaterThan(1);
      const isOnePart = weight.parts.length === 1;
      const taken = cut.flatMap((each) => takenRows(each, isOnePart));
      expect(joined(taken), weight.name).toEqual(joined(takenRows(weight, isOnePart)));
      expect(cut.reduce((sum, { shape }) => sum + shape[0]!, 0)).toBe(weight.shape[0]);
      for (const each of cut) {
        if (isOnePart) expect(each.shape[0]).toBe(each.slice!.rows![0]!.last - each.slice!.rows![0]!.first);
        if (each.slice) expect(each.slice.of).toEqual(weight.slice?.of ?? weight.shape);
      }
    }
  }
});

test('sections of several tensors that are themselves sliced keep their own rows', () => {
  const weight: PlannedWeight = {
    name: 'qkv.weight',
    shape: [6, 4],
    parts: ['q', 'k', 'v'],
    rowTransform: 'none',
    quantize: true,
    slice: { of: [9, 4], rows: [0, 3, 6].map((first) => ({ first, last: first + 2 })) },
    sections: (['q', 'k', 'v'] as const).map((label) => ({ label, rows: 2, role: 'query' })),
  };
  const cut = storedWeights(weight, () => false);
  expect(cut.flatMap((each) => takenRows(each, false))).toEqual([
    ['q', 0, 2],
    ['k', 3, 5],
    ['v', 6, 8],
  ]);
});
