/**
 * @file Pillow's two passes by WebAssembly's SIMD (resample.wat), to the same bits as the scalar ones. A picture goes
 * through the kernel's memory in bands of rows, so that memory stays small, and what one pass wrote is still in the
 * processor's cache when the other reads it.
 */

import { base64ToBytes } from '../../bundle/base64';
import type { RgbImage } from '../types';
import { RESAMPLE_WASM } from './resample-wasm';
import type { Passes, Taps } from './taps';

interface Exports {
  memory: WebAssembly.Memory;
  rows(source: number, stride: number, taps: number, width: number, out: number, outStride: number): void;
  columns(
    source: number,
    stride: number,
    firstRow: number,
    length: number,
    taps: number,
    count: number,
    out: number,
  ): void;
}

const PAGE = 65536;
/** Bytes that a read or a write may go beyond what counts, and more. */
const MARGIN = 64;
/** Rows of the source that are copied in at a time, of about so many bytes. */
const STRIP_BYTES = 1 << 18;
/** Rows between the passes, and of the result. */
const BAND_BYTES = 1 << 20;
/** An instance with more memory than this is not kept: its memory cannot shrink. */
const MOST_KEPT = 1 << 24;
/** `rows` takes so many at a time. */
const ROWS_AT_ONCE = 4;

let compiled: WebAssembly.Module | undefined;
let kept: Exports | undefined;
let isMissing = false;

/** The pixels after both passes. // [height, width, 3]; null where there is no SIMD, or a page's policy forbids it */
export function resampleSimd(image: RgbImage, passes: Passes): Uint8Array | null {
  if (isMissing) return null;
  let exports: Exports;
  try {
    // Under 4 KiB, which browsers compile at once even on a page's main thread.
    compiled ??= new WebAssembly.Module(base64ToBytes(RESAMPLE_WASM) as Uint8Array<ArrayBuffer>);
    exports = kept ?? (new WebAssembly.Instance(compiled).exports as unknown as Exports);
    kept = undefined;
  } catch {
    isMissing = true;
    return null;
  }
  const { horizontal, vertical } = passes;
  const result = vertical ? bothPasses(exports, image, horizontal, vertical) : rowsOnly(exports, image, horizontal!);
  if (exports.memory.buffer.byteLength <= MOST_KEPT) kept = exports;
  return result;
}

/** The kernel's memory, cut into parts of at least so many bytes. */
function reserve({ memory }: Exports, sizes: readonly number[]): { at: number[]; bytes: Uint8Array } {
  const at: number[] = [];
  let total = 0;
  for (const size of sizes) {
    at.push(total);
    total += Math.ceil((size + MARGIN) / 16) * 16;
  }
  const more = Math.ceil((total - memory.buffer.byteLength) / PAGE);
  if (more > 0) memory.grow(more);
  return { at, bytes: new Uint8Array(memory.buffer) };
}

/** Taps as resample.wat reads them. `starts`: the byte at which those of each output position begin. */
function packTaps({ first, count, weights, stride }: Taps): { bytes: Uint8Array; starts: Int32Array } {
  const starts = new Int32Array(first.length);
  let size = 0;
  for (let out = 0; out < first.length; out++) {
    starts[out] = size;
    size += 8 + 8 * Math.ceil(count[out]! / 2);
  }
  const words = new Int32Array(size / 4);
  let to = 0;
  for (let out = 0; out < first.length; out++) {
    const pairs = Math.ceil(count[out]! / 2);
    words[to++] = first[out]!;
    words[to++] = pairs;
    const end = out * stride + count[out]!;
    for (let tap = out * stride; tap < end; tap += 2) {
      const a = weights[tap]!;
      const b = tap + 1 < end ? weights[tap + 1]! : 0;
      words[to++] = (a & 0x7fff) | ((b & 0x7fff) << 16);
      words[to++] = ((a >> 15) & 0xffff) | ((b >> 15) << 16);
    }
  }
  return { bytes: new Uint8Array(words.buffer), starts };
}

/** Rows of a strip: whole calls of `rows`. */
function stripRows(image: RgbImage): number {
  return Math.max(1, Math.floor(STRIP_BYTES / (image.width * 3 * ROWS_AT_ONCE))) * ROWS_AT_ONCE;
}

