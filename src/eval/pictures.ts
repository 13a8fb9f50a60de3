/** @file Where MMEB's pictures are stored: in `images.zip`, which is read in place, or in a folder. */

import { crc32Hex } from '../bundle/crc32';
import { openZip, type ByteSource, type FileTree } from '../checkpoint';
import { DatasetFormatError, SourceNotFoundError } from '../errors';

/** The name of the archive as published; it may also be unpacked. */
const ARCHIVE = 'images.zip';
/** Folders that the paths in the tables may be relative to, for V1 and V2. */
const FOLDERS = ['', 'images/', 'image-tasks/'];
const MAX_PICTURE_BYTES = 256 * 1024 * 1024;

export interface Pictures {
  /** Reads a file as stored. Rejects with {@link SourceNotFoundError} or {@link DatasetFormatError}. */
  read(path: string, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * Returns the CRC-32 of the file in hex, which distinguishes pictures with the same path. For an archive it comes
   * from the directory, without reading the file.
   */
  crc(path: string, signal?: AbortSignal): Promise<string>;
}

/** Opens the pictures of a tree: those in its `images.zip` if there is one, otherwise its files. */
export async function openPictures(tree: FileTree, signal?: AbortSignal): Promise<Pictures> {
  const archive = await tree.open(ARCHIVE, signal).catch((error: unknown) => {
    if (error instanceof SourceNotFoundError) return null;
    throw error;
  });
  return archive ? zipPictures(archive, signal) : folderPictures(tree);
}

/** Opens the pictures in an archive. */
export async function zipPictures(archive: ByteSource, signal?: AbortSignal): Promise<Pictures> {
  const entries = await openZip(archive, { deflate: true, signal });
  const find = (path: string) => {
    for (const folder of FOLDERS) {
      const entry = entries.get(folder + path);
      if (entry) return entry;
    }
    throw new SourceNotFoundError(`${archive.name} contains no picture ${path}.`, { path });
  };
  return {
    read: async (path, signal) => {
      const entry = find(path);
      const bytes = await entry.read(0, checkedSize(entry), signal);
      if (crc32Hex(bytes) !== entry.version) {
        throw new DatasetFormatError(`${entry.name}: the checksum does not match: the archive is damaged.`, { path });
      }
      return bytes;
    },
    crc: async (path) => find(path).version!,
  };
}

/** Opens the pictures in a folder. A file is read once for its checksum, and once more when it is embedded. */
function folderPictures(tree: FileTree): Pictures {
  const known = new Map<string, string>();
  const open = async (path: string, signal?: AbortSignal) => {
    for (const folder of FOLDERS) {
      try {
        return await tree.open(folder + path, signal);
      } catch (error) {
        if (!(error instanceof SourceNotFoundError)) throw error;
      }
    }
    throw new SourceNotFoundError(`There is no picture ${path} in ${tree.label}, and no ${ARCHIVE}.`, { path });
  };
  const read = async (path: string, signal?: AbortSignal) => {
    const source = await open(path, signal);
    const bytes = await source.read(0, checkedSize(source), signal);
    known.set(path, crc32Hex(bytes));
    return bytes;
  };
  return {
    read,
    crc: async (path, signal) => {
      if (!known.has(path)) await read(path, signal);
      return known.get(path)!;
    },
  };
}

function checkedSize({ name, size }: ByteSource): number {
  if (size > MAX_PICTURE_BYTES)
    throw new DatasetFormatError(`${name} has ${size} bytes, which no MMEB picture has.`, { name });
  return size;
}
