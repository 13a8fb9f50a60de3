/** @file BMP header, of the OS/2 and the Windows kind. */
import { ByteReader } from '../bytes';
import type { ImageHeader } from './types';

const CORE_HEADER = 12;
const INFO_HEADER = 40;

export function readBmpHeader(bytes: Uint8Array): ImageHeader {
  const reader = new ByteReader(bytes, 'BMP');
  const headerBytes = reader.u32(14, true);
  let width: number;
  let height: number;
  let bits: number;
  let compression = 0;
  if (headerBytes === CORE_HEADER) {
    width = reader.u16(18, true);
    height = reader.u16(20, true);
    bits = reader.u16(24, true);
  } else if (headerBytes >= INFO_HEADER) {
    width = reader.i32(18, true);
    height = Math.abs(reader.i32(22, true)); // negative: rows run downwards
    bits = reader.u16(28, true);
    compression = reader.u32(30, true);
  } else {
    throw reader.fail(`its header of ${headerBytes} bytes is of no known kind`);
  }
  if (width <= 0 || height === 0 || bits === 0) throw reader.fail(`it declares ${width}×${height} pixels`);
  if (compression === 0 || compression === 3) {
    const rowBytes = Math.ceil((width * bits) / 32) * 4;
    reader.checked(reader.u32(10, true), rowBytes * height);
  }
  return {
    format: 'BMP',
    mimeType: 'image/bmp',
    width,
    height,
    alpha: bits === 32,
    indexed: bits <= 8,
    orientation: [],
  };
}
