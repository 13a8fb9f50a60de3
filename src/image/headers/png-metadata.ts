/**
 * @file EXIF and XMP of a PNG: the chunks before and after the pixels, as Pillow reads them. EXIF is in `eXIf`, or as
 * hexadecimal text under the keyword `Raw profile type exif`, where ImageMagick puts it.
 */
import { inflate } from '../inflate';
import { ByteReader } from '../bytes';
import { pngChunks } from './png';

const RAW_EXIF = 'Raw profile type exif';
const XMP = 'XML:com.adobe.xmp';
/** Pillow's limit for one inflated text. */
const MAX_TEXT = 1 << 20;

interface PngText {
  keyword: string;
  value: Uint8Array;
}

/**
 * The text of a `tEXt`, `zTXt` or `iTXt` chunk with one of `keywords`; null for any other chunk and for a damaged one.
 */
async function readText(type: string, data: Uint8Array, keywords: readonly string[]): Promise<PngText | null> {
  const keyword = keywords.find((word) => data[word.length] === 0 && new ByteReader(data, 'PNG').startsWith(word));
  if (keyword === undefined) return null;
  let at = keyword.length + 1;
  let compressed = false;
  if (type !== 'tEXt') {
    compressed = type === 'zTXt' || data[at] !== 0;
    at += type === 'zTXt' ? 0 : 1;
    if (data[at] !== 0) return null; // unknown compression
    at += 1;
    for (let fields = type === 'iTXt' ? 2 : 0; fields > 0; fields--) {
      const end = data.indexOf(0, at); // the end of the language, then of the translated keyword
      if (end < 0) return null;
      at = end + 1;
    }
  }
  const value = data.subarray(at);
  return compressed
    ? inflate(value, MAX_TEXT).then(
        (text) => ({ keyword, value: text }),
        () => null,
      )
    : { keyword, value };
}

/** The bytes of a raw profile: three lines of heading, then hexadecimal digits. */
function fromRawProfile(text: Uint8Array): Uint8Array | null {
  const digits = new TextDecoder('latin1').decode(text).split('\n').slice(3).join('').replace(/\s/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-f]/i.test(digits)) return null;
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

/** Needs the whole file. Damaged metadata counts as none. */
export async function readPngMetadata(bytes: Uint8Array): Promise<{ exif: Uint8Array | null; xmp: Uint8Array | null }> {
  let exif: Uint8Array | null = null;
  let rawProfile: Uint8Array | null = null;
  let xmp: Uint8Array | null = null;
  let frames = 0;
  let hasPixels = false;
  for (const { type, start, end } of pngChunks(new ByteReader(bytes, 'PNG'))) {
    const data = bytes.subarray(start, end);
    if (type === 'IDAT') hasPixels = true;
    else if (type === 'acTL' && !hasPixels && data.length >= 4) frames = new ByteReader(data, 'PNG').u32(0);
    else if (type === 'fcTL' && hasPixels && frames > 0)
      break; // the next frame of an animation
    else if (type === 'eXIf') exif = data;
    else if (type === 'tEXt' || type === 'zTXt' || type === 'iTXt') {
      const text = await readText(type, data, [RAW_EXIF, XMP]);
      if (text?.keyword === RAW_EXIF) rawProfile = text.value;
      if (text?.keyword === XMP) xmp = text.value;
    }
  }
  return { exif: exif ?? (rawProfile && fromRawProfile(rawProfile)), xmp };
}
