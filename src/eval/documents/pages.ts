/** @file The pages of a corpus: scanned once for their ids and pictures, then read one row group at a time. */

import { sha256Hex } from '../../bundle/digest';
import type { FileTree } from '../../checkpoint';
import { DatasetFormatError, SourceNotFoundError } from '../../errors';
import { openParquet, type Table } from '../parquet';
import type { Pictures } from '../pictures';
import { idOf } from './ids';

/**
 * Number of row groups kept in memory: pages are read in order, the next ones while the model is busy with the current
 * ones.
 */
const KEPT_GROUPS = 2;

/**
 * Bytes of pages that are kept from the scan until they are embedded, of all sets together: so what is read from a host
 * is not read twice. Pages beyond that are read again.
 */
const KEPT_BYTES = 256 << 20;

/** Pages that were scanned but not read yet. */
export class KeptPages {
  readonly #pages = new Map<string, Uint8Array>();
  readonly #most: number;
  #bytes = 0;

  constructor(most = KEPT_BYTES) {
    this.#most = most;
  }

  /** Keeps a page if there is room. */
  add(path: string, page: Uint8Array): void {
    if (this.#bytes + page.length > this.#most) return;
    this.#bytes += page.length;
    // This is copied, since the page may be part of a whole column.
    this.#pages.set(path, page.slice());
  }

  /** Returns a page and forgets it: each is embedded once. */
  take(path: string): Uint8Array | undefined {
    const page = this.#pages.get(path);
    this.#pages.delete(path);
    this.#bytes -= page?.length ?? 0;
    return page;
  }

  clear(): void {
    this.#pages.clear();
    this.#bytes = 0;
  }
}

export interface Corpus {
  /** Paths by id, in the order of the corpus. Pages with the same picture share the path of the first one. */
  readonly paths: ReadonlyMap<string, string>;
  readonly pictures: Pictures;
}

interface Place {
  table: Table;
  file: string;
  group: number;
  row: number;
  digest: string;
}

/**
 * Opens the corpus of a set. If a page occurs twice, only its first occurrence counts, as in the authors' evaluation.
 * @param folder the beginning of its pages' paths
 * @param kept takes pages while they are scanned, and returns them when they are read; those of other sets are dropped
 */
export async function openCorpus(
  tree: FileTree,
  folder: string,
  files: readonly string[],
  kept: KeptPages,
  signal?: AbortSignal,
): Promise<Corpus> {
  const paths = new Map<string, string>();
  const places = new Map<string, Place>();
  const pathsByDigest = new Map<string, string>();
  kept.clear();
  for (const file of files) {
    const table = await openParquet(await tree.open(file, signal), signal);
    for (const column of ['corpus-id', 'image']) {
      if (!table.columns.includes(column))
        throw new DatasetFormatError(`${file} lacks the column ${column}.`, { file });
    }
    let group = 0;
    for await (const rows of table.groups(['corpus-id', 'image'])) {
      signal?.throwIfAborted();
      for (const [row, fields] of rows.entries()) {
        const where = `${file}, row group ${group}, row ${row}`;
        const id = idOf(fields['corpus-id'], 'corpus-id', where);
        if (paths.has(id)) continue;
        const page = pictureOf(fields.image, `${where}: page ${id}`);
        const digest = await sha256Hex(page);
        const path = pathsByDigest.get(digest) ?? `${folder}/${id}`;
        paths.set(id, path);
        if (pathsByDigest.has(digest)) continue;
        pathsByDigest.set(digest, path);
        places.set(path, { table, file, group, row, digest });
        kept.add(path, page);
      }
      group++;
    }
  }
  if (paths.size === 0) throw new DatasetFormatError(`${folder}: the corpus has no pages.`, { folder });
  const find = (path: string): Place => {
    const place = places.get(path);
    if (!place) throw new SourceNotFoundError(`${tree.label} contains no page ${path}.`, { path });
    return place;
  };
  const groups = new Map<string, Promise<Record<string, unknown>[]>>();
  const groupAt = ({ table, file, group }: Place) => {
    const key = `${group} ${file}`;
    const known = groups.get(key) ?? table.group(group, ['image']);
    groups.delete(key);
    groups.set(key, known); // the latest is last
    known.catch(() => groups.delete(key));
    for (const old of groups.keys()) {
      if (groups.size <= KEPT_GROUPS) break;
      groups.delete(old);
    }
    return known;
  };
  return {
    paths,
    pictures: {
      read: async (path) => {
        const place = find(path);
        const known = kept.take(path);
        if (known) return known;
        const bytes = pictureOf((await groupAt(place))[place.row]?.image, `${place.file}: page ${path}`);
        if ((await sha256Hex(bytes)) !== place.digest)
          throw new DatasetFormatError(`${place.file} changed while it was being read. Start again.`, { path });
        return bytes;
      },
      crc: async (path) => find(path).digest,
    },
  };
}

function pictureOf(image: unknown, where: string): Uint8Array {
  const bytes = typeof image === 'object' && image !== null && 'bytes' in image ? image.bytes : undefined;
  if (bytes instanceof Uint8Array && bytes.length > 0) return bytes;
  throw new DatasetFormatError(
    `${where} has no picture in the table: the table needs its bytes, a path is not enough.`,
    {
      where,
    },
  );
}
