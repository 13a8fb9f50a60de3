/** @file Encodes rows as they are stored, and determines their place in the weight file. */

import { fitsHalf, halfTable, toHalves } from '../bundle/float16';
import type { WeightDtype } from '../bundle/manifest';
import { rowBytes, rowEncoder } from '../bundle/rows';
import { UnsupportedError } from '../errors';
import type { GroupFactors } from './feedback/factors';
import { FeedbackRows, type OutputError } from './feedback/encode-rows';
import {
  allocateRows,
  BlockQuantizer,
  dequantizeRow,
  rowSizes,
  type BlockFormat,
  type BlockRows,
} from '../onnx/quantize';
import type { Piece } from './pieces';
import { columnsOf, rowsPerChunk } from './rows';

/** Bytes for one place in the file. Valid until the next piece is encoded. */
export interface Encoded {
  position: number;
  bytes: Uint8Array;
}

/** Where a piece goes: the first byte of each of its parts, and their lengths. */
export function placesOf({ placed, row, count }: Piece, dtype: WeightDtype): { position: number; length: number }[] {
  const { layout, tensors, weight } = placed;
  return bytesPerRow(layout, columnsOf(weight), dtype).map((bytes, i) => ({
    position: tensors[i]!.offset + row * bytes,
    length: count * bytes,
  }));
}

/** Bytes that a row takes in each tensor of its weight. */
function bytesPerRow(layout: Piece['placed']['layout'], columns: number, dtype: WeightDtype): number[] {
  if (layout === 'table') return [rowBytes(dtype, columns)];
  if (layout === 'f32') return [4 * columns];
  if (layout === 'f16') return [2 * columns];
  const { codes, scales, zeroPoints } = rowSizes(layout, columns);
  return layout.zeroPoints ? [codes, scales, zeroPoints] : [codes, scales];
}

/** Encodes pieces one after another, in buffers that are reused. */
export class PieceEncoder {
  readonly #dtype: WeightDtype;
  readonly #quantizers = new Map<string, BlockQuantizer>();
  #feedback: FeedbackRows | null = null;
  #blocks: { key: string; rows: BlockRows } | null = null;
  #halves = new Uint16Array(0);
  #table: { encode: ReturnType<typeof rowEncoder>; bytes: Uint8Array } | null = null;
  /** Squared error, and squared norm, of the piece encoded last. */
  error = 0;
  norm = 0;
  /** With feedback: the squared error of the rows' outputs, and that with rounding to the nearest value. */
  outputs: OutputError | null = null;

  constructor(dtype: WeightDtype) {
    this.#dtype = dtype;
  }