/** One more byte than the pixels take, since `rows` writes four at a time. */
function strideOf(width: number): number {
  return Math.ceil((width * 3 + 1) / 16) * 16;
}

function rowsOnly(exports: Exports, image: RgbImage, taps: Taps): Uint8Array {
  const length = image.width * 3;
  const width = taps.first.length;
  const packed = packTaps(taps).bytes;
  const stride = strideOf(width);
  const strip = stripRows(image);
  const { at, bytes } = reserve(exports, [packed.length, strip * length, strip * stride]);
  const [tapsAt, stripAt, outAt] = at as [number, number, number];
  bytes.set(packed, tapsAt);
  const result = new Uint8Array(image.height * width * 3);
  for (let y = 0; y < image.height; y += strip) {
    const rows = Math.min(strip, image.height - y);
    bytes.set(image.data.subarray(y * length, (y + rows) * length), stripAt);
    for (let row = 0; row < rows; row += ROWS_AT_ONCE) {
      exports.rows(stripAt + row * length, length, tapsAt, width, outAt + row * stride, stride);
    }
    for (let row = 0; row < rows; row++) {
      const from = outAt + row * stride;
      result.set(bytes.subarray(from, from + width * 3), (y + row) * width * 3);
    }
  }
  return result;
}

function bothPasses(exports: Exports, image: RgbImage, horizontal: Taps | null, vertical: Taps): Uint8Array {
  const sourceLength = image.width * 3;
  const width = horizontal?.first.length ?? image.width;
  const height = vertical.first.length;
  const length = width * 3;
  const stride = horizontal ? strideOf(width) : length;
  const across = horizontal ? packTaps(horizontal).bytes : new Uint8Array(0);
  const down = packTaps(vertical);
  const most = vertical.count.reduce((a, b) => Math.max(a, b), 0);
  // A band holds what one output row needs, and as much again to move on in.
  const bandRows = Math.max(Math.floor(BAND_BYTES / stride), 2 * most);
  const outRows = Math.max(1, Math.floor(BAND_BYTES / length));
  const strip = stripRows(image);
  const { at, bytes } = reserve(exports, [
    across.length,
    down.bytes.length,
    horizontal ? strip * sourceLength : 0,
    (bandRows + ROWS_AT_ONCE) * stride,
    Math.min(outRows, height) * length,
  ]);
  const [acrossAt, downAt, stripAt, bandAt, outAt] = at as [number, number, number, number, number];
  bytes.set(across, acrossAt);
  bytes.set(down.bytes, downAt);

  /** Source rows into the band: resampled along their length, or as they are. `band`: where the first goes. */
  const fill = (from: number, to: number, band: number) => {
    if (!horizontal) {
      bytes.set(image.data.subarray(from * sourceLength, to * sourceLength), bandAt + band * stride);
      return;
    }
    for (let y = from; y < to; y += strip) {
      const rows = Math.min(strip, to - y);
      bytes.set(image.data.subarray(y * sourceLength, (y + rows) * sourceLength), stripAt);
      for (let row = 0; row < rows; row += ROWS_AT_ONCE) {
        const out = bandAt + (band + y - from + row) * stride;
        exports.rows(stripAt + row * sourceLength, sourceLength, acrossAt, width, out, stride);
      }
    }
  };

  const end = (y: number) => vertical.first[y]! + vertical.count[y]!;
  const result = new Uint8Array(height * length);
  let base = vertical.first[0]!; // the source row at the start of the band
  let filled = base; // the source row after the last in the band
  for (let y = 0; y < height;) {
    const first = vertical.first[y]!;
    let next = y + 1;
    while (next < height && next - y < outRows && end(next) - first <= bandRows) next++;
    // Rows that are still wanted move to the start.
    if (filled > first) bytes.copyWithin(bandAt, bandAt + (first - base) * stride, bandAt + (filled - base) * stride);
    base = first;
    filled = Math.max(filled, first);
    const last = Math.max(filled, end(next - 1));
    fill(filled, last, filled - base);
    filled = last;
    exports.columns(bandAt, stride, base, length, downAt + down.starts[y]!, next - y, outAt);
    result.set(bytes.subarray(outAt, outAt + (next - y) * length), y * length);
    y = next;
  }
  return result;
}
