import { expect, test } from 'vitest';
import { letEventsIn } from '../environment';
import type { Prepared } from './prepare';
import { SharedRuns } from './shared-runs';

/** A text of so many tokens, whose "vector" is its name. */
const text = (name: string, length = 4) =>
  ({ sequence: { ids: new Array<number>(length).fill(0), name }, pictures: [] }) as unknown as Prepared;
const nameOf = (prepared: Prepared) => (prepared.sequence as unknown as { name: string }).name;
const vectorOf = (prepared: Prepared) => [
  Float32Array.of(nameOf(prepared).charCodeAt(0), prepared.sequence.ids.length),
];

interface Setting {
  /** Called with the names of a run, batches apart: `ab|c`. */
  during?: (names: string, signal: AbortSignal) => Promise<void>;
  groupBytes?: number;
  keyOf?: (length: number) => string;
}

/** 32 tokens a run, two steps of weights, a byte a token. */
function setUp({ during = async () => letEventsIn(5), groupBytes = 0, keyOf = () => '' }: Setting = {}) {
  const runs: string[] = [];
  const steps: string[] = [];
  let running = 0;
  const shared = new SharedRuns({
    limits: { tokens: 32, patches: 1, buckets: false },
    ...{ keyOf, groupBytes, bytesOf: ({ sequence }) => sequence.ids.length },
    run: async (batches, { signal, onPassed }) => {
      expect(++running).toBe(1);
      try {
        const names = batches.map((batch) => batch.map(nameOf).join('')).join('|');
        runs.push(names);
        onPassed({ done: 1, total: 2 });
        await during(names, signal);
        signal.throwIfAborted();
        return batches.map((batch) => batch.map(vectorOf));
      } finally {
        running--;
      }
    },
  });
  const call = async (batches: Prepared[][], signal = new AbortController().signal) => {
    const hooks = { signal, onPassed: () => void steps.push(nameOf(batches[0]![0]!)) };
    const found = await shared.add(batches, hooks);
    expect(found).toEqual(batches.map((batch) => batch.map(vectorOf)));
    return batches.flat().map(nameOf).join('');
  };
  return { shared, call, runs, steps };
}

test('calls made together, and those that come while a run computes, are one run each; every call gets its own', async () => {
  const { call, runs, steps } = setUp();
  const later: Promise<string>[] = [];
  const first = [call([[text('a', 3)]]), call([[text('b', 8), text('c', 2)]])];
  setTimeout(() => later.push(call([[text('d')]]), call([[text('e', 1)]])), 2);
  expect(await Promise.all(first)).toEqual(['a', 'bc']);
  expect(await Promise.all(later)).toEqual(['d', 'e']);
  expect(runs).toEqual(['cab', 'ed']); // shortest first
  expect(steps).toEqual(['a', 'b', 'd', 'e']); // each call is told of its weights
});

test('a call alone runs as it was packed, also where others would pack it otherwise', async () => {
  const { call, runs } = setUp();
  await call([[text('b', 8), text('a', 1)], [text('c')]]);
  expect(runs).toEqual(['ba|c']);
});

test('runs stay within the limits, with none left waiting, in the order of calls', async () => {
  const { call, runs } = setUp();
  const calls = [...'abcdefgh'].map((name, i) => call([[text(name, i === 4 ? 20 : 8)]]));
  await Promise.all(calls);
  expect(runs).toEqual(['abcd', 'e', 'fgh']);
  const keys = setUp({ keyOf: (length) => String(length) });
  await Promise.all([keys.call([[text('a', 2)]]), keys.call([[text('b', 3)]]), keys.call([[text('c', 3)]])]);
  expect(keys.runs).toEqual(['a', 'bc']);
});

test('with streamed weights as many calls as memory takes go through them at once', async () => {
  const { call, runs } = setUp({ groupBytes: 70 });
  const calls = [...'abcd'].map((name) => call([[text(name, 20)]]));
  await Promise.all(calls);
  expect(runs).toEqual(['a|b|c', 'd']);
});

test('a run that fails costs only the call whose text it was', async () => {
  const { call, runs } = setUp({
    during: async (names) => {
      await letEventsIn();
      if (names.includes('b')) throw new RangeError(`bad: ${names}`);
    },
  });
  const calls = [...'abc'].map((name) => call([[text(name)]]));
  const [a, b, c] = await Promise.allSettled(calls);
  expect([a, c]).toEqual(['a', 'c'].map((value) => ({ status: 'fulfilled', value })));
  expect((b as PromiseRejectedResult).reason).toMatchObject({ name: 'RangeError', message: 'bad: b' });
  expect(runs).toEqual(['abc', 'a', 'b', 'c']);
  expect(await call([[text('d')]])).toBe('d'); // and it goes on
});

test('a listener that throws ends its own call', async () => {
  const { shared, call } = setUp();
  const hooks = {
    signal: new AbortController().signal,
    onPassed: () => {
      throw new Error('mine');
    },
  };
  const [own, other] = await Promise.allSettled([shared.add([[text('a')]], hooks), call([[text('b')]])]);
  expect(own).toMatchObject({ status: 'rejected', reason: { message: 'mine' } });
  expect(other).toEqual({ status: 'fulfilled', value: 'b' });
});

test('an abort ends its call at once, waiting or running with others, and no other', async () => {
  let end!: () => void;
  const { call, runs } = setUp({ during: () => new Promise((resolve) => (end = resolve)) });
  const stop = ['a', 'c'].map(() => new AbortController());
  const reasons = [new Error('enough'), new Error('too late')];
  const a = call([[text('a')]], stop[0]!.signal);
  const b = call([[text('b')]]);
  await letEventsIn(2);
  const c = call([[text('c')]], stop[1]!.signal);
  const d = call([[text('d')]]);
  stop.forEach((each, i) => each.abort(reasons[i]));
  const given = (await Promise.allSettled([a, c])).map((each) => (each as PromiseRejectedResult).reason as unknown);
  expect(given[0]).toBe(reasons[0]);
  expect(given[1]).toBe(reasons[1]);
  end();
  expect(await b).toBe('b');
  await letEventsIn(2);
  end();
  expect(await d).toBe('d');
  expect(runs).toEqual(['ab', 'd']);
  await expect(call([[text('e')]], AbortSignal.abort(reasons[0]))).rejects.toBe(reasons[0]);
});

test('where all give up, the run is stopped, and the last call ends with it', async () => {
  let stopped = false;
  let ended = false;
  const { call } = setUp({
    during: async (_, signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      stopped = true;
      await letEventsIn(5); // a stage is not cut short
      ended = true;
    },
  });
  const stop = new AbortController();
  const calls = [...'ab'].map((name) => call([[text(name)]], stop.signal).catch((error: unknown) => [error, ended]));
  await letEventsIn(2);
  expect(stopped).toBe(false);
  const reason = new Error('enough');
  stop.abort(reason);
  expect(await Promise.all(calls)).toEqual([
    [reason, false],
    [reason, true],
  ]);
});

test('nothing is left on a signal that outlives its calls', async () => {
  const { call } = setUp();
  const { signal } = new AbortController();
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  await Promise.all([call([[text('a')]], signal), call([[text('b')]], signal)]);
  expect(listeners).toBe(0);
});
