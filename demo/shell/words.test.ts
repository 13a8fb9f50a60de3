import { expect, test } from 'vitest';
import { ImageTooLargeError } from '../../src/errors';
import { bytesInWords, errorInWords, modelInWords, progressInWords, timeInWords } from './words';

test('sizes switch units where the rounded number would have four digits', () => {
  expect([0, 999, 1000, 1536, 9949, 9950, 999_499, 999_500, 26_861_777, 1_300_000_000].map(bytesInWords)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '1.5 kB',
    '9.9 kB',
    '10 kB',
    '999 kB',
    '1.0 MB',
    '27 MB',
    '1.3 GB',
  ]);
});

test('times', () => {
  expect([0.4, 87.3, 999.4, 999.6, 2345, 9949, 61_000].map(timeInWords)).toEqual([
    '0 ms',
    '87 ms',
    '999 ms',
    '1.0 s',
    '2.3 s',
    '9.9 s',
    '61 s',
  ]);
});

test('progress has a share only if the total is known', () => {
  expect(progressInWords({ phase: 'download', loaded: 1_500_000, total: 6_000_000 })).toEqual({
    text: 'Loading the model: 1.5 MB of 6.0 MB',
    share: 0.25,
  });
  expect(progressInWords({ phase: 'probe' })).toEqual({ text: 'Testing the model on this device…', share: null });
});

test('a model on the CPU says why it is not on the GPU', () => {
  const facts = { dims: 256, dtype: 'q8', bytes: 6_200_000, device: 'wasm', threads: 2, adapter: null, ladder: [] };
  const cpu = 'nano: 6.2 MB of q8 weights, 256 numbers per embedding. Runs on the CPU (WebAssembly, 2 threads)';
  expect(modelInWords('nano', facts, 'wasm')).toBe(`${cpu}.`);
  expect(modelInWords('nano', facts, 'auto')).toBe(`${cpu}. That is slower than a GPU. This browser offers no GPU.`);
  const ladder = [{ device: 'webgpu', outcome: 'error', reason: 'Shaders do not compile. Use another device.' }];
  expect(modelInWords('nano', { ...facts, ladder }, 'auto')).toBe(
    `${cpu}. That is slower than a GPU. Shaders do not compile.`,
  );
});

test('errors say what they mean before the details', () => {
  expect(errorInWords(new ImageTooLargeError('50000×50000 pixels.'))).toBe(
    'This picture is too large. 50000×50000 pixels.',
  );
  expect(errorInWords(new Error('odd'))).toBe('odd');
  expect(errorInWords('text')).toBe('text');
});
