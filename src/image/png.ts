/**
 * @file PNG → RGB as Pillow's `convert('RGB')` gives it. Browsers premultiply alpha (a transparent pixel loses its
 * colour), scale 16 bits their own way and apply gamma or colour profiles; the reference does none of these. So PNG
 * is decoded here, the same in a page, a worker and Node; only the inflating is the platform's.
 */
import { crc32 } from '../bundle/crc32';
import { ImageFormatError } from '../errors';
import { ByteReader } from './bytes';
import { pngChunks, readPngHeader, type PngHeader } from './headers/png';
import { inflatePieces } from './inflate';
import { overWhite, type Transparency } from './transparency';
import type { RgbImage } from './types';

/** Samples per pixel of each colour type. */
const SAMPLES: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Inflated bytes beyond the last row that are looked through for the checksum behind them. */
const MAX_BEYOND = 1 << 16;

/** One of Adam7's seven sparse images (or the whole, not interlaced): every stepX-th pixel of every stepY-th row. */
interface Pass {
  x: number;
  y: number;
  stepX: number;
  stepY: number;
}

const WHOLE: readonly Pass[] = [{ x: 0, y: 0, stepX: 1, stepY: 1 }];
const ADAM7: readonly Pass[] = [
  { x: 0, y: 0, stepX: 8, stepY: 8 },
  { x: 4, y: 0, stepX: 8, stepY: 8 },
  { x: 0, y: 4, stepX: 4, stepY: 8 },
  { x: 2, y: 0, stepX: 4, stepY: 4 },
  { x: 0, y: 2, stepX: 2, stepY: 4 },
  { x: 1, y: 0, stepX: 2, stepY: 2 },
  { x: 0, y: 1, stepX: 1, stepY: 2 },
];

/** The compressed pixels. */
interface Pixels {
  parts: Uint8Array[];
  /** Whether the checksums of their chunks are right. */
  trusted: boolean;
}

/** The palette and the compressed pixels. */
function readChunks(reader: ByteReader, header: PngHeader): { palette: Uint8Array; pixels: Pixels } {
  const palette = new Uint8Array(768); // black where the file gives no colour, as in Pillow
  let hasPalette = false;
  const pixels: Pixels = { parts: [], trusted: true };
  for (const { type, start, end } of pngChunks(reader)) {
    if (type !== 'IHDR' && type !== 'PLTE' && type !== 'IDAT') continue;
    const isCut = end + 4 > reader.length;
    const isRight = isCut || crc32(reader.bytes.subarray(start - 4, end)) === reader.u32(end);
    const data = reader.bytes.subarray(start, end);
    if (type === 'IDAT') {
      pixels.parts.push(data);
      pixels.trusted &&= isRight;
      continue;
    }
    if (!isRight) throw reader.fail(`the checksum of its ${type} chunk does not match`);
    if (type === 'PLTE' && pixels.parts.length === 0) {
      if (data.length > 768 || data.length % 3 !== 0) throw reader.fail('its palette has a wrong length');
      palette.set(data);
      hasPalette = true;
    }
  }
  if (pixels.parts.length === 0) throw reader.fail('it contains no pixels');
  if (header.colorType === 3 && !hasPalette) throw reader.fail('it needs a palette but has none');
  return { palette, pixels };
}

/** Undoes a row's filter in place. `above` is the row before (zeros for the first), `step` a pixel's bytes. */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, step: number): boolean {
  switch (filter) {
    case 0:
      return true;
    case 1:
      for (let i = step; i < row.length; i++) row[i] = row[i]! + row[i - step]!;
      return true;
    case 2:
      for (let i = 0; i < row.length; i++) row[i] = row[i]! + above[i]!;
      return true;
    case 3:
      for (let i = 0; i < row.length; i++) row[i] = row[i]! + (((i < step ? 0 : row[i - step]!) + above[i]!) >> 1);
      return true;
    case 4:
      for (let i = 0; i < row.length; i++) {
        const left = i < step ? 0 : row[i - step]!;
        const up = above[i]!;
        const corner = i < step ? 0 : above[i - step]!;
        const fromLeft = Math.abs(up - corner);
        const fromUp = Math.abs(left - corner);
        const fromCorner = Math.abs(left + up - 2 * corner);
        const nearest = fromLeft <= fromUp && fromLeft <= fromCorner ? left : fromUp <= fromCorner ? up : corner;
        row[i] = row[i]! + nearest;
      }
      return true;
    default:
      return false;
  }
}

/** Writes one unfiltered row as RGB: pixel i goes to `target + i * step`. Of grey, alpha is dropped in any case. */
function writeRow(
  { colorType, bitDepth }: PngHeader,
  palette: Uint8Array,
  row: Uint8Array,
  pixels: number,
  out: Uint8Array,
  { target, step, transparency }: { target: number; step: number; transparency: Transparency },
): void {
  let at = target;
  if (colorType === 2 || colorType === 6) {
    const sampleBytes = bitDepth / 8; // of 16 bits, the high byte comes first and is the one that Pillow keeps
    const pixelBytes = SAMPLES[colorType]! * sampleBytes;
    const isMixed = transparency === 'white' && colorType === 6;
    for (let i = 0, from = 0; i < pixels; i++, from += pixelBytes, at += step) {
      const alpha = isMixed ? row[from + 3 * sampleBytes]! : 255;
      const red = row[from]!;
      const green = row[from + sampleBytes]!;
      const blue = row[from + 2 * sampleBytes]!;
      const isOpaque = alpha === 255;
      out[at] = isOpaque ? red : overWhite(red, alpha);
      out[at + 1] = isOpaque ? green : overWhite(green, alpha);
      out[at + 2] = isOpaque ? blue : overWhite(blue, alpha);
    }
    return;
  }
  const mask = (1 << Math.min(bitDepth, 8)) - 1;
  const toByte = colorType === 3 ? 1 : 255 / mask;
  for (let i = 0; i < pixels; i++, at += step) {
    let value: number;
    if (colorType === 4) {
      value = row[(i * bitDepth) / 4]!; // grey and alpha, of 16 bits the high byte
    } else if (bitDepth === 16) {
      value = row[2 * i] === 0 ? row[2 * i + 1]! : 255; // Pillow clips 16-bit grey, it does not scale
    } else {
      const bit = i * bitDepth;
      value = ((row[bit >> 3]! >> (8 - bitDepth - (bit & 7))) & mask) * toByte;
    }
    if (colorType === 3) {
      out[at] = palette[3 * value]!;
      out[at + 1] = palette[3 * value + 1]!;
      out[at + 2] = palette[3 * value + 2]!;
    } else {
      out[at] = value;
      out[at + 1] = value;
      out[at + 2] = value;
    }
  }
}

