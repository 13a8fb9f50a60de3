import { expect, test } from 'vitest';
import type { AddOptions, StoredModel } from '../../src/index';
import { Jobs } from './jobs';

/** A model store whose `add` ends when told, or when aborted. */
function setup() {
  const calls: { source: unknown; finish: () => void; fail: (error: Error) => void; options: AddOptions }[] = [];
  const deleted: string[] = [];
  const ended: string[] = [];
  const add = (source: unknown, options: AddOptions = {}) =>
    new Promise<StoredModel>((resolve, reject) => {
      options.signal!.addEventListener('abort', () => reject(options.signal!.reason as Error));
      calls.push({ source, finish: () => resolve({} as StoredModel), fail: reject, options });
    });
  const remove = async (name: string) => void deleted.push(name);
  const jobs = new Jobs({ add, delete: remove }, (name, outcome) => ended.push(`${name} ${outcome}`));
  const request = (name: string) => ({ name, title: name, source: `o/${name}`, options: {} });
  const states = () => jobs.all.value.map(({ name, state }) => `${name} ${state.value}`);
  return { calls, deleted, ended, jobs, request, states };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test('one at a time, in order; a second request for the same model is the same job', async () => {
  const { calls, ended, jobs, request, states } = setup();
  for (const name of ['a', 'b', 'a', 'c']) jobs.add(request(name));
  expect(states()).toEqual(['a running', 'b waiting', 'c waiting']);
  calls[0]!.finish();
  await settled();
  expect(states()).toEqual(['b running', 'c waiting']);
  calls[1]!.fail(new Error('no network'));
  await settled();
  expect(states()).toEqual(['b failed', 'c running']);
  expect(jobs.all.value[0]!.error.value).toEqual(new Error('no network'));
  calls[2]!.finish();
  await settled();
  jobs.resume(jobs.all.value[0]!);
  expect(calls.map(({ source }) => source)).toEqual(['o/a', 'o/b', 'o/c', 'o/b']);
  calls[3]!.finish();
  await settled();
  expect([states(), ended]).toEqual([[], ['a done', 'c done', 'b done']]);
});

test('a paused one makes way, and waits for its turn again', async () => {
  const { calls, jobs, request, states } = setup();
  for (const name of ['a', 'b', 'c']) jobs.add(request(name));
  const [a, b] = jobs.all.value;
  jobs.pause(b!); // not started yet
  jobs.pause(a!);
  expect(states()).toEqual(['a pausing', 'b paused', 'c waiting']);
  expect(jobs.isBusy()).toBe(true);
  await settled();
  expect(states()).toEqual(['a paused', 'b paused', 'c running']);
  jobs.resume(a!);
  expect(states()).toEqual(['a waiting', 'b paused', 'c running']);
  calls[1]!.finish();
  await settled();
  expect(states()).toEqual(['a running', 'b paused']);
  jobs.pause(a!);
  await settled();
  expect([states(), jobs.isBusy()]).toEqual([['a paused', 'b paused'], false]);
});

test('a cancelled job is deleted, started or not', async () => {
  const { deleted, ended, jobs, request, states } = setup();
  for (const name of ['a', 'b', 'c']) jobs.add(request(name));
  const [a, b] = jobs.all.value;
  await jobs.cancel(b!);
  await jobs.cancel(a!);
  expect([deleted, ended, states()]).toEqual([['b', 'a'], ['b cancelled', 'a cancelled'], ['c running']]);
});

test('the newest progress is shown, and none of stopped jobs', async () => {
  const { calls, jobs, request } = setup();
  jobs.add(request('a'));
  const [job] = jobs.all.value;
  calls[0]!.options.onProgress!({ status: 'progress', phase: 'convert', loaded: 1, total: 4 });
  expect(job!.progress.value).toMatchObject({ phase: 'convert', loaded: 1 });
  jobs.pause(job!);
  await settled();
  expect(job!.progress.value).toBeNull();
});
