/**
 * @file Whether int8 products can replace exact ones on this processor. ONNX Runtime has different kernels for
 * different processors: some have none, and weights are then unpacked twice; on one that accumulates in 16 bits, sums
 * may saturate. So a small matrix with the largest codes is multiplied first, and compared with arithmetic in float64.
 */

import type { StoredTensor } from '../bundle/manifest';
import { GraphBuilder, linear, type Product } from '../onnx';
import type { Ort } from './ort';
import { ortQueue } from './queue';

/** Two rows and one more, four columns of blocks: what kernels process together, and a remainder. */
const ROWS = 3;
const COLUMNS = 128;
const OUT = 20;
const BLOCKS = COLUMNS / 32;
/** A pair loses 2e-5, rounding once 5e-3, a saturated sum much more. */
const RIGHT = 2e-4;

const checked = new WeakMap<Ort, Promise<boolean>>();

/** Whether `pair` products ({@link Product}) are right here, and computed with int8 at all. Tried once. */
export function pairsAreRight(ort: Ort): Promise<boolean> {
  let answer = checked.get(ort);
  if (!answer) {
    answer = check(ort);
    checked.set(ort, answer);
    answer.catch(() => checked.delete(ort));
  }
  return answer;
}

async function check(ort: Ort): Promise<boolean> {
  const weights = extremeWeights();
  const x = extremeRows();
  const expected = product(x, weights.exact);
  const once = await multiplied(ort, 'int8', x, weights);
  // there is no int8: single products are as exact as level 0, and pairs are slower
  if (relativeError(once, expected) < RIGHT) return false;
  return relativeError(await multiplied(ort, 'pair', x, weights), expected) < RIGHT;
}

/** 8-bit codes with zero points: complete rows of the largest and of the smallest, then mixed ones. */
function extremeWeights() {
  const codes = Uint8Array.from({ length: OUT * COLUMNS }, (_, i) => {
    const row = Math.floor(i / COLUMNS);
    return row < 4 ? 255 : row < 8 ? 0 : (i * 97 + row * 31) % 256;
  });
  const zeroPoints = Uint8Array.from({ length: OUT * BLOCKS }, (_, i) => [128, 0, 255, 77][i % 4]!);
  const exact = Float64Array.from(codes, (code, i) => (code - zeroPoints[Math.floor(i / 32)]!) / 128);
  return { codes, zeroPoints, exact };
}

/** The largest values throughout, then with alternating signs, then mixed. */
function extremeRows(): Float32Array {
  return Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => {
    const [row, column] = [Math.floor(i / COLUMNS), i % COLUMNS];
    if (row === 0) return 1;
    return row === 1 ? (column % 2 === 0 ? 1 : -1) : Math.sin(i * i);
  });
}

async function multiplied(
  ort: Ort,
  kind: Product,
  x: Float32Array,
  { codes, zeroPoints }: ReturnType<typeof extremeWeights>,
): Promise<Float32Array> {
  const scales = new Uint16Array(OUT * BLOCKS).fill(0x2000); // 1/128 as a half float
  const path = 'weights.bin';
  const parts: [Omit<StoredTensor, 'offset' | 'bytes'>, Uint8Array][] = [
    [{ name: 'w.q', dtype: 'u8', shape: [OUT, BLOCKS, 32] }, codes],
    [{ name: 'w.scale', dtype: 'f16', shape: [OUT, BLOCKS] }, new Uint8Array(scales.buffer)],
    [{ name: 'w.zp', dtype: 'u8', shape: [OUT, BLOCKS] }, zeroPoints],
  ];
  let end = 0;
  const tensors = parts.map(([tensor, bytes]): StoredTensor => {
    const offset = end;
    end += Math.ceil(bytes.length / 64) * 64;
    return { ...tensor, offset, bytes: bytes.length };
  });
  const data = new Uint8Array(end);
  for (const [i, { offset }] of tensors.entries()) data.set(parts[i]![1], offset);
  const graph = new GraphBuilder({ name: 'int8-check', weightsPath: path, tensors });
  const input = graph.input('x', 'f32', ['rows', COLUMNS]);
  const options = { weight: 'w', inFeatures: COLUMNS, outFeatures: OUT, type: 'f32', product: kind } as const;
  graph.output(linear(graph, 'y', input, options), 'f32', ['rows', OUT]);
  return ortQueue.add(async () => {
    const session = await ort.InferenceSession.create(graph.build(), {
      executionProviders: ['cpu'],
      externalData: [{ path, data }],
    });
    try {
      const { y } = await session.run({ x: new ort.Tensor('float32', x, [ROWS, COLUMNS]) });
      return y!.data as Float32Array;
    } finally {
      await session.release();
    }
  });
}

/** x · wᵀ. // [ROWS, COLUMNS], [OUT, COLUMNS] → [ROWS, OUT] */
function product(x: Float32Array, w: Float64Array): Float64Array {
  return Float64Array.from({ length: ROWS * OUT }, (_, at) => {
    const [row, out] = [Math.floor(at / OUT), at % OUT];
    let sum = 0;
    for (let i = 0; i < COLUMNS; i++) sum += x[row * COLUMNS + i]! * w[out * COLUMNS + i]!;
    return sum;
  });
}

/** NaN counts as wrong: it is not below any bound. */
function relativeError(found: Float32Array, expected: Float64Array): number {
  let error = 0;
  let norm = 0;
  for (const [i, value] of expected.entries()) {
    error += (found[i]! - value) ** 2;
    norm += value * value;
  }
  return Math.sqrt(error / norm);
}
