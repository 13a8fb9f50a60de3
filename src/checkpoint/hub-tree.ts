/** @file A repository of the Hugging Face Hub as a {@link FileTree}: pinned to one commit, read by HTTP ranges. */

import { CheckpointFormatError, SourceNotFoundError, VLM2VecError } from '../errors';
import { isInnerPath } from './paths';
import { quote } from './quote';
import { ReadAhead } from './read-ahead';
import type { ByteSource, FileTree } from './types';

const HUB_URL = 'https://huggingface.co';
const MAX_FILES = 10_000;
const ATTEMPTS = 4;

export interface HubTreeOptions {
  /** `TIGER-Lab/VLM2Vec-Qwen2VL-2B` */
  repo: string;
  /** Branch, tag or commit. @default 'main' */
  revision?: string;
  /** For private and gated repositories. */
  accessToken?: string;
  /** @default globalThis.fetch */
  fetch?: typeof fetch;
  /** Ends the listing; each later read has a signal of its own. */
  signal?: AbortSignal;
  /** @default 'https://huggingface.co' */
  hubUrl?: string;
  /** Wait before the first of three further tries, doubled for each, in milliseconds. @default 500 */
  retryDelay?: number;
}

/**
 * Looks up the commit of `revision` and lists its files. Rejects with {@link SourceNotFoundError} when the repository
 * is not there, private or gated, or the Hub cannot be reached. Files are never downloaded whole unless read whole.
 */
export async function hubTree(options: HubTreeOptions): Promise<FileTree> {
  const { repo, revision = 'main', signal } = options;
  for (const name of [repo, revision]) {
    if (!/^[\w.-]+(?:\/[\w.-]+)*$/.test(name) || !isInnerPath(name)) {
      throw new SourceNotFoundError(`${quote(name)} is no name of a Hub repository or revision`, { repo, revision });
    }
  }
  const client = new HubClient(options);
  const commit = await client.commit(revision, signal);
  const sizes = await client.files(commit, signal);
  const readAhead = new ReadAhead();
  return {
    label: repo,
    revision: commit,
    list: () => Promise.resolve([...sizes.keys()].sort()),
    open: async (path, openSignal) => {
      openSignal?.throwIfAborted();
      const size = sizes.get(path);
      if (size === undefined) {
        throw new SourceNotFoundError(`${repo}: ${quote(path)} is not in the repository`, { repo, path });
      }
      return readAhead.wrap(client.source(commit, path, size));
    },
  };
}

/** The calls to the Hub: its own client library, with aborts, retries and named errors around it. */
class HubClient {
  readonly #options: HubTreeOptions;
  readonly #hubUrl: string;

  constructor(options: HubTreeOptions) {
    this.#options = options;
    this.#hubUrl = options.hubUrl ?? HUB_URL;
  }

  /** The commit that `revision` points to now. */
  async commit(revision: string, signal?: AbortSignal): Promise<string> {
    const { repo } = this.#options;
    const { sha } = await this.#call(`${repo} at ${revision}`, signal, async (hub, fetch) =>
      hub.modelInfo({ name: repo, revision, additionalFields: ['sha'], ...this.#access(fetch) }),
    );
    if (!/^[0-9a-f]{40}$/.test(sha)) throw new CheckpointFormatError(`${repo}: the Hub names no commit`);
    return sha;
  }

  /** Sizes of all files by path. */
  async files(commit: string, signal?: AbortSignal): Promise<Map<string, number>> {
    const { repo } = this.#options;
    return this.#call(`${repo} at ${commit}`, signal, async (hub, fetch) => {
      const sizes = new Map<string, number>();
      const entries = hub.listFiles({
        repo: { type: 'model', name: repo },
        revision: commit,
        recursive: true,
        ...this.#access(fetch),
      });
      for await (const { type, path, size: listed, lfs } of entries) {
        if (type !== 'file') continue;
        const size = lfs?.size ?? listed; // never that of the pointer
        if (typeof path !== 'string' || !isInnerPath(path) || !Number.isSafeInteger(size) || size < 0) {
          throw new CheckpointFormatError(`${repo}: the Hub lists a file without a proper path and size`);
        }
        sizes.set(path, size);
        if (sizes.size > MAX_FILES) throw new CheckpointFormatError(`${repo}: more than ${MAX_FILES} files`);
      }
      return sizes;
    });
  }

  source(commit: string, path: string, size: number): ByteSource {
    const { repo } = this.#options;
    const name = `${repo}/${path}`;
    const url = `${this.#hubUrl}/${repo}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
    return {
      name,
      size,
      read: (start, end, signal) =>
        this.#call(name, signal, async (hub, fetch) => {
          const blob = await hub.downloadFile({
            repo: { type: 'model', name: repo },
            path,
            revision: commit,
            xet: false, // xet's own protocol fetches blocks of up to 64 MB; a bridge serves plain ranges
            downloadInfo: { size, etag: commit, url },
            ...this.#access(fetch),
          });
          const buffer = await blob!.slice(start, end).arrayBuffer();
          if (buffer.byteLength !== end - start) {
            throw new CheckpointFormatError(`${name}: ${buffer.byteLength} bytes came instead of ${end - start}`);
          }
          return new Uint8Array(buffer);
        }),
    };
  }

  #access(fetch: typeof globalThis.fetch): { fetch: typeof globalThis.fetch; hubUrl: string; accessToken?: string } {
    const { accessToken } = this.#options;
    return { fetch, hubUrl: this.#hubUrl, ...(accessToken ? { accessToken } : {}) };
  }

  /** Runs one call, again after passing failures, and gives its error a name. */
  async #call<T>(
    what: string,
    signal: AbortSignal | undefined,
    run: (hub: typeof import('@huggingface/hub'), fetch: typeof globalThis.fetch) => Promise<T>,
  ): Promise<T> {
    const hub = await import('@huggingface/hub');
    const fetch = guardedFetch(this.#options.fetch ?? globalThis.fetch, what, signal);
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      try {
        const result = await run(hub, fetch);
        signal?.throwIfAborted();
        return result;
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof VLM2VecError) throw error;
        const status = error instanceof hub.HubApiError ? error.statusCode : null;
        const passing = status === null || status === 429 || status >= 500;
        if (!passing || attempt === ATTEMPTS) throw hubError(what, status, error);
      }
      await wait((this.#options.retryDelay ?? 500) * 2 ** (attempt - 1), signal);
    }
  }
}

function hubError(what: string, status: number | null, cause: unknown): SourceNotFoundError {
  const reason =
    status === null
      ? 'the Hub cannot be reached, or its answer was cut short: check the connection'
      : status === 401 || status === 403
        ? 'does not exist, or is private or gated: log in on the Hub, accept its terms and give an access token'
        : status === 404
          ? 'is not on the Hub'
          : `the Hub answered with status ${status}`;
  return new SourceNotFoundError(`${what}: ${reason}`, { status }, { cause });
}

/** Adds the signal, and refuses a whole file (or too long a piece) where a range was asked for. */
function guardedFetch(base: typeof fetch, what: string, signal?: AbortSignal): typeof fetch {
  return async (input, init) => {
    const response = await base(input, { ...init, signal: signal ?? null });
    const range = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get('range') ?? '');
    if (!range || !response.ok) return response;
    const wanted = Number(range[2]) - Number(range[1]) + 1;
    if (response.status !== 206 || Number(response.headers.get('content-length') ?? 0) > wanted) {
      await response.body?.cancel();
      throw new CheckpointFormatError(`${what}: the server sends whole files where a range was asked for`);
    }
    return response;
  };
}

function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
