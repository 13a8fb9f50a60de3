/**
 * @file EXIF and XMP of a PNG, before and after its pixels: in chunks of their own, or as a "raw profile", hexadecimal
 * digits in a text, which is where ImageMagick puts them.
 */

import type { ByteReader } from '../../image/bytes';
import { addExif, type Blocks } from './block-list';

const SIGNATURE_BYTES = 8;
const XMP = 'XML:com.adobe.xmp';
const CREATED = 'Creation Time';
const PROFILE = /^Raw profile type (exif|app1|xmp)$/i;
/** `http://ns.adobe.com/xap/1.0/`, as it precedes XMP in a JPEG. */
const XMP_PREFIX = /^http:\/\/[^\0]{1,60}\0/;
/** Keywords are shorter. */
const KEYWORD_BYTES = 80;
/** The limit for an inflated text: more is an attack on the memory. */
const MAX_TEXT = 16 << 20;

export async function pngBlocks(reader: ByteReader, blocks: Blocks): Promise<void> {
  for (let offset = SIGNATURE_BYTES; offset + 8 <= reader.length;) {
    const length = reader.u32(offset);
    const type = reader.text(offset + 4, 4);
    const data = reader.bytes.subarray(offset + 8, offset + 8 + length);
    if (type === 'IEND') break;
    if (type === 'eXIf') addExif(data, blocks);
    else if (type === 'tEXt' || type === 'zTXt' || type === 'iTXt') await addText(type, data, blocks);
    offset += length + 12;
  }
}

async function addText(type: string, data: Uint8Array, blocks: Blocks): Promise<void> {
  const end = data.subarray(0, KEYWORD_BYTES).indexOf(0);
  const keyword = latin1(data.subarray(0, Math.max(0, end)));
  const profile = PROFILE.exec(keyword)?.[1]?.toLowerCase();
  if (keyword !== XMP && keyword !== CREATED && !profile) return;
  try {
    const text = await textOf(type, data.subarray(end + 1));
    if (keyword === XMP) blocks.xmp.push(text);
    else if (keyword === CREATED) blocks.created = new TextDecoder().decode(text).replace(/\0/g, '');
    else addProfile(profile!, text, blocks);
  } catch (error) {
    blocks.faults.push(`The text “${keyword}” of the PNG cannot be read (${(error as Error).message}).`);
  }
}

/** @param rest what follows the keyword and its NUL */
async function textOf(type: string, rest: Uint8Array): Promise<Uint8Array> {
  if (type === 'tEXt') return rest;
  if (type === 'zTXt') return inflate(rest.subarray(1));
  const language = rest.indexOf(0, 2);
  const translated = language < 0 ? -1 : rest.indexOf(0, language + 1);
  if (translated < 0) throw new Error('it ends early');
  const text = rest.subarray(translated + 1);
  return rest[0] === 0 ? text : inflate(text);
}

/** Its name and its length on separate lines, then hexadecimal digits. */
function addProfile(kind: string, text: Uint8Array, blocks: Blocks): void {
  const [, length, digits] = /^\s*\S+\s+(\d+)\s+([\da-f\s]*)/i.exec(latin1(text)) ?? [];
  const hex = (digits ?? '').replace(/\s+/g, '');
  if (length === undefined || hex.length < 2 * Number(length))
    throw new Error('it is not a profile, or it is cut short');
  const bytes = Uint8Array.from({ length: Number(length) }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
  const prefix = XMP_PREFIX.exec(latin1(bytes.subarray(0, 64)))?.[0].length ?? 0;
  if (kind === 'xmp' || prefix > 0) blocks.xmp.push(bytes.subarray(prefix));
  else addExif(bytes, blocks);
}

/** @throws RangeError for more than {@link MAX_TEXT}; TypeError for damaged data */
async function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  const source = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const reader = source.pipeThrough(new DecompressionStream('deflate')).getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let total = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    total += value.length;
    if (total > MAX_TEXT) {
      reader.cancel().catch(() => undefined);
      throw new RangeError('it is too long');
    }
    parts.push(value);
  }
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}