  /**
   * @param values rows of the piece, transformed. // [count, columns]
   * @param factors for error feedback, by group of columns; null: round to the nearest value
   */
  encode(piece: Piece, values: Float32Array, factors: readonly (GroupFactors | null)[] | null = null): Encoded[] {
    const places = placesOf(piece, this.#dtype);
    return this.#bytes(piece, values, factors).map((bytes, i) => ({
      position: places[i]!.position,
      bytes: bytes.subarray(0, places[i]!.length),
    }));
  }

  #bytes(piece: Piece, values: Float32Array, factors: readonly (GroupFactors | null)[] | null): Uint8Array[] {
    const { layout } = piece.placed;
    this.norm = 0;
    for (let i = 0; i < values.length; i++) this.norm += values[i]! * values[i]!;
    this.error = 0;
    this.outputs = null;
    if (layout === 'f32') return [bytesOf(values)];
    if (layout === 'f16') return [this.#halfBytes(piece, values)];
    if (layout === 'table') return [this.#tableRows(piece, values)];
    return this.#quantized(piece, values, layout, factors);
  }

  #quantized(
    { placed, part, count }: Piece,
    values: Float32Array,
    format: BlockFormat,
    factors: readonly (GroupFactors | null)[] | null,
  ): Uint8Array[] {
    const columns = columnsOf(placed.weight);
    const perPiece = rowsPerChunk(placed.weight);
    const kind = `${format.bits} ${format.zeroPoints}`;
    const quantizer = this.#quantizers.get(kind) ?? new BlockQuantizer(format);
    this.#quantizers.set(kind, quantizer);
    const key = `${kind} ${columns} ${perPiece}`;
    if (this.#blocks?.key !== key) this.#blocks = { key, rows: allocateRows(format, perPiece, columns) };
    const { rows } = this.#blocks;
    if (factors) {
      const feedback = (this.#feedback ??= new FeedbackRows());
      this.outputs = naming(part, () => feedback.encode(values, { count, columns, format }, factors, rows));
      this.error = storedError(values, { count, columns, format }, rows);
      return storedRows(rows);
    }
    naming(part, () => {
      for (let r = 0; r < count; r++) this.error += quantizer.quantizeRow(values, r * columns, columns, rows, r);
    });
    this.#refuseUnderflow(part, MOST_ERROR[format.bits]);
    return storedRows(rows);
  }

  #halfBytes({ part }: Piece, values: Float32Array): Uint8Array {
    if (this.#halves.length < values.length) this.#halves = new Uint16Array(values.length);
    naming(part, () => {
      if (!fitsHalf(values)) throw new RangeError('A weight exceeds half precision.');
    });
    const halves = toHalves(values, this.#halves).subarray(0, values.length);
    this.error = halfError(values, halves);
    this.#refuseUnderflow(part, MOST_ERROR[16]);
    return bytesOf(halves);
  }

  #tableRows({ placed, part, count }: Piece, values: Float32Array): Uint8Array {
    const columns = columnsOf(placed.weight);
    const stored = rowBytes(this.#dtype, columns);
    this.#table ??= {
      encode: rowEncoder(this.#dtype, columns),
      bytes: new Uint8Array(rowsPerChunk(placed.weight) * stored),
    };
    const { encode, bytes } = this.#table;
    naming(part, () => {
      for (let row = 0; row < count; row++) this.error += encode(values, row * columns, bytes, row * stored);
    });
    return bytes;
  }

  /** @throws UnsupportedError if a dtype's scales are too coarse for weights so small. */
  #refuseUnderflow(part: string, most: number): void {
    const { error, norm } = this;
    if (error <= most * most * norm) return;
    throw new UnsupportedError(
      `${part} contains weights too small for this dtype: the stored values differ by ${(100 * Math.sqrt(error / norm)).toPrecision(2)} %. ` +
        'Convert with --dtype fp32.',
      { tensor: part },
    );
  }
}

/** Squared error of rows as stored. */
function storedError(
  values: Float32Array,
  { count, columns, format }: { count: number; columns: number; format: BlockFormat },
  rows: BlockRows,
): number {
  const stored = new Float32Array(columns);
  let error = 0;
  for (let row = 0; row < count; row++) {
    dequantizeRow(format, rows, row, columns, stored);
    for (let i = 0; i < columns; i++) error += (values[row * columns + i]! - stored[i]!) ** 2;
  }
  return error;
}

function storedRows({ codes, scales, zeroPoints }: BlockRows): Uint8Array[] {
  return [codes, bytesOf(scales), ...(zeroPoints ? [zeroPoints] : [])];
}

/**
 * The largest relative error (root of squares) that quantization or half precision causes in rows of a matrix whose
 * scales are in range: about .13 at 4 bits, .01 at 8, .0003 at 16, whatever the distribution. Weights around 1e-7 and
 * below lose their scales, which are half floats, and with them everything.
 */
const MOST_ERROR = { 4: 0.4, 8: 0.05, 16: 0.01 };

/** Squared error of half floats. */
function halfError(values: Float32Array, halves: Uint16Array): number {
  const table = halfTable();
  let error = 0;
  for (let i = 0; i < values.length; i++) {
    const difference = values[i]! - table[halves[i]!]!;
    error += difference * difference;
  }
  return error;
}

/** Turns an encoder's RangeError into an error that names the tensor. */
export function naming<Result>(part: string, encode: () => Result): Result {
  try {
    return encode();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const message = `${part} contains weights too large for this dtype. Convert with --dtype fp32.`;
    throw new UnsupportedError(message, { tensor: part }, { cause });
  }
}

function bytesOf(array: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
