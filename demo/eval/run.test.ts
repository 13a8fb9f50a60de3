/** @file How a run is compared with what is expected, only over the queries that were measured. */
import { expect, test } from 'vitest';
import { mmebSet } from '../../src/eval';
import { agreement, type MeasuredSet } from './run';

const measured = (name: string, predictions: number[]): MeasuredSet => ({
  set: mmebSet(name)!,
  queries: predictions.length,
  correct: predictions.filter((prediction) => prediction === 0).length,
  pairs: 10,
  predictions: Uint32Array.from(predictions),
  chance: 0.1,
});
const expected = (predictions: number[]) => ({ correct: 0, queries: predictions.length, predictions });

test('choices are compared query by query, wrong ones too', () => {
  const sets = [measured('CIRR', [0, 3, 2]), measured('GQA', [1, 1])];
  expect(agreement(sets, { CIRR: expected([0, 3, 0]), GQA: expected([1, 0]) })).toEqual({ same: 3, of: 5 });
});

test('if fewer queries of a set were measured, or expected, only those count', () => {
  expect(agreement([measured('CIRR', [0])], { CIRR: expected([0, 3, 0]) })).toEqual({ same: 1, of: 1 });
  expect(agreement([measured('CIRR', [0, 3, 0])], { CIRR: expected([0]) })).toEqual({ same: 1, of: 1 });
  expect(agreement([measured('CIRR', [0])], {})).toEqual({ same: 0, of: 0 });
});
