/** @file Reads as much of a picture's file as contains its metadata: for a JPEG, its beginning. */

import { sniffFormat } from '../../image/headers';
import { hasAllBlocks } from './blocks';

/** For most cameras, all blocks and previews end within it. */
const FIRST_BYTES = 256 << 10;

/** @returns its first bytes if no metadata can follow, else the whole file. @throws what reading a file throws */
export async function headOf(file: Blob): Promise<Uint8Array> {
  for (let bytes = FIRST_BYTES; bytes < file.size; bytes *= 8) {
    const head = new Uint8Array(await file.slice(0, bytes).arrayBuffer());
    if (sniffFormat(head) !== 'JPEG') break;
    if (hasAllBlocks(head)) return head;
  }
  return new Uint8Array(await file.arrayBuffer());
}
