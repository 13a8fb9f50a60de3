/** @file What one product with a quantized weight loses on a device: relative error (RMS) against float64. */
import { uniforms } from '../../src/bundle/random';
import { GraphBuilder, linear } from '../../src/onnx';
import { allocateRows, BLOCK, BlockQuantizer, dequantizeRow, quantizedTensors } from '../../src/onnx/quantize';
import type { Place } from '../../src/runtime/matmul-rate';
import { providerOptions } from '../../src/runtime/stage';

/** Rows of the activations, columns of the weight as [out, in]: as needed for the kernels for many rows. */
const [ROWS, INNER, COLUMNS] = [70, 1536, 256];
const FILE = 'product.bin';

/** The weight is quantized first, so its own rounding is not included. */
export async function productError(
  { ort, rung, product }: Pick<Place, 'ort' | 'rung' | 'product'>,
  dtype: 'q4' | 'q8',
): Promise<number> {
  const random = uniforms(9);
  const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  const format = { bits: dtype === 'q4' ? 4 : 8, zeroPoints: false } as const;
  const weight = Float32Array.from({ length: COLUMNS * INNER }, normal);
  const rows = allocateRows(format, COLUMNS, INNER);
  const quantizer = new BlockQuantizer(format);
  const used = new Float32Array(weight.length);
  for (let row = 0; row < COLUMNS; row++) {
    quantizer.quantizeRow(weight, row * INNER, INNER, rows, row);
    dequantizeRow(format, rows, row, INNER, used, row * INNER);
  }
  const pieces = [rows.codes, new Uint8Array(rows.scales.buffer, rows.scales.byteOffset, rows.scales.byteLength)];
  let offset = 0;
  const tensors = quantizedTensors('w', format, COLUMNS, INNER).map((tensor) => {
    const placed = { ...tensor, offset };
    offset += tensor.bytes;
    return placed;
  });
  const data = new Uint8Array(offset);
  tensors.forEach((tensor, i) => data.set(pieces[i]!, tensor.offset));

  const { activations } = rung;
  const graph = new GraphBuilder({ name: 'product', weightsPath: FILE, tensors });
  const given = graph.input('x', 'f32', ['rows', INNER]);
  const x = activations === 'f16' ? graph.node('Cast', 'x.f16', [given], { attributes: { to: { int: 10 } } }) : given;
  const y = linear(graph, 'y', x, { weight: 'w', inFeatures: INNER, outFeatures: COLUMNS, type: activations, product });
  graph.output(graph.node('Cast', 'out', [y], { attributes: { to: { int: 1 } } }), 'f32', ['rows', COLUMNS]);
  const session = await ort.InferenceSession.create(graph.build(), {
    ...providerOptions({ rung, gpu: null, keepOnGpu: false }),
    externalData: [{ path: FILE, data }],
  });
  const input = Float32Array.from({ length: ROWS * INNER }, normal);
  const { out } = await session.run({ x: new ort.Tensor('float32', input, [ROWS, INNER]) });
  const found = (await out!.getData()) as Float32Array;
  await session.release();
  let error = 0;
  let norm = 0;
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      let sum = 0;
      for (let i = 0; i < INNER; i++) sum += input[row * INNER + i]! * used[column * INNER + i]!;
      error += (found[row * COLUMNS + column]! - sum) ** 2;
      norm += sum ** 2;
    }
  }
  return Math.sqrt(error / norm);
}

/** The weights of a row are complete blocks. */
if (INNER % BLOCK !== 0) throw new Error('The inner size is no multiple of the block.');
