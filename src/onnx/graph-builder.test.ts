import { describe, expect, test } from 'vitest';
import type { StoredTensor } from '../bundle/manifest';
import { BundleFormatError } from '../errors';
import { GraphBuilder } from './graph-builder';
import { linear } from './linear';
import { DATA_TYPE, onnx } from './proto';

const tensors: StoredTensor[] = [
  { name: 'w', dtype: 'f16', shape: [8, 64], offset: 0, bytes: 1024 },
  { name: 'b', dtype: 'f32', shape: [8], offset: 2 ** 31 + 64, bytes: 32 },
];

function builder(stored = tensors): GraphBuilder {
  return new GraphBuilder({ name: 'g', weightsPath: 'weights/text.0.bin', tensors: stored });
}

function decode(bytes: Uint8Array) {
  return onnx.ModelProto.toObject(onnx.ModelProto.decode(bytes), { longs: Number, enums: Number });
}

function smallModel() {
  const graph = builder();
  const x = graph.input('x', 'f32', ['rows', 64]);
  const y = linear(graph, 'y', x, {
    weight: 'w',
    bias: graph.stored('b', 'f32', [8]),
    inFeatures: 64,
    outFeatures: 8,
    type: 'f32',
  });
  graph.node('Reshape', 'z', [y, graph.int64('shape', [-1, 2 ** 40, 4])], { attributes: { axis: { int: -1 } } });
  graph.output('z', 'f32', ['rows', 8]);
  return decode(graph.build());
}

describe('the model', () => {
  test('imports both operator sets', () => {
    const model = smallModel();
    expect(model.irVersion).toBe(8);
    expect(model.opsetImport).toEqual([
      { domain: '', version: 17 },
      { domain: 'com.microsoft', version: 1 },
    ]);
  });

  test('refers to the weight file by location, offset and length', () => {
    const { initializer } = smallModel().graph;
    const external = initializer.filter((tensor: { dataLocation?: number }) => tensor.dataLocation === 1);
    expect(external.map(({ name, dataType, dims }: Record<string, unknown>) => ({ name, dataType, dims }))).toEqual([
      { name: 'b', dataType: DATA_TYPE.f32, dims: [8] },
      { name: 'w', dataType: DATA_TYPE.f16, dims: [8, 64] },
    ]);
    expect(external[0].externalData).toEqual([
      { key: 'location', value: 'weights/text.0.bin' },
      { key: 'offset', value: '2147483712' },
      { key: 'length', value: '32' },
    ]);
    expect(external[0].rawData).toBeUndefined();
  });

  test('holds int64 constants, also negative and beyond 32 bits', () => {
    const shape = smallModel().graph.initializer.find((tensor: { name: string }) => tensor.name === 'shape');
    const { buffer, byteOffset, byteLength } = shape.rawData as Uint8Array;
    expect([...new BigInt64Array(buffer.slice(byteOffset, byteOffset + byteLength))]).toEqual([-1n, 2n ** 40n, 4n]);
    expect(shape.dataType).toBe(DATA_TYPE.i64);
  });

  test('tells integer from float attributes, and keeps negative integers', () => {
    const { node } = smallModel().graph;
    const reshape = node.find((each: { opType: string }) => each.opType === 'Reshape');
    expect(reshape.attribute).toEqual([{ name: 'axis', type: onnx.AttributeProto.AttributeType.INT, i: -1 }]);
    const gemm = node.find((each: { opType: string }) => each.opType === 'Gemm');
    expect(gemm.attribute).toEqual([{ name: 'transB', type: onnx.AttributeProto.AttributeType.INT, i: 1 }]);
  });

  test('names lengths that are known only at run time', () => {
    const { input } = smallModel().graph;
    expect(input[0].type.tensorType.shape.dim).toEqual([{ dimParam: 'rows' }, { dimValue: 64 }]);
  });
});

describe('refuses', () => {
  test('a tensor that the weight file lacks', () => {
    expect(() => builder().stored('c', 'f32', [8])).toThrow(BundleFormatError);
    expect(() => builder().stored('c', 'f32', [8])).toThrow(/"weights\/text\.0\.bin" lacks the tensor "c"/);
  });

  test('another type or shape', () => {
    expect(() => builder().stored('b', 'f16', [8])).toThrow(/"b".* is f32 \[8\], but the model needs f16 \[8\]/);
    expect(() => builder().stored('b', 'f32', [9])).toThrow(BundleFormatError);
  });

  test('tensors that no node uses', () => {
    const graph = builder();
    graph.stored('b', 'f32', [8]);
    expect(() => graph.build()).toThrow(/does not use: w/);
  });

  test('block weights of another block size', () => {
    const graph = builder([{ name: 'w.q', dtype: 'u8', shape: [8, 1, 64], offset: 0, bytes: 512 }]);
    const options = { weight: 'w', inFeatures: 64, outFeatures: 8, type: 'f32' } as const;
    expect(() => linear(graph, 'y', graph.input('x', 'f32', [1, 64]), options)).toThrow(BundleFormatError);
  });
});
