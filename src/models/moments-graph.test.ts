import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import type { StoredTensor } from '../bundle/manifest';
import { sketchSigns } from '../bundle/moments';
import { quantizedTensors } from '../onnx/quantize';
import type { Network } from './architecture';
import type { Context } from './blocks/activations';
import { applyLinear, linear } from './blocks/layers';
import { buildMomentsGraph } from './moments-graph';

const COLUMNS = 544;
const layer = (name: string, inFeatures: number, outFeatures: number) =>
  linear({ name, sources: [name], inFeatures, outFeatures, bias: false });
const LAYERS = { a: layer('a', COLUMNS, 32), b: layer('b', COLUMNS, 64), c: layer('c', 64, 32), d: layer('d', 32, 32) };
const BITS = { a: 4, b: 4, c: 4, d: 8 } as const;

/** Two matrices read x, one of them reads what the second returns, and one of 8 bits reads what the third returns. */
const network = {
  name: 'test',
  towers: {
    text: {
      blocks: [[]],
      build: (context: Context) => {
        const { graph } = context;
        const x = graph.input('x', 'f32', ['rows', COLUMNS]);
        graph.output(applyLinear(context, LAYERS.a, x), 'f32', ['rows', 32]);
        const third = applyLinear(context, LAYERS.c, applyLinear(context, LAYERS.b, x));
        graph.output(applyLinear(context, LAYERS.d, third), 'f32', ['rows', 32]);
        graph.output('b', 'f32', ['rows', 64]);
      },
    },
  },
} as unknown as Network;

function storedTensors(): { tensors: StoredTensor[]; data: Uint8Array } {
  const tensors: StoredTensor[] = [];
  let end = 0;
  for (const [name, { outFeatures, inFeatures }] of Object.entries(LAYERS)) {
    const bits = BITS[name as keyof typeof BITS];
    for (const tensor of quantizedTensors(`${name}.weight`, { bits, zeroPoints: false }, outFeatures, inFeatures)) {
      tensors.push({ ...tensor, offset: end });
      end += Math.ceil(tensor.bytes / 64) * 64;
    }
  }
  // Any codes, and scales of 0.0146.
  const data = Uint8Array.from({ length: end }, (_, i) => (i * 37 + (i >> 3) * 11) & 255);
  for (const { name, offset, bytes } of tensors) {
    if (name.endsWith('.scale')) new Uint16Array(data.buffer, offset, bytes / 2).fill(0x2378);
  }
  return { tensors, data };
}

test('X ᵀ X of every input of 4-bit matrices, a group of columns at a time', async () => {
  const { tensors, data } = storedTensors();
  const stage = { kind: 'text', blocks: { first: 0, last: 1 }, weights: { path: 'w' }, tensors } as const;
  const { model, moments } = buildMomentsGraph(network, { ...stage, tensors }, {});
  expect(moments.map(({ columns, weights }) => ({ columns, weights }))).toEqual([
    { columns: COLUMNS, weights: ['a.weight', 'b.weight'] },
    { columns: 64, weights: ['c.weight'] },
  ]);
  const session = await ort.InferenceSession.create(model, { externalData: [{ path: 'w', data }] });
  const rows = 7;
  const x = Float32Array.from({ length: rows * COLUMNS }, (_, i) => Math.sin(i * 1.7) * (1 + (i % 3)));
  const outputs = await session.run({ x: new ort.Tensor('float32', x, [rows, COLUMNS]) });
  const inputs = [x, outputs.b!.data as Float32Array];
  expect(moments.map(({ sketch }) => sketch !== null)).toEqual([true, false]);
  const signs = sketchSigns(COLUMNS);
  const sketch = outputs[moments[0]!.sketch!]!;
  expect(sketch.dims).toEqual([COLUMNS, 64]);
  for (let c = 0; c < COLUMNS; c += 31) {
    for (let k = 0; k < 64; k += 9) {
      let sum = 0;
      for (let r = 0; r < rows; r++) {
        for (let i = 0; i < COLUMNS; i++) sum += x[r * COLUMNS + c]! * x[r * COLUMNS + i]! * signs[i * 64 + k]!;
      }
      expect(Math.abs((sketch.data as Float32Array)[c * 64 + k]! - sum)).toBeLessThan(1e-2);
    }
  }
  moments.forEach(({ output, columns }, m) => {
    const found = outputs[output]!;
    const width = columns === COLUMNS ? 192 : 64; // 544 = 192 + 192 + 160
    const groups = Math.ceil(columns / width);
    expect(found.dims).toEqual([groups, width, width]);
    const values = found.data as Float32Array;
    const input = inputs[m]!;
    for (let g = 0; g < groups; g++) {
      for (let i = 0; i < width; i++) {
        for (let k = 0; k < width; k += 5) {
          let sum = 0;
          const [a, b] = [g * width + i, g * width + k];
          if (a < columns && b < columns) {
            for (let r = 0; r < rows; r++) sum += input[r * columns + a]! * input[r * columns + b]!;
          }
          expect(Math.abs(values[(g * width + i) * width + k]! - sum)).toBeLessThan(1e-3);
        }
      }
    }
  });
  await session.release();
});
