/** @file Bounds-checked reads from an image file. A read past the end is a truncated file, never `undefined`. */
import { ImageFormatError } from '../errors';

export class ByteReader {
  private readonly view: DataView;

  /** `format` names the file type in error messages. */
  constructor(
    readonly bytes: Uint8Array,
    readonly format: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  u8(offset: number): number {
    return this.view.getUint8(this.checked(offset, 1));
  }

  u16(offset: number, littleEndian = false): number {
    return this.view.getUint16(this.checked(offset, 2), littleEndian);
  }

  u32(offset: number, littleEndian = false): number {
    return this.view.getUint32(this.checked(offset, 4), littleEndian);
  }

  i32(offset: number, littleEndian = false): number {
    return this.view.getInt32(this.checked(offset, 4), littleEndian);
  }

  /** Bytes as Latin-1 text: chunk and box names. */
  text(offset: number, length: number): string {
    this.checked(offset, length);
    return String.fromCharCode(...this.bytes.subarray(offset, offset + length));
  }

  /** Whether the bytes at `offset` spell `text`; false past the end. */
  startsWith(text: string, offset = 0): boolean {
    return offset + text.length <= this.length && this.text(offset, text.length) === text;
  }

  /** Returns `offset` if `length` bytes follow it; throws {@link ImageFormatError} if not. */
  checked(offset: number, length: number): number {
    if (offset < 0 || length < 0 || offset + length > this.length) {
      throw new ImageFormatError(
        `The ${this.format} file is cut short: it has ${this.length} bytes, but byte ${offset + length - 1} is needed.`,
        { format: this.format, bytes: this.length, needed: offset + length },
      );
    }
    return offset;
  }

  /** An {@link ImageFormatError} about this file. */
  fail(problem: string): ImageFormatError {
    return new ImageFormatError(`The ${this.format} file is damaged: ${problem}.`, { format: this.format });
  }
}
