/** @file ONNX protobuf messages, from `onnx-proto`, and the numbers of `onnx.proto` that the builder writes. */

// The package is CommonJS: Node and Vite both give its exports as the default.
import onnxProto from 'onnx-proto';

export const { onnx } = onnxProto;

/** `TensorProto.DataType` of the types used here. */
export const DATA_TYPE = { f32: 1, u8: 2, i32: 6, i64: 7, f16: 10 } as const;

export type DataType = keyof typeof DATA_TYPE;

/** `ir_version` 8 came with opset 15; external data, and initializers that are not inputs, need at least 4. */
export const IR_VERSION = 8;

/**
 * Operator sets. 17 is the first with LayerNormalization; nothing later is used. com.microsoft holds the fused
 * operators of ONNX Runtime.
 */
export const OPSETS = [
  { domain: '', version: 17 },
  { domain: 'com.microsoft', version: 1 },
] as const;
