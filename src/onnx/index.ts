/** @file ONNX models written node by node, with their weights in an external file. */

export {
  GraphBuilder,
  type Attribute,
  type Dimension,
  type GraphBuilderOptions,
  type QuantizedInput,
  type Value,
} from './graph-builder';
export { countFlops, type Fed } from './flops';
export { linear, type LinearOptions, type Product } from './linear';
export * from './ops';
export { unpackedBytes, unpackWeights } from './unpack';