/** Where the bytes that come out of inflating go: rows of the passes, one after the other. */
class RowSink {
  readonly out: Uint8Array;
  private readonly passes: readonly Pass[];
  private readonly bitsPerPixel: number;
  private pass = -1;
  private passWidth = 0;
  private passRows = 0;
  private rowIndex = 0;
  /** A filter byte, then the row. */
  private row = new Uint8Array(0);
  private above = new Uint8Array(0);
  private filled = 0;

  constructor(
    private readonly reader: ByteReader,
    private readonly header: PngHeader,
    private readonly palette: Uint8Array,
    private readonly transparency: Transparency,
  ) {
    this.out = new Uint8Array(header.width * header.height * 3);
    this.passes = header.interlaced ? ADAM7 : WHOLE;
    this.bitsPerPixel = SAMPLES[header.colorType]! * header.bitDepth;
    this.nextPass();
  }

  get complete(): boolean {
    return this.pass >= this.passes.length;
  }

  private nextPass(): void {
    const { width, height } = this.header;
    do {
      this.pass++;
      const pass = this.passes[this.pass];
      if (pass === undefined) return;
      this.passWidth = Math.ceil((width - pass.x) / pass.stepX);
      this.passRows = Math.ceil((height - pass.y) / pass.stepY);
    } while (this.passWidth <= 0 || this.passRows <= 0);
    const rowBytes = Math.ceil((this.passWidth * this.bitsPerPixel) / 8);
    this.row = new Uint8Array(1 + rowBytes);
    this.above = new Uint8Array(1 + rowBytes);
    this.rowIndex = 0;
    this.filled = 0;
  }

  private finishRow(): void {
    const pixels = this.row.subarray(1);
    const pixelBytes = Math.max(1, this.bitsPerPixel >> 3);
    if (!unfilter(this.row[0]!, pixels, this.above.subarray(1), pixelBytes)) {
      throw this.reader.fail(`a row has the unknown filter ${this.row[0]}`);
    }
    const { x, y, stepX, stepY } = this.passes[this.pass]!;
    const target = ((y + this.rowIndex * stepY) * this.header.width + x) * 3;
    const { transparency } = this;
    const place = { target, step: stepX * 3, transparency };
    writeRow(this.header, this.palette, pixels, this.passWidth, this.out, place);
    [this.row, this.above] = [this.above, this.row];
    this.filled = 0;
    this.rowIndex++;
    if (this.rowIndex === this.passRows) this.nextPass();
  }

  write(bytes: Uint8Array): void {
    let from = 0;
    while (from < bytes.length && !this.complete) {
      const take = Math.min(bytes.length - from, this.row.length - this.filled);
      this.row.set(bytes.subarray(from, from + take), this.filled);
      this.filled += take;
      from += take;
      if (this.filled === this.row.length) this.finishRow();
    }
  }
}

/** Inflates into the sink until it is full; a compressed bomb is not inflated beyond that, or little. */
async function inflateInto(sink: RowSink, { parts, trusted }: Pixels, reader: ByteReader, signal?: AbortSignal) {
  let beyond = 0;
  try {
    for await (const piece of inflatePieces(parts)) {
      signal?.throwIfAborted();
      if (sink.complete) beyond += piece.length;
      else sink.write(piece);
      // Pixels whose chunks' checksums do not match are good if zlib's own checksum says so, which comes last.
      if (sink.complete && (trusted || beyond > MAX_BEYOND)) break;
    }
  } catch (cause) {
    if (cause instanceof ImageFormatError || signal?.aborted) throw cause;
    throw reader.fail(`its pixels do not inflate (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  if (!sink.complete) throw reader.fail('its pixels end too early');
  if (!trusted && beyond > MAX_BEYOND) throw reader.fail('the checksum of its IDAT chunk does not match');
}

/**
 * Decodes a PNG whose header passed the guard. For an animation, the still picture.
 * Throws {@link ImageFormatError} for a truncated or damaged file.
 */
export async function decodePng(
  bytes: Uint8Array,
  { transparency = 'drop', signal }: { transparency?: Transparency; signal?: AbortSignal } = {},
): Promise<RgbImage> {
  const header = readPngHeader(bytes);
  const reader = new ByteReader(bytes, 'PNG');
  const { palette, pixels } = readChunks(reader, header);
  const sink = new RowSink(reader, header, palette, transparency);
  await inflateInto(sink, pixels, reader, signal);
  return { width: header.width, height: header.height, data: sink.out };
}
