/** @file `index.json` of an index on a web server. It is untrusted: nothing is read or allocated that it does not account for. */

import { IndexFormatError, InvalidInputError, UnsupportedError } from '../../errors';
import { HttpFile } from '../../net';
import { MANIFEST_NAME, readFolderManifest, type FolderManifest } from '../library/folder-manifest';
import { coarseRecordBytes, HEADER_BYTES } from '../vectors';

const MOST_MANIFEST_BYTES = 1 << 20;
/** Limits: rows are JSON, which becomes one string and then objects, and vectors are held in memory. */
const MOST_ROWS_BYTES = 256 << 20;
const MOST_VECTOR_BYTES = 2 ** 31;

/** The folder of an index, by its own address or that of its `index.json`. @throws InvalidInputError */
export function folderUrl(url: string | URL): URL {
  const page = typeof document === 'undefined' ? globalThis.location?.href : document.baseURI;
  if (!URL.canParse(String(url), page)) {
    throw new InvalidInputError(`The index's address, '${String(url)}', is not a URL${page ? '' : ' with a host'}.`, {
      url: String(url),
    });
  }
  const folder = new URL(url, page);
  if (!/^https?:$/.test(folder.protocol)) {
    throw new InvalidInputError(`An index is read over http or https, not from ${folder.protocol}`, {
      url: folder.href,
    });
  }
  folder.search = '';
  folder.hash = '';
  if (folder.pathname.endsWith(`/${MANIFEST_NAME}`)) folder.pathname = folder.pathname.slice(0, -MANIFEST_NAME.length);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  return folder;
}

export interface ReadManifestOptions {
  fetch?: typeof fetch;
  signal?: AbortSignal;
  onBytes(bytes: number): void;
}

/** @throws IndexFormatError, UnsupportedError; SourceNotFoundError, NetworkError */
export async function readManifest(
  base: URL,
  { fetch, signal, onBytes }: ReadManifestOptions,
): Promise<FolderManifest> {
  const url = new URL(MANIFEST_NAME, base).href;
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  // This is the only file whose content changes under the same name, so the host is asked whether it did.
  for await (const piece of new HttpFile({ url, fetch, cache: 'no-cache' }).stream(signal)) {
    bytes += piece.length;
    onBytes(piece.length);
    if (bytes > MOST_MANIFEST_BYTES)
      throw new IndexFormatError(`${url} is too long to be the manifest of an index.`, { url });
    text += decoder.decode(piece, { stream: true });
  }
  const manifest = readFolderManifest(text + decoder.decode(), url);
  checkSizes(manifest, url);
  return manifest;
}

/** How many vectors both files of a model hold. */
export function slotsOf({ dims, coarse, fine }: FolderManifest['vectors'][number]): number {
  return Math.min(Math.floor((coarse.bytes - HEADER_BYTES) / coarseRecordBytes(dims)), Math.floor(fine.bytes / dims));
}

function checkSizes({ rows, vectors: [own], pictures, problems }: FolderManifest, url: string): void {
  if (pictures > 0 && slotsOf(own) < pictures) {
    throw new IndexFormatError(
      `${url} counts ${pictures} pictures, but vectors of only ${Math.max(0, slotsOf(own))}: it is damaged.`,
      { url },
    );
  }
  // A row takes about a hundred bytes; fewer cannot be one.
  if ((pictures + problems) * 2 > rows.bytes) {
    throw new IndexFormatError(
      `${url} counts ${pictures + problems} files, but ${rows.bytes} bytes of rows: it is damaged.`,
      { url },
    );
  }
  const vectorBytes = own.coarse.bytes + own.fine.bytes;
  const most = Math.max(rows.bytes, rows.packed?.bytes ?? 0);
  if (most > MOST_ROWS_BYTES || vectorBytes > MOST_VECTOR_BYTES) {
    throw new UnsupportedError(
      `The index at ${url} has ${most} bytes of rows and ${vectorBytes} of vectors, too many for a page to read.`,
      { url },
    );
  }
}
