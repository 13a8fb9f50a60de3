/**
 * @file Reads the finished weight files back from storage, compares them piece by piece with what was written, and
 * hashes them for the manifest.
 */

import { createSHA256 } from 'hash-wasm';
import { sha256Hex } from '../bundle/digest';
import { CHUNK_BYTES, type BundleFile, type WeightDtype } from '../bundle/manifest';
import type { BundleReader } from '../bundle/storage';
import { placesOf } from './encode';
import type { Piece } from './pieces';
import type { PieceDone } from './state';

export interface SealOptions {
  reader: BundleReader;
  path: string;
  /** The pieces of this file. */
  pieces: readonly Piece[];
  /** What was written, by piece. */
  written: ReadonlyMap<number, PieceDone>;
  dtype: WeightDtype;
  signal?: AbortSignal;
  onBytes?: (count: number) => void;
}

/** The manifest's entry, and the pieces that the disk lost. */
export async function sealFile(options: SealOptions): Promise<{ file: BundleFile; damaged: Piece[] }> {
  const { reader, path, pieces, written, dtype, signal, onBytes } = options;
  const stored = await reader.open(path, signal);
  const hasher = await createSHA256();
  const damaged: Piece[] = [];
  for (const piece of pieces) {
    signal?.throwIfAborted();
    hasher.init();
    for (const { position, length } of placesOf(piece, dtype)) {
      hasher.update(await stored.read(position, position + length, signal));
    }
    if (hasher.digest('hex') !== written.get(piece.index)?.[0]) damaged.push(piece);
  }
  hasher.init();
  const chunks: string[] = [];
  for (let start = 0; start === 0 || start < stored.size; start += CHUNK_BYTES) {
    signal?.throwIfAborted();
    const bytes = await stored.read(start, Math.min(start + CHUNK_BYTES, stored.size), signal);
    hasher.update(bytes);
    chunks.push(await sha256Hex(bytes));
    onBytes?.(bytes.length);
  }
  return { file: { path, bytes: stored.size, sha256: hasher.digest('hex'), chunks }, damaged };
}
