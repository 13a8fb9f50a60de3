import { expect, test } from 'vitest';
import type { DeepState, SearchHit } from '../../../src/search';
import type { Found } from '../query/finder';
import { deepInWords, passInWords } from './deep-words';

const state: DeepState = {
  ...{ modelId: 'm', modelName: 'Big', phase: 'running', done: 120, total: 3000, failed: 0, unreadable: 0 },
  ...{ rate: null, secondsLeft: null, error: null },
};

test('the second pass in one line; none once it is complete', () => {
  expect(deepInWords({ ...state, rate: 0.5, secondsLeft: 5760 })).toMatch(
    /^Second look by Big: 120 of 3,000 pictures · 0\.5 per second · about .* left$/,
  );
  expect(deepInWords({ ...state, phase: 'paused', failed: 2 })).toBe(
    'Second look by Big: 120 of 3,000 pictures · paused · 2 could not be read',
  );
  expect(deepInWords({ ...state, phase: 'waiting' })).toMatch(/continues when all are read$/);
  expect(deepInWords({ ...state, phase: 'idle', done: 3000 })).toBe('');
  expect(deepInWords({ ...state, phase: 'idle', unreadable: 7, modelName: null })).toBe(
    'Second look by m: 120 of 3,000 pictures · 7 pictures cannot be opened at the moment',
  );
});

test('which pass results come from is shown unless it is obvious', () => {
  const hit = (id: number, pass: SearchHit['pass']): [number, SearchHit] => [id, { id, score: 1, z: 1, pass }];
  const found = (passes: SearchHit['pass'][], deep: Found['deep']): Found => ({
    ...{
      query: { text: 'a' },
      ids: Uint32Array.from(passes, (_, i) => i),
      relevant: 2,
      weak: false,
      candidates: 3,
      understood: null,
    },
    ...{ hits: new Map(passes.map((pass, i) => hit(i, pass))), milliseconds: null, revision: 1, deep },
  });
  const report = { wanted: 0, embedded: 0, left: 0 };
  expect(passInWords(found(['deep', 'first', 'first'], report), true)).toBe('1 of them ranked by the first look only');
  expect(passInWords(found(['deep', 'deep', 'first'], report), true)).toBe('');
  expect(passInWords(found(['first', 'first', 'first'], null), true)).toBe('ranked by the first look');
  expect(passInWords(found(['first', 'first', 'first'], null), false)).toBe('');
});
