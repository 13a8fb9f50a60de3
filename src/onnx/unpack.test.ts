import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import type { StoredTensor } from '../bundle/manifest';
import { GraphBuilder } from './graph-builder';
import { linear } from './linear';
import { allocateRows, BlockQuantizer, quantizedTensors } from './quantize';
import { unpackedBytes, unpackWeights } from './unpack';

const OUT = 12;

/** A quantized matrix between two vectors, as in a weight file. */
function weightFile(bits: 4 | 8, zeroPoints: boolean, columns: number) {
  const format = { bits, zeroPoints };
  const values = Float32Array.from({ length: OUT * columns }, (_, i) => Math.sin(i * i));
  const rows = allocateRows(format, OUT, columns);
  const quantizer = new BlockQuantizer(format);
  for (let row = 0; row < OUT; row++) quantizer.quantizeRow(values, row * columns, columns, rows, row);
  const vector = new Uint8Array(Float32Array.from({ length: OUT }, (_, i) => i).buffer);
  const data = [
    vector,
    rows.codes,
    new Uint8Array(rows.scales.buffer),
    ...(rows.zeroPoints ? [rows.zeroPoints] : []),
    vector,
  ];
  const described: Omit<StoredTensor, 'offset'>[] = [
    { name: 'before', dtype: 'f32', shape: [OUT], bytes: vector.length },
    ...quantizedTensors('w', format, OUT, columns),
    { name: 'b', dtype: 'f32', shape: [OUT], bytes: vector.length },
  ];
  const bytes = new Uint8Array(1 << 15);
  const tensors = described.map((tensor, i) => {
    const offset = 64 + i * 4096;
    bytes.set(data[i]!, offset);
    return { ...tensor, offset };
  });
  return { tensors, bytes };
}

async function product({ tensors, bytes }: { tensors: StoredTensor[]; bytes: Uint8Array }, columns: number) {
  const graph = new GraphBuilder({ name: 'g', weightsPath: 'w.bin', tensors });
  const x = graph.input('x', 'f32', ['rows', columns]);
  const bias = graph.node('Add', 'bias', [graph.stored('before', 'f32', [OUT]), graph.stored('b', 'f32', [OUT])]);
  const y = linear(graph, 'y', x, { weight: 'w', inFeatures: columns, outFeatures: OUT, bias, type: 'f32' });
  graph.output(y, 'f32', ['rows', OUT]);
  const session = await ort.InferenceSession.create(graph.build(), { externalData: [{ path: 'w.bin', data: bytes }] });
  // The identity: what comes out are the weights themselves, to the last bit.
  const identity = Float32Array.from({ length: columns * columns }, (_, i) => (i % (columns + 1) === 0 ? 1 : 0));
  const { y: output } = await session.run({ x: new ort.Tensor('float32', identity, [columns, columns]) });
  await session.release();
  return output!.data as Float32Array;
}

describe.each([
  [4, false],
  [4, true],
  [8, false],
  [8, true],
] as const)('%i bits, zero points %s', (bits, zeroPoints) => {
  // 80 columns: the last block is half full
  test.each([64, 80])('unpacked to what ONNX Runtime multiplies with, %i columns', async (columns) => {
    const stored = weightFile(bits, zeroPoints, columns);
    const unpacked = unpackWeights(stored, (name) => (name === 'w' ? columns : undefined));
    expect(unpacked.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape }))).toEqual([
      { name: 'before', dtype: 'f32', shape: [OUT] },
      { name: 'w', dtype: 'f32', shape: [OUT, columns] },
      { name: 'b', dtype: 'f32', shape: [OUT] },
    ]);
    expect(await product(unpacked, columns)).toEqual(await product(stored, columns));
    expect(unpackedBytes(stored.tensors)).toBe(OUT * Math.ceil(columns / 32) * 32 * 4);
    expect(unpackedBytes(unpacked.tensors)).toBe(0);
    expect(unpackWeights(stored, () => undefined).tensors.map(({ name }) => name)).toEqual(
      stored.tensors.map(({ name }) => name),
    );
  });
});
