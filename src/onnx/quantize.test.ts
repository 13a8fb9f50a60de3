import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StoredTensor } from '../bundle/manifest';
import { aboutNormal } from '../testing/random';
import { GraphBuilder } from './graph-builder';
import { linear } from './linear';
import {
  allocateRows,
  BlockQuantizer,
  dequantizeRow,
  quantizationError,
  quantizedTensors,
  type BlockFormat,
} from './quantize';

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'quantize-test-'))));
afterAll(() => rm(folder, { recursive: true }));

const FORMATS: BlockFormat[] = [
  { bits: 4, zeroPoints: false },
  { bits: 4, zeroPoints: true },
  { bits: 8, zeroPoints: false },
  { bits: 8, zeroPoints: true },
];

describe.each(FORMATS)('$bits bits, zero points $zeroPoints', (format) => {
  // 96 columns: three blocks, so that a row of 4-bit zero points ends in half a byte
  test.each([64, 96])('ONNX Runtime reads the same matrix of %i columns as the exact inverse', async (columns) => {
    const outFeatures = 20;
    const weights = aboutNormal(outFeatures * columns, 5);
    const rows = allocateRows(format, outFeatures, columns);
    const quantizer = new BlockQuantizer(format);
    const restored = new Float32Array(weights.length);
    for (let row = 0; row < outFeatures; row++) {
      quantizer.quantizeRow(weights, row * columns, columns, rows, row);
      dequantizeRow(format, rows, row, columns, restored, row * columns);
    }

    const file = new Uint8Array(1 << 16);
    const data = [rows.codes, new Uint8Array(rows.scales.buffer), ...(rows.zeroPoints ? [rows.zeroPoints] : [])];
    const tensors = quantizedTensors('w', format, outFeatures, columns).map((tensor, i): StoredTensor => {
      expect(data[i]!.length).toBe(tensor.bytes);
      file.set(data[i]!, i * 16384);
      return { ...tensor, offset: i * 16384 };
    });
    const name = `${format.bits}-${format.zeroPoints}-${columns}.bin`;
    await writeFile(join(folder, name), file);
    const graph = new GraphBuilder({ name: 'g', weightsPath: name, tensors });
    const x = graph.input('x', 'f32', ['rows', columns]);
    graph.output(linear(graph, 'y', x, { weight: 'w', inFeatures: columns, outFeatures, type: 'f32' }), 'f32', [
      'rows',
      outFeatures,
    ]);
    const model = join(folder, `${name}.onnx`);
    await writeFile(model, graph.build());

    const session = await ort.InferenceSession.create(model);
    const identity = Float32Array.from({ length: columns * columns }, (_, i) => (i % (columns + 1) === 0 ? 1 : 0));
    const { y } = await session.run({ x: new ort.Tensor('float32', identity, [columns, columns]) });
    const transposed = y!.data as Float32Array; // [columns, outFeatures]
    const actual = Float32Array.from(
      restored,
      (_, i) => transposed[(i % columns) * outFeatures + Math.floor(i / columns)]!,
    );
    expect(actual.findIndex((value, i) => value !== restored[i])).toBe(-1); // to the last bit
    await session.release();
  });
});

test('searching, and zero points, each lower the error; 8 bits far more', () => {
  const values = aboutNormal(64 * 256, 11);
  const relative = (bits: 4 | 8, zeroPoints: boolean, search: boolean) => {
    const { error, norm } = quantizationError(values, 256, { bits, zeroPoints }, { search });
    return Math.sqrt(error / norm);
  };
  expect(relative(4, false, true)).toBeLessThan(relative(4, false, false));
  expect(relative(4, true, true)).toBeLessThan(relative(4, true, false));
  expect(relative(4, true, true)).toBeLessThan(relative(4, false, true));
  expect(relative(8, false, true)).toBeLessThan(relative(4, true, true) / 12);
});
