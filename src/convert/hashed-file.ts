/** @file A file of the bundle, hashed while it is written. */

import { FileHasher } from '../bundle/hash';
import type { BundleFile } from '../bundle/manifest';
import type { BundleWriter, FileWriter } from '../bundle/storage';

/** Writes front to back; {@link HashedFile.close} returns the manifest's entry. */
export class HashedFile {
  /** Bytes written so far. */
  position = 0;
  readonly #path: string;
  readonly #file: FileWriter;
  readonly #hasher: FileHasher;

  private constructor(path: string, file: FileWriter, hasher: FileHasher) {
    this.#path = path;
    this.#file = file;
    this.#hasher = hasher;
  }

  static async create(writer: BundleWriter, path: string): Promise<HashedFile> {
    const hasher = await FileHasher.create();
    return new HashedFile(path, await writer.create(path), hasher);
  }

  /** The bytes may be reused once the promise resolves. */
  async write(bytes: Uint8Array): Promise<void> {
    const written = this.#file.write(bytes);
    this.#hasher.update(bytes); // while the disk is busy
    await written;
    this.position += bytes.length;
  }

  /** Pads with zeros up to `position`. */
  async padTo(position: number): Promise<void> {
    if (position > this.position) await this.write(new Uint8Array(position - this.position));
  }

  async close(): Promise<BundleFile> {
    await this.#file.close();
    return this.#hasher.finish(this.#path);
  }
}

/** Writes a whole file at once. */
export async function writeFile(writer: BundleWriter, path: string, bytes: Uint8Array): Promise<BundleFile> {
  const file = await HashedFile.create(writer, path);
  await file.write(bytes);
  return file.close();
}
