/** @file A bundle on a web server. Whole files for weights, byte ranges for rows of the embedding table. */

import { MANIFEST_PATH } from '../bundle/manifest';
import { isPlainPath } from '../bundle/paths';
import type { BundleReader, StoredFile } from '../bundle/storage';
import { IntegrityError, NetworkError, SourceNotFoundError } from '../errors';
import { fetchAnywhere, isPage, isPassing, PAGE_START, pageInstead } from '../net';
import { blobFile, checkRange } from './bytes-file';

type Fetch = typeof globalThis.fetch;

export interface HttpBundleOptions {
  /** Addresses of files that do not lie beside the manifest, by path. */
  files?: Record<string, string>;
  fetch?: Fetch;
}

/**
 * Reads the bundle below `url` (its folder, or its `bundle.json`). A server that ignores ranges works too; files are
 * then fetched completely, once.
 * @throws SourceNotFoundError for an invalid URL. Reading rejects with it if a file is missing or refused, or if
 * the server cannot be reached.
 */
export function httpBundle(url: string | URL, { files, fetch = fetchAnywhere }: HttpBundleOptions = {}): BundleReader {
  const base = baseUrl(url);
  return {
    label: base.href,
    isRemote: true,
    open: async (path, signal) => {
      if (!isPlainPath(path)) throw new SourceNotFoundError(`${path} is not a plain relative path.`, { path });
      const place = bundleFileUrl(base, path, files);
      // The manifest is small, may be compressed in transit, and must not come from a stale cache.
      if (path === MANIFEST_PATH) {
        const response = await request(fetch, place, { signal, cache: 'no-cache' });
        return blobFile(path, await wholeFile(response, place, signal));
      }
      return remoteFile(fetch, path, place, signal);
    },
  };
}

/** Where a file of the bundle at `url` lies. */
export function bundleFileUrl(url: string | URL, path: string, files?: Record<string, string>): string {
  const own = files && Object.hasOwn(files, path) ? files[path] : undefined;
  if (own !== undefined) return own;
  const base = baseUrl(url);
  const place = new URL(path, base);
  place.search = base.search; // keeps access tokens
  return place.href;
}

function baseUrl(url: string | URL): URL {
  let base: URL;
  try {
    base = new URL(url, typeof location === 'undefined' ? undefined : location.href);
  } catch (cause) {
    throw new SourceNotFoundError(`${String(url)} is not a URL.`, { url: String(url) }, { cause });
  }
  base.hash = '';
  if (base.pathname.endsWith(`/${MANIFEST_PATH}`)) base.pathname = base.pathname.slice(0, -MANIFEST_PATH.length);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

/**
 * Requests one byte: unlike HEAD, the answer tells the length of the file even if the server compresses. Ranges bypass
 * the
 * HTTP cache: for a file that is cached compressed, Chromium answers with ranges of the compressed bytes.
 */
async function remoteFile(fetch: Fetch, path: string, url: string, signal?: AbortSignal): Promise<StoredFile> {
  const response = await request(fetch, url, { signal, headers: { Range: 'bytes=0-0' }, cache: 'no-store' });
  if (response.status !== 206) return blobFile(path, await wholeFile(response, url, signal));
  const size = Number(/\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '')?.[1]);
  // For a file that was sent compressed, Chromium's cache returns ranges of the compressed bytes.
  const isCompressed = response.headers.has('Content-Encoding');
  await response.body?.cancel();
  if (!Number.isSafeInteger(size) || isCompressed) {
    // Across origins, this header is visible only if the server allows it; the whole file tells its length too.
    return blobFile(path, await wholeFile(await request(fetch, url, { signal }), url, signal));
  }
  return {
    path,
    size,
    read: async (start, end, readSignal) => {
      checkRange(path, size, start, end);
      if (start === end) return new Uint8Array(0);
      const headers = { Range: `bytes=${start}-${end - 1}` };
      const answer = await request(fetch, url, { signal: readSignal, headers, cache: 'no-store' });
      const bytes = new Uint8Array(await body(answer.arrayBuffer(), url, readSignal));
      return exactly(answer.status === 206 ? bytes : bytes.slice(start, end), end - start, url);
    },
    data: async (dataSignal) => {
      const answer = await request(fetch, url, { signal: dataSignal });
      const blob = await wholeFile(answer, url, dataSignal);
      if (blob.size !== size) short(url, blob.size, size);
      return blob;
    },
  };
}

async function request(fetch: Fetch, url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    return unreachable(url, cause, init.signal);
  }
  if (response.ok) return response;
  await response.body?.cancel();
  const reason =
    response.status === 404 || response.status === 410
      ? 'is not there'
      : response.status === 401 || response.status === 403
        ? 'may not be read'
        : 'could not be read; try again later';
  const Kind = isPassing(response.status) ? NetworkError : SourceNotFoundError;
  throw new Kind(`${url} ${reason} (HTTP status ${response.status}).`, { url, status: response.status });
}

/** The answer's body. @throws SourceNotFoundError for a page in its place, which would look like damaged weights */
async function wholeFile(response: Response, url: string, signal?: AbortSignal): Promise<Blob> {
  const blob = await body(response.blob(), url, signal);
  const start = new Uint8Array(await blob.slice(0, PAGE_START).arrayBuffer());
  if (isPage(response.headers, start)) throw pageInstead(url, url, response.status);
  return blob;
}

/** A body that breaks off is a network failure like any other. */
async function body<T>(reading: Promise<T>, url: string, signal?: AbortSignal): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    return unreachable(url, cause, signal);
  }
}

function unreachable(url: string, cause: unknown, signal?: AbortSignal | null): never {
  signal?.throwIfAborted();
  throw new NetworkError(
    `${url} cannot be reached: no network, no such server, the connection broke off, or the server does not let other ` +
      'sites read it (CORS).',
    { url },
    { cause },
  );
}

function exactly(bytes: Uint8Array, length: number, url: string): Uint8Array {
  if (bytes.length !== length) short(url, bytes.length, length);
  return bytes;
}

function short(url: string, actual: number, expected: number): never {
  throw new IntegrityError(`${url} returned ${actual} bytes instead of ${expected}.`, { url, actual, expected });
}
