import * as node from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { pairsAreRight } from './int8-kernels';
import type { Ort } from './ort';

/** ONNX Runtime with changed results; sessions are told apart by their graph's size, since only pairs have branches. */
function changed(change: (y: Float32Array, x: Float32Array) => Float32Array): Ort {
  const create = async (model: Uint8Array, options: object) => {
    const session = await node.InferenceSession.create(model, options);
    return {
      run: async (feeds: { x: node.Tensor }) => {
        const { y } = await session.run(feeds);
        return { y: { data: change(y!.data as Float32Array, feeds.x.data as Float32Array) } };
      },
      release: () => session.release(),
    };
  };
  return { ...node, InferenceSession: { create } } as unknown as Ort;
}

test('pairs are used if the kernels are right, which is tried once', async () => {
  let runs = 0;
  const ort = changed((y) => (runs++, y));
  expect(await pairsAreRight(ort)).toBe(true);
  expect(await pairsAreRight(ort)).toBe(true);
  expect(runs).toBe(2);
});

test.each<[string, (y: Float32Array) => Float32Array]>([
  ['cut off at 16 bits', (y) => y.map((value) => Math.max(-32767 / 127 / 128, Math.min(32767 / 127 / 128, value)))],
  ['not finite', (y) => y.map(() => NaN)],
  ['wrong in one element', (y) => y.with(7, y[7]! * 1.1)],
])('pairs are not used where sums are %s', async (_, change) => {
  expect(await pairsAreRight(changed(change))).toBe(false);
});
