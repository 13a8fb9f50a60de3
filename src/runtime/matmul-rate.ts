/**
 * @file How fast this device multiplies matrices with ONNX Runtime and the model's own formats of weights and
 * activations: a few large products and nothing else. The speed of a model can be stated as a share of this.
 */

import type { StoredTensor, WeightDtype } from '../bundle/manifest';
import { toHalf } from '../bundle/float16';
import { uniforms } from '../bundle/random';
import { GraphBuilder, linear, type Product } from '../onnx';
import { quantizedTensors } from '../onnx/quantize';
import type { Gpu } from './device';
import type { Rung } from './ladder';
import type { Ort, Session } from './ort';
import { ortQueue } from './queue';
import type { Activations } from './types';
import { providerOptions } from './stage';

/** Where sessions are created. */
export interface Place {
  ort: Ort;
  rung: Rung;
  gpu: Gpu | null;
  /** How the model's products with quantized weights are computed. */
  product: Product;
  numThreads?: number;
  unlessLost<T>(work: Promise<T>): Promise<T>;
}

/** The best rate at which a device multiplies. */
export interface MatmulRate {
  /** Floating-point operations per second in the fastest run. */
  flopsPerSecond: number;
  /** The number of rows in that run. */
  rows: number;
  /** Rows and columns of the weight. */
  size: number;
  /** Bits of a weight: 4 and 8 by MatMulNBits, 16 and 32 by Gemm. */
  bits: 4 | 8 | 16 | 32;
}

const BITS = { q4: 4, q8: 8, fp16: 16, fp32: 32 } as const satisfies Record<WeightDtype, number>;
/** Near a 2B model's width; small enough that a first run on a software GPU takes a second or so. */
const SIZE = 2048;
/** Products in one run, one after another: so that the other costs of a run are shared among them. */
const PRODUCTS = 2;
const ROWS = [64, 256, 1024, 4096, 8192];
/** More rows would reveal nothing more. */
const ENOUGH_MS = 250;
const RUNS = 3;
const FILE = 'matmul.bin';

/** Measures it; takes a second or two, on slow devices up to ten. */
export async function measureMatmulRate(
  { ort, rung, gpu, product, numThreads, unlessLost }: Place,
  dtype: WeightDtype,
  signal?: AbortSignal,
): Promise<MatmulRate> {
  const { graph, weights } = products(dtype, { activations: rung.activations, product });
  const session: Session = await ortQueue.add(
    () =>
      unlessLost(
        ort.InferenceSession.create(graph, {
          ...providerOptions({ rung, gpu, numThreads, keepOnGpu: false }),
          externalData: [{ path: FILE, data: weights }],
        }),
      ),
    signal,
  );
  try {
    const row = new ort.Tensor('float32', signs(SIZE), [1, SIZE]);
    let best: MatmulRate = { flopsPerSecond: 0, rows: 0, size: SIZE, bits: BITS[dtype] };
    for (const rows of ROWS) {
      const shape = new ort.Tensor('int64', BigInt64Array.of(BigInt(rows), BigInt(SIZE)), [2]);
      const run = async () => {
        const start = performance.now();
        const { last } = await unlessLost(session.run({ row, shape }));
        await last!.getData(); // the end of the whole run
        return performance.now() - start;
      };
      await ortQueue.add(run, signal); // shaders, buffers
      let least = Infinity;
      for (let i = 0; i < RUNS && (i === 0 || least < 4 * ENOUGH_MS); i++) {
        least = Math.min(least, await ortQueue.add(run, signal));
      }
      const flopsPerSecond = (2 * PRODUCTS * rows * SIZE * SIZE * 1000) / least;
      if (flopsPerSecond > best.flopsPerSecond) best = { ...best, flopsPerSecond, rows };
      if (least > ENOUGH_MS) break;
    }
    return best;
  } finally {
    await ortQueue.add(() => session.release().catch(() => undefined));
  }
}

/**
 * One row, repeated on the device itself to as many as requested, and multiplied; one row of the result is returned.
 */
function products(dtype: WeightDtype, { activations, product }: { activations: Activations; product: Product }) {
  const { tensors, weights } = storedWeights(dtype);
  const graph = new GraphBuilder({ name: 'matmul', weightsPath: FILE, tensors });
  const row = graph.input('row', 'f32', [1, SIZE]);
  const shape = graph.input('shape', 'i64', [2]);
  let x = graph.node('Expand', 'rows', [row, shape]);
  if (activations === 'f16') x = graph.node('Cast', 'rows.f16', [x], { attributes: { to: { int: 10 } } });
  for (let i = 0; i < PRODUCTS; i++) {
    x = linear(graph, `product.${i}`, x, {
      ...{ weight: `w${i}`, inFeatures: SIZE, outFeatures: SIZE, type: activations, product },
    });
  }
  x = graph.node('Gather', 'last.row', [x, graph.int64('first', [0])], { attributes: { axis: { int: 0 } } });
  graph.output(graph.node('Cast', 'last', [x], { attributes: { to: { int: 1 } } }), 'f32', [1, SIZE]);
  return { graph: graph.build(), weights };
}

/** Random weights as a bundle stores them, scaled to keep the size of what they multiply. */
function storedWeights(dtype: WeightDtype): { tensors: StoredTensor[]; weights: Uint8Array } {
  const bits = BITS[dtype];
  const of = (name: string): Omit<StoredTensor, 'offset'>[] =>
    bits <= 8
      ? quantizedTensors(name, { bits: bits as 4 | 8, zeroPoints: false }, SIZE, SIZE)
      : [{ name, dtype: bits === 16 ? 'f16' : 'f32', shape: [SIZE, SIZE], bytes: (SIZE * SIZE * bits) / 8 }];
  let offset = 0;
  const tensors = Array.from({ length: PRODUCTS }, (_, i) => of(`w${i}`))
    .flat()
    .map((tensor) => {
      const placed = { ...tensor, offset };
      offset += tensor.bytes;
      return placed;
    });
  const weights = new Uint8Array(offset);
  const random = uniforms(1);
  /** Uniform codes have this variance. */
  const variance = (4 ** Math.min(bits, 8) - 1) / 12;
  const scale = toHalf(1 / Math.sqrt(SIZE * variance));
  const spread = Math.sqrt(12 / SIZE);
  for (const tensor of tensors) {
    const bytes = weights.subarray(tensor.offset, tensor.offset + tensor.bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (tensor.name.endsWith('.scale')) {
      for (let at = 0; at < bytes.length; at += 2) view.setUint16(at, scale, true);
    } else if (bits <= 8) {
      for (let at = 0; at < bytes.length; at++) bytes[at] = Math.floor(256 * random());
    } else {
      for (let at = 0; at < bytes.length; at += bits / 8) {
        const value = spread * (random() - 0.5);
        if (bits === 16) view.setUint16(at, toHalf(value), true);
        else view.setFloat32(at, value, true);
      }
    }
  }
  return { tensors, weights };
}

function signs(length: number): Float32Array {
  const random = uniforms(2);
  return Float32Array.from({ length }, () => (random() < 0.5 ? -1 : 1));
}
