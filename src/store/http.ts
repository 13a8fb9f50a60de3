/** @file A bundle on a web server. Whole files for weights, byte ranges for rows of the embedding table. */

import { MANIFEST_PATH } from '../bundle/manifest';
import { isPlainPath } from '../bundle/paths';
import type { BundleReader, StoredFile } from '../bundle/storage';
import { IntegrityError, NetworkError, SourceNotFoundError, VLM2VecError } from '../errors';
import { fetchAnywhere, isPage, PAGE_START, pageInstead, PassingFailure, passingRefusal, retrying } from '../net';
import { blobFile, checkRange } from './bytes-file';

type Fetch = typeof globalThis.fetch;

export interface HttpBundleOptions {
  /** Addresses of files that do not lie beside the manifest, by path. */
  files?: Record<string, string>;
  fetch?: Fetch;
  /** Pause before the second try after a failure that may pass, in milliseconds. @default 500 */
  retryDelay?: number;
}

/** How to make requests. */
interface Client {
  fetch: Fetch;
  retryDelay?: number;
}

/**
 * Reads the bundle below `url` (its folder, or its `bundle.json`). A server that ignores ranges works too; files are
 * then fetched completely, once.
 * @throws SourceNotFoundError for an invalid URL. Reading rejects with it if a file is missing or refused, or if
 * the server cannot be reached.
 */
export function httpBundle(url: string | URL, options: HttpBundleOptions = {}): BundleReader {
  const { files, fetch = fetchAnywhere, retryDelay } = options;
  const client: Client = { fetch, retryDelay };
  const base = baseUrl(url);
  return {
    label: base.href,
    isRemote: true,
    open: async (path, signal) => {
      if (!isPlainPath(path)) throw new SourceNotFoundError(`${path} is not a plain relative path.`, { path });
      const place = bundleFileUrl(base, path, files);
      // The manifest is small, may be compressed in transit, and must not come from a stale cache.
      if (path === MANIFEST_PATH) {
        return blobFile(path, await answer(client, place, { signal, cache: 'no-cache' }, wholeFile));
      }
      return remoteFile(client, path, place, signal);
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
 * the HTTP cache: for a file that is cached compressed, Chromium answers with ranges of the compressed bytes.
 */
async function remoteFile(client: Client, path: string, url: string, signal?: AbortSignal): Promise<StoredFile> {
  const probe: RequestInit = { signal, headers: { Range: 'bytes=0-0' }, cache: 'no-store' };
  const size = await answer(client, url, probe, async (response) => {
    if (response.status !== 206) return wholeFile(response, url);
    const total = Number(/\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '')?.[1]);
    // For a file that was sent compressed, Chromium's cache returns ranges of the compressed bytes.
    const isCompressed = response.headers.has('Content-Encoding');
    await response.body?.cancel();
    return Number.isSafeInteger(total) && !isCompressed ? total : null;
  });
  if (size instanceof Blob) return blobFile(path, size);
  // Across origins, the header is visible only if the server allows it; the whole file tells its length too.
  if (size === null) return blobFile(path, await answer(client, url, { signal }, wholeFile));
  return {
    path,
    size,
    read: async (start, end, readSignal) => {
      checkRange(path, size, start, end);
      if (start === end) return new Uint8Array(0);
      const range: RequestInit = {
        signal: readSignal,
        headers: { Range: `bytes=${start}-${end - 1}` },
        cache: 'no-store',
      };
      const bytes = await answer(client, url, range, async (response) => {
        const all = new Uint8Array(await response.arrayBuffer());
        return response.status === 206 ? all : all.slice(start, end);
      });
      return exactly(bytes, end - start, url);
    },
    data: async (dataSignal) => {
      const blob = await answer(client, url, { signal: dataSignal }, wholeFile);
      if (blob.size !== size) short(url, blob.size, size);
      return blob;
    },
  };
}

/**
 * Makes a request and reads its answer; both are repeated after failures that may pass.
 * @throws NetworkError if they do not; SourceNotFoundError for a refusal
 */
async function answer<T>(
  { fetch, retryDelay }: Client,
  url: string,
  init: RequestInit,
  read: (response: Response, url: string) => Promise<T>,
): Promise<T> {
  const signal = init.signal ?? undefined;
  const attempt = async (): Promise<T> => {
    try {
      const response = await fetch(url, init);
      if (!response.ok) {
        await response.body?.cancel();
        throw refused(response, url);
      }
      return await read(response, url);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof PassingFailure || error instanceof VLM2VecError) throw error;
      throw new PassingFailure('unreachable', null, { cause: unreachable(url, error) });
    }
  };
  try {
    return await retrying(attempt, { signal, retryDelay });
  } catch (error) {
    throw error instanceof PassingFailure ? error.cause : error;
  }
}

function refused(response: Response, url: string): Error {
  const { status } = response;
  const refusal = (Kind: typeof SourceNotFoundError | typeof NetworkError, reason: string) =>
    new Kind(`${url} ${reason} (HTTP status ${status}).`, { url, status });
  const passing = passingRefusal(response, url);
  if (passing) {
    const cause = refusal(NetworkError, 'could not be read; try again later');
    return new PassingFailure(passing.message, passing.after, { cause });
  }
  if (status === 404 || status === 410) return refusal(SourceNotFoundError, 'is not there');
  if (status === 401 || status === 403) return refusal(SourceNotFoundError, 'may not be read');
  return refusal(SourceNotFoundError, 'could not be read');
}

/** The answer's body. @throws SourceNotFoundError for a page in its place, which would look like damaged weights */
async function wholeFile(response: Response, url: string): Promise<Blob> {
  const blob = await response.blob();
  const start = new Uint8Array(await blob.slice(0, PAGE_START).arrayBuffer());
  if (isPage(response.headers, start)) throw pageInstead(url, url, response.status);
  return blob;
}

function unreachable(url: string, cause: unknown): NetworkError {
  return new NetworkError(
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
