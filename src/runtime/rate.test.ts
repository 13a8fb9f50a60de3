import { expect, test } from 'vitest';
import type { ProgressEvent } from './index';
import { withRate } from './rate';

test('the rate covers the last seconds, and follows a connection that slows down', () => {
  const seen: ProgressEvent[] = [];
  let time = 0;
  const report = withRate(
    (event) => seen.push(event),
    () => time,
  )!;
  const at = (seconds: number, loaded: number) => {
    time = seconds * 1000;
    report({ status: 'progress', phase: 'download', loaded, total: 10_000 });
    return seen.at(-1)!;
  };
  expect(at(0, 0).rate).toBeUndefined();
  expect(at(0.5, 50).rate).toBeUndefined();
  for (let second = 1; second <= 20; second++) at(second, 100 * second);
  expect(seen.at(-1)).toMatchObject({ rate: 100, secondsLeft: 80 });
  for (let second = 21; second <= 40; second++) at(second, 2000 + 10 * (second - 20));
  expect(seen.at(-1)!.rate).toBeCloseTo(10, 6);
});

test('lost progress and a new phase start a new rate; other events pass unchanged', () => {
  const seen: ProgressEvent[] = [];
  let time = 0;
  const report = withRate(
    (event) => seen.push(event),
    () => time,
  )!;
  const at = (seconds: number, event: Partial<ProgressEvent>) => {
    time = seconds * 1000;
    report({ status: 'progress', phase: 'convert', total: 1000, ...event });
    return seen.at(-1)!;
  };
  at(0, { loaded: 0 });
  expect(at(5, { loaded: 500 }).rate).toBe(100);
  expect(at(6, { loaded: 100 }).rate).toBeUndefined();
  expect(at(8, { loaded: 300 }).rate).toBe(100);
  expect(at(9, { phase: 'verify', loaded: 900 }).rate).toBeUndefined();
  const plain: ProgressEvent = { status: 'done', phase: 'probe' };
  report(plain);
  expect(seen.at(-1)).toBe(plain);
  expect(withRate(undefined)).toBeUndefined();
});
