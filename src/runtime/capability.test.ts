import { expect, test } from 'vitest';
import type { BundleManifest, WeightDtype } from '../bundle/manifest';
import { UnsupportedError } from '../errors';
import { activationBytes, expectNear, groupBytes, weightsFor, type Room } from './capability';

const GiB = 2 ** 30;
/** A model with this many bytes of weights, in two towers. */
const model = (bytes: number, dtype: WeightDtype = 'q4') =>
  ({ dtype, stages: [{ weights: { bytes: bytes / 4 } }, { weights: { bytes: (3 * bytes) / 4 } }] }) as BundleManifest;
const Q4_2B = model(1.149e9);
const Q4_7B = model(4.181e9);
const Q8_7B = model(7.879e9, 'q8');

const room = (rest: Partial<Room>): Room => ({
  device: 'webgpu',
  activations: 'f16',
  adapter: null,
  memory: null,
  ...rest,
});
const gpu = (maxBufferSize: number) => room({ adapter: { maxBufferSize } });

test('a GPU is assumed to hold twice its largest buffer', () => {
  expect([Q4_2B, Q4_7B, Q8_7B].map((each) => weightsFor(each, gpu(4 * GiB)))).toEqual(Array(3).fill('resident'));
  expect([Q4_2B, Q4_7B, Q8_7B].map((each) => weightsFor(each, gpu(2 * GiB)))).toEqual([
    'resident',
    'resident',
    'streamed',
  ]);
  expect(weightsFor(Q4_2B, gpu(GiB / 4))).toBe('streamed');
});

test('WASM holds what 4 GiB of addresses leave for it, and at most half of the memory', () => {
  const wasm = (memory: number | null) => room({ device: 'wasm', activations: 'f32', memory });
  expect(weightsFor(Q4_2B, wasm(null))).toBe('resident');
  expect(weightsFor(Q4_2B, wasm(2 * GiB))).toBe('streamed');
  expect(weightsFor(Q4_7B, wasm(64 * GiB))).toBe('streamed');
});

test('weights of 16 bits take 32 if activations do', () => {
  const half = model(3.951e9, 'fp16');
  expect(weightsFor(half, gpu(2 * GiB))).toBe('resident');
  expect(weightsFor(half, { ...gpu(2 * GiB), activations: 'f32' })).toBe('streamed');
  const cpu = (memory: number) => room({ device: 'cpu', memory });
  expect([8, 16].map((size) => weightsFor(half, cpu(size * GiB)))).toEqual(['streamed', 'resident']);
  expect([8, 16].map((size) => weightsFor(model(3.951e9, 'q8'), cpu(size * GiB)))).toEqual(['resident', 'resident']);
});

test('a group is bounded, and grows with memory', () => {
  expect([null, 2, 4, 64].map((size) => groupBytes(size && size * GiB) / 2 ** 20)).toEqual([256, 128, 256, 512]);
  // A picture of 448² in Qwen2-VL-7B: 1024 patches of 588 numbers, 256 tokens of 3584, some words.
  const bytes = activationBytes({ pixels: 1024 * 588, features: 256, tokens: 270, hiddenSize: 3584 });
  expect(Math.floor(groupBytes(null) / bytes)).toBeGreaterThanOrEqual(25);
  expect(bytes).toBeGreaterThanOrEqual(4 * (1024 * 588 + Math.max(1024 * 1280, 526 * 3584)));
});

test('large weights are not downloaded for each group', () => {
  const remote = { label: 'https://example.com/', isRemote: true };
  expect(() => expectNear(remote, Q4_2B)).toThrow(UnsupportedError);
  expect(() => expectNear(remote, Q4_2B)).toThrow(/1149 MB.*store: true/);
  expect(() => expectNear({ label: '/models/2b' }, Q4_2B)).not.toThrow();
  expect(() => expectNear(remote, model(5e6))).not.toThrow();
});
