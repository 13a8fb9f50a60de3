/** @file An index on a web server, as far as it has been read: its rows, the coarse vectors, and finer ones as they are needed. */

import { sha256Hex } from '../../bundle/digest';
import { IntegrityError, InvalidInputError, UnsupportedError } from '../../errors';
import { inflate } from '../../image/inflate';
import { HttpFile } from '../../net';
import { Catalog } from '../library/catalog';
import { comparisonOf, find, type Found, type VectorQuery } from '../library/find';
import type { FolderManifest, ManifestRows } from '../library/folder-manifest';
import { readRows } from '../library/import-rows';
import { readIndexJson } from '../library/index-json';
import { freeUnused } from '../library/loading';
import type { PictureRow } from '../library/rows';
import type { PhotoItem } from '../types';
import { PackedVectors, promisingRows } from '../vectors';
import { readCoarse } from './coarse-vectors';
import { FineRows } from './fine-rows';
import { slotsOf } from './manifest';
import { StaticFile, type StaticFileOptions } from './static-file';

/** The rows and vectors. */
export interface Contents {
  catalog: Catalog;
  fine: FineRows;
}

/**
 * Reads what every search needs.
 * @throws IntegrityError, IndexFormatError if it is damaged; SourceNotFoundError, NetworkError
 */
export async function readContents(
  { rows, vectors: [own, ...layers] }: FolderManifest,
  thumbnails: StaticFile,
  options: StaticFileOptions,
  signal: AbortSignal,
): Promise<Contents> {
  const slots = slotsOf(own);
  const vectors = new PackedVectors({ dims: own.dims, model: own.model });
  const extent = {
    slots,
    thumbnails: thumbnails.bytes,
    layers: new Map(layers.map((layer) => [layer.key, Math.max(0, slotsOf(layer))])),
  };
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const stopping = (error: unknown) => {
    failed.abort(error);
    throw error;
  };
  const [{ folders, files, albums }] = await Promise.all([
    readVerifiedRows(rows, extent, options, either).catch(stopping),
    readCoarse(new StaticFile(own.coarse, options), vectors, slots, either).catch(stopping),
  ]);
  freeUnused(vectors, 0, new Set(files.flatMap((row) => (row.kind === 'picture' ? [row.slot] : []))));
  const sound = files.filter((row) => row.kind === 'picture' && vectors.has(row.slot));
  return {
    catalog: new Catalog(vectors, folders, sound, albums),
    fine: new FineRows(new StaticFile(own.fine, options), vectors),
  };
}

async function readVerifiedRows(
  rows: ManifestRows,
  extent: Parameters<typeof readRows>[1],
  options: StaticFileOptions,
  signal: AbortSignal,
): Promise<ReturnType<typeof readRows>> {
  const { bytes, sha256, packed } = rows;
  const url = new URL((packed ?? rows).path, options.base).href;
  if (!globalThis.crypto?.subtle) {
    throw new UnsupportedError(
      'Browsers only let pages served over https (or from localhost) check hashes. Serve the page over https.',
    );
  }
  const damaged = (cause?: unknown) =>
    new IntegrityError(
      `${url} does not match its hash in index.json: the file is damaged. Upload all files of the index again.`,
      { url },
      { cause },
    );
  const sent = await readWhole(url, packed?.bytes ?? bytes, options, signal);
  const content = packed
    ? await inflate(sent, bytes).catch((cause: unknown) => {
        throw damaged(cause);
      })
    : sent;
  if ((await sha256Hex(content)) !== sha256) throw damaged();
  return readRows(readIndexJson(content, { where: url, details: { url } }), extent);
}

/** Without ranges, so that the host may compress it. */
async function readWhole(
  url: string,
  bytes: number,
  { fetch, onBytes }: StaticFileOptions,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const content = await new HttpFile({ url, size: bytes, fetch }).read(0, bytes, signal);
  onBytes(content.length);
  return content;
}

/** @throws InvalidInputError if a part of the query names no picture; whatever reading throws */
export async function findIn(contents: Contents, query: VectorQuery, signal?: AbortSignal): Promise<Found> {
  await loadFor(contents, query, { signal });
  return find(contents.catalog, query);
}

/** Reads the finer vectors that decide a search, of the whole index or of some pictures. @throws as {@link findIn} */
export async function loadFor(
  { catalog, fine }: Contents,
  query: VectorQuery,
  { only, signal }: { only?: (item: PhotoItem) => boolean; signal?: AbortSignal },
): Promise<void> {
  const { vectors } = catalog;
  const parts = [...query.include, ...query.exclude].flatMap((part) =>
    'id' in part ? [pictureOf(catalog, part.id).slot] : [],
  );
  await fine.load(parts, signal);
  if (vectors.size === 0) return;
  const { vector, rows: filter, limit } = comparisonOf(catalog, query, { only });
  const lacking = () => promisingRows(vectors, vector, { limit, filter }).filter((row) => fine.lacks(row));
  // The best ones first: with their exact scores known, few others can still be among them.
  await fine.load(lacking().slice(0, limit), signal);
  await fine.load(lacking(), signal);
}

/** @throws InvalidInputError if there is no such picture */
export function pictureOf(catalog: Catalog, id: number): PictureRow {
  const row = catalog.picture(id);
  if (!row) throw new InvalidInputError(`The index has no picture ${id}.`, { id });
  return row;
}
