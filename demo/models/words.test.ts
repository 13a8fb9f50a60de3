import { expect, test } from 'vitest';
import type { Estimate, StoredModel } from '../../src/index';
import { costInWords, indexInWords, jobInWords, storedInWords } from './words';
import { durationInWords, titleOf } from '../shell/words';

const estimate = (changes: { fits?: boolean; webgpu?: boolean; streamed?: boolean } = {}) =>
  ({
    download: 4.4e9,
    store: 1.3e9,
    gpu: 1.2e9,
    dtype: 'q4',
    storage: { usage: 0, quota: 2e9, free: 2e9, fits: changes.fits ?? true },
    device: {
      ...{ adapter: {}, webgpu: changes.webgpu ?? true, f16: false, reason: 'Too small.', largestBuffer: 1e8 },
      weights: changes.streamed ? 'streamed' : 'resident',
    },
  }) as Estimate;

test('a cost, and warnings about it', () => {
  expect(costInWords(estimate(), false).map(({ label, value }) => `${label}: ${value}`)).toEqual([
    'To download: 4.4 GB',
    'To store: 1.3 GB of q4 weights',
    'Free space: 2.0 GB',
    'This GPU: suitable: 1.2 GB of GPU memory, without half precision',
  ]);
  expect(costInWords(estimate({ streamed: true }), false).at(-1)!.value).toMatch(
    /probably more than it has, so the model runs in parts/,
  );
  const bad = costInWords(estimate({ fits: false, webgpu: false }), true).filter((figure) => figure.bad);
  expect(bad.map(({ value }) => value)).toEqual([
    '2.0 GB: not enough',
    'not suitable. Too small. The CPU can run it, much more slowly.',
  ]);
});

test('progress has bytes, rows, rate and time if they are known', () => {
  const event = { status: 'progress', phase: 'convert', loaded: 1e9, total: 4e9 } as const;
  expect(jobInWords({ ...event, rows: { done: 5, total: 20 }, rate: 2.5e7, secondsLeft: 120 })).toEqual({
    phase: 'Fetching and converting weights',
    figures: '1.0 GB of 4.0 GB · 5 of 20 rows · 25 MB/s · 2 min left',
    share: 0.25,
  });
  expect(jobInWords({ status: 'initiate', phase: 'probe' })).toEqual({
    phase: 'Testing the model',
    figures: '',
    share: null,
  });
});

test('times left', () => {
  expect([0.2, 42, 59.6, 100, 3569, 5400].map(durationInWords)).toEqual([
    '1 s',
    '42 s',
    '1 min',
    '2 min',
    '59 min',
    '1.5 h',
  ]);
});

test('stored models', () => {
  const model: StoredModel = {
    name: 'nano-123',
    bytes: 6.2e6,
    state: 'unfinished',
    advice: null,
    done: 0.999,
    origin: { kind: 'local', label: 'files' },
    dtype: 'q8',
    architecture: null,
    dims: null,
    source: null,
    created: null,
  };
  expect([titleOf(model), storedInWords(model)]).toEqual([
    'nano-123',
    '6.2 MB · q8 · from a folder · unfinished: 99 %',
  ]);
  const origin = { kind: 'hub', repo: 'a/b', hubUrl: 'https://huggingface.co' } as const;
  const ready = {
    ...model,
    origin,
    state: 'ready',
    source: { base: { id: 'a/b', revision: '0123456789' }, adapter: null },
  } as const;
  expect([titleOf(ready), storedInWords(ready)]).toEqual([
    'a/b',
    '6.2 MB · q8 · from huggingface.co, commit 0123456 · ready',
  ]);
});

test('indexes of photos', () => {
  const index = {
    place: 'p',
    name: 'photos',
    modelId: 'm',
    modelName: null,
    deep: [],
    bytes: 2e6,
    lastUsed: Date.UTC(2026, 4, 3, 12),
  };
  expect(indexInWords({ ...index, pictures: 1234, problems: 2 })).toBe(
    '1,234 pictures · 2 left out · 2.0 MB · last used May 3, 2026',
  );
  expect(indexInWords({ ...index, pictures: 1, problems: 0, lastUsed: 0 })).toBe('1 picture · 2.0 MB');
});
