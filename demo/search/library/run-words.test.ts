import { expect, test } from 'vitest';
import type { FolderProblem, IndexState, RunProgress } from '../../../src/search';
import { runInWords } from './run-words';

const run = (change: Partial<RunProgress>): RunProgress => ({
  found: 0,
  total: 0,
  done: 0,
  embedded: 0,
  reused: 0,
  problems: 0,
  removed: 0,
  rate: null,
  secondsLeft: null,
  ...change,
});

const words = (state: Pick<IndexState, 'phase' | 'run'>, problem: FolderProblem | null = null) =>
  runInWords({ ...state, folders: [{ id: 1, name: 'a', access: 'ready', problem, found: 1, older: 0, indexed: 1 }] });

test('a run from its beginning to its end', () => {
  expect(words({ phase: 'walking', run: null })).toBe('Scanning folders: 0 pictures so far');
  expect(words({ phase: 'walking', run: run({ found: 1234 }) })).toBe('Scanning folders: 1,234 pictures so far');
  expect(words({ phase: 'indexing', run: run({ total: 1000, done: 1 }) })).toBe('1 of 1,000 pictures read');
  const half = run({ total: 1000, done: 500, rate: 3.14, secondsLeft: 159, reused: 20 });
  expect(words({ phase: 'indexing', run: half })).toBe(
    '500 of 1,000 pictures read · 3.1 per second · about 3 min left · 20 already known',
  );
  expect(words({ phase: 'paused', run: half })).toBe('Paused; 500 pictures still to be read · 20 already known');
  expect(words({ phase: 'idle', run: run({ embedded: 1, removed: 2 }) })).toBe(
    'Done: 1 picture read. 2 were gone from the folder and removed from the index.',
  );
  expect(words({ phase: 'idle', run: run({}) })).toBe('Everything was up to date.');
});

test('if a folder could not be scanned, nothing is called up to date', () => {
  const gone: FolderProblem = { kind: 'gone', path: 'a', reason: '' };
  expect(words({ phase: 'idle', run: run({}) }, gone)).toBe('');
  expect(words({ phase: 'idle', run: run({ embedded: 2 }) }, gone)).toBe('Done: 2 pictures read.');
});
