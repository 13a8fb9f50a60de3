/** @file A linear layer in whatever way its weight is stored: MatMulNBits for q8 and q4, Gemm for fp16 and fp32. */

import { BLOCK } from '../bundle/blocks';
import { BundleFormatError } from '../errors';
import type { GraphBuilder, Value } from './graph-builder';
import { asInt8Pair, isFew, sumOfHalves } from './int8-pair';
import { castFrom, type FloatType } from './ops';

export interface LinearOptions {
  /** Name of the weight; its stored tensors start with it. */
  weight: string;
  inFeatures: number;
  outFeatures: number;
  /** Of `type`. // [outFeatures] */
  bias?: Value;
  /** Type of the activations. */
  type: FloatType;
  /** Multiplies x·Wᵀ. Only for weights that are never quantized. @default 1 */
  alpha?: number;
  /** How it is multiplied, where the weight is quantized. @default 'float' */
  product?: Product;
}

/**
 * How a product with a quantized weight is computed. `float`: in the activations' type. `pair`: the same to 2e-5, where that is
 * faster: with 8 bits and few rows as two products of int8; float32 activations only. `int8`: activations rounded to 8 bits,
 * block by block, which costs 5e-3 (an element's relative error).
 */
export type Product = 'float' | 'pair' | 'int8';

/**
 * x·Wᵀ + bias. // [n, in] → [n, out]
 * @throws BundleFormatError when the stored tensors do not make up such a weight.
 */
export function linear(graph: GraphBuilder, name: string, x: Value, options: LinearOptions): Value {
  return graph.storedInfo(`${options.weight}.q`)
    ? quantizedLinear(graph, name, x, options)
    : floatLinear(graph, name, x, options);
}

function floatLinear(graph: GraphBuilder, name: string, x: Value, options: LinearOptions): Value {
  const { weight, inFeatures, outFeatures, bias, type, alpha = 1 } = options;
  const dtype = graph.storedInfo(weight)?.dtype === 'f16' ? 'f16' : 'f32';
  const stored = graph.stored(weight, dtype, [outFeatures, inFeatures]);
  const w = castFrom(graph, `${weight}.${type}`, stored, dtype, type);
  return graph.node('Gemm', name, bias === undefined ? [x, w] : [x, w, bias], {
    attributes: { transB: { int: 1 }, ...(alpha === 1 ? {} : { alpha: { float: alpha } }) },
  });
}

function quantizedLinear(graph: GraphBuilder, name: string, x: Value, options: LinearOptions): Value {
  const { weight, inFeatures, outFeatures, bias, type } = options;
  if (options.alpha !== undefined) {
    throw new BundleFormatError(`The weight "${weight}" must not be quantized. Convert the checkpoint again.`);
  }
  const blocks = Math.ceil(inFeatures / BLOCK);
  const blockBytes = graph.storedInfo(`${weight}.q`)?.shape[2];
  const bits = blockBytes === BLOCK ? 8 : 4;
  graph.quantizedInputs.push({ weight, bits, x, columns: inFeatures });
  const q = graph.stored(`${weight}.q`, 'u8', [outFeatures, blocks, (BLOCK * bits) / 8]);
  // Scales must have the activations' type; the cast is done once, when the session is made.
  const stored = graph.stored(`${weight}.scale`, 'f16', [outFeatures, blocks]);
  const scales = castFrom(graph, `${weight}.scale.${type}`, stored, 'f16', type);
  const zeroPoints = graph.storedInfo(`${weight}.zp`)
    ? graph.stored(`${weight}.zp`, 'u8', [outFeatures, Math.ceil((blocks * bits) / 8)])
    : null;
  const multiplied = (output: string, a: Value, level: 0 | 4, added?: Value) => {
    const inputs: (Value | null)[] = [a, q, scales];
    if (added !== undefined) inputs.push(zeroPoints, null, added);
    else if (zeroPoints !== null) inputs.push(zeroPoints);
    return graph.node('MatMulNBits', output, inputs, {
      domain: 'com.microsoft',
      attributes: {
        K: { int: inFeatures },
        N: { int: outFeatures },
        bits: { int: bits },
        block_size: { int: BLOCK },
        // 0: the activations keep their type. 4: rounded to int8 in blocks.
        accuracy_level: { int: level },
      },
    });
  };
  if (options.product === 'int8') return multiplied(name, x, 4, bias);
  const pairs = options.product === 'pair' && bits === 8 && type === 'f32' && inFeatures % BLOCK === 0;
  if (!pairs) return multiplied(name, x, 0, bias);
  return graph.either(name, isFew(graph, x), {
    then: () => {
      const both = asInt8Pair(graph, `${name}.x`, x, inFeatures);
      const sum = sumOfHalves(graph, `${name}.pair`, multiplied(`${name}.int8`, both, 4));
      return bias === undefined ? sum : graph.node('Add', `${name}.pair.biased`, [sum, bias]);
    },
    else: () => multiplied(`${name}.float`, x, 0, bias),
  });
}
