import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aboutNormal } from '../testing/random';
import { GraphBuilder } from './graph-builder';
import { linear, type Product } from './linear';
import { allocateRows, BlockQuantizer, dequantizeRow, quantizedTensors } from './quantize';

const COLUMNS = 256;
const OUT = 40;
let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'int8-pair-test-'))));
afterAll(() => rm(folder, { recursive: true }));

interface Case {
  bits: 4 | 8;
  zeroPoints: boolean;
  bias: boolean;
}

/** A matrix on disk, its exact values, and x·Wᵀ + b as ONNX Runtime computes it. */
async function matrix({ bits, zeroPoints, bias }: Case, weights = aboutNormal(OUT * COLUMNS, 5)) {
  const format = { bits, zeroPoints };
  const rows = allocateRows(format, OUT, COLUMNS);
  const quantizer = new BlockQuantizer(format);
  const exact = new Float32Array(weights.length);
  for (let row = 0; row < OUT; row++) {
    quantizer.quantizeRow(weights, row * COLUMNS, COLUMNS, rows, row);
    dequantizeRow(format, rows, row, COLUMNS, exact, row * COLUMNS);
  }
  const added = aboutNormal(OUT, 9);
  const data = [rows.codes, new Uint8Array(rows.scales.buffer), ...(rows.zeroPoints ? [rows.zeroPoints] : [])];
  const file = new Uint8Array(1 << 16);
  const tensors = quantizedTensors('w', format, OUT, COLUMNS).map((tensor, i) => {
    file.set(data[i]!, i * 16384);
    return { ...tensor, offset: i * 16384 };
  });
  file.set(new Uint8Array(added.buffer), 60000);
  const all = [
    ...tensors,
    ...(bias ? [{ name: 'b', dtype: 'f32' as const, shape: [OUT], offset: 60000, bytes: 4 * OUT }] : []),
  ];
  const name = `${bits}-${zeroPoints}-${bias}`;
  await writeFile(join(folder, `${name}.bin`), file);
  const run = async (product: Product, x: Float32Array): Promise<Float32Array> => {
    const graph = new GraphBuilder({ name: 'g', weightsPath: `${name}.bin`, tensors: all });
    const input = graph.input('x', 'f32', ['rows', COLUMNS]);
    const y = linear(graph, 'y', input, {
      ...{ weight: 'w', inFeatures: COLUMNS, outFeatures: OUT, type: 'f32', product },
      bias: bias ? graph.stored('b', 'f32', [OUT]) : undefined,
    });
    graph.output(y, 'f32', ['rows', OUT]);
    const model = join(folder, `${name}-${product}.onnx`);
    await writeFile(model, graph.build());
    const session = await ort.InferenceSession.create(model);
    const { y: output } = await session.run({ x: new ort.Tensor('float32', x, [x.length / COLUMNS, COLUMNS]) });
    await session.release();
    return output!.data as Float32Array;
  };
  const expected = (x: Float32Array) =>
    Float64Array.from({ length: (x.length / COLUMNS) * OUT }, (_, at) => {
      const [row, out] = [Math.floor(at / OUT), at % OUT];
      let sum = bias ? added[out]! : 0;
      for (let i = 0; i < COLUMNS; i++) sum += x[row * COLUMNS + i]! * exact[out * COLUMNS + i]!;
      return sum;
    });
  return { run, expected };
}

function relativeError(found: Float32Array, expected: Float64Array): number {
  expect(found.length).toBe(expected.length);
  let [error, norm] = [0, 0];
  for (const [i, value] of expected.entries()) {
    error += (found[i]! - value) ** 2;
    norm += value * value;
  }
  return Math.sqrt(error / norm);
}

describe.each(
  ([4, 8] as const).flatMap((bits) =>
    [false, true].flatMap((zeroPoints) => [false, true].map((bias) => ({ bits, zeroPoints, bias }))),
  ),
)('$bits bits, zero points $zeroPoints, bias $bias', (each) => {
  // on both sides of where unpacking is worth it
  test.each([1, 3, 384])('%i rows are multiplied as exactly as is said', async (rows) => {
    const { run, expected } = await matrix(each);
    const x = aboutNormal(rows * COLUMNS, 11);
    for (let row = 0; row < rows; row++) x[row * COLUMNS + 70]! *= 60; // a massive channel
    x.fill(0, 0, 32);
    const wanted = expected(x);
    expect(relativeError(await run('float', x), wanted)).toBeLessThan(1e-6);
    expect(relativeError(await run('pair', x), wanted)).toBeLessThan(2e-4);
    const once = relativeError(await run('int8', x), wanted);
    expect(once).toBeGreaterThan(1e-3);
    expect(once).toBeLessThan(3e-2);
  });
});
