/**
 * @file A repository of the Hugging Face Hub as a {@link FileTree}: pinned to one commit, listed by the Hub's own client
 * library, read by HTTP ranges, every file checked against the hash that the Hub lists.
 */

import { CheckpointFormatError, NetworkError, SourceNotFoundError, VLM2VecError } from '../errors';
import { HttpFile, isPassing, LONGEST_WAIT, retryAfter, wait } from '../net';
import { isInnerPath } from './paths';
import { quote } from './quote';
import { rangedFile, wholeFile } from './remote-file';
import type { ByteSource, FileTree } from './types';

export const HUB_URL = 'https://huggingface.co';
const MAX_FILES = 10_000;
const ATTEMPTS = 4;
/** Files up to this size are fetched whole and kept: configs, tokenizers, small shards. */
const WHOLE_BYTES = 64 * 1024 * 1024;
/** An adapter's factors are needed throughout, so they are kept in memory. */
const ADAPTER_BYTES = 1024 * 1024 * 1024;

export interface HubTreeOptions {
  /** `TIGER-Lab/VLM2Vec-Qwen2VL-2B` */
  repo: string;
  /** @default 'model' */
  type?: 'model' | 'dataset';
  /** Branch, tag or commit. @default 'main' */
  revision?: string;
  /** For private and gated repositories. */
  accessToken?: string;
  /** @default globalThis.fetch */
  fetch?: typeof fetch;
  /** Aborts the listing; each later read has its own signal. */
  signal?: AbortSignal;
  /** @default 'https://huggingface.co' */
  hubUrl?: string;
  /** Wait before the first of three further attempts, in milliseconds; it doubles each time. @default 500 */
  retryDelay?: number;
  /** Largest file, in bytes, that is fetched whole and kept in memory. @default 64 MiB */
  wholeBytes?: number;
  /** Bytes per request of a pass over a larger file. @default 8 MiB */
  blockBytes?: number;
}

interface HubFile {
  path: string;
  size: number;
  /** For an LFS object, in lower-case hex. */
  sha256: string | null;
  /** For any other file. */
  gitOid: string | null;
}

/**
 * Looks up the commit of `revision` and lists its files. Rejects with {@link SourceNotFoundError} if the repository
 * is missing, private or gated, or if the Hub cannot be reached. Downloads a file completely only if it is read
 * completely.
 */
export async function hubTree(options: HubTreeOptions): Promise<FileTree> {
  const { repo, revision = 'main', signal } = options;
  for (const name of [repo, revision]) {
    if (!/^[\w.-]+(?:\/[\w.-]+)*$/.test(name) || !isInnerPath(name)) {
      throw new SourceNotFoundError(`${quote(name)} is not the name of a Hub repository or revision`, {
        repo,
        revision,
      });
    }
  }
  const client = new HubClient(options);
  const commit = await client.commit(revision, signal);
  const files = await client.files(commit, signal);
  const opened = new Map<string, ByteSource>();
  return {
    label: repo,
    revision: commit,
    list: () => Promise.resolve([...files.keys()].sort()),
    open: async (path, openSignal) => {
      openSignal?.throwIfAborted();
      const file = files.get(path);
      if (!file) throw new SourceNotFoundError(`${repo}: ${quote(path)} is not in the repository`, { repo, path });
      const source = opened.get(path) ?? client.source(commit, file);
      opened.set(path, source);
      return source;
    },
  };
}

/** The calls to the Hub, made through its own client library, with aborts, retries and named errors around it. */
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
    const { sha } = await this.#call(`${repo} at ${revision}`, signal, async (hub, fetch) => {
      const asked = { name: repo, revision, additionalFields: ['sha' as const], ...this.#access(fetch) };
      return this.#options.type === 'dataset' ? hub.datasetInfo(asked) : hub.modelInfo(asked);
    });
    if (!/^[0-9a-f]{40}$/.test(sha)) throw new CheckpointFormatError(`${repo}: the Hub did not name a commit`);
    return sha;
  }

  /** All files by path. */
  async files(commit: string, signal?: AbortSignal): Promise<Map<string, HubFile>> {
    const { repo } = this.#options;
    return this.#call(`${repo} at ${commit}`, signal, async (hub, fetch) => {
      const files = new Map<string, HubFile>();
      const entries = hub.listFiles({
        repo: { type: this.#options.type ?? 'model', name: repo },
        revision: commit,
        recursive: true,
        ...this.#access(fetch),
      });
      for await (const { type, path, size: listed, oid, lfs } of entries) {
        if (type !== 'file') continue;
        const size = lfs?.size ?? listed; // never the pointer's
        if (typeof path !== 'string' || !isInnerPath(path) || !Number.isSafeInteger(size) || size < 0) {
          throw new CheckpointFormatError(`${repo}: the Hub lists a file without a proper path and size`);
        }
        const sha256 = hex(lfs?.oid, 64);
        files.set(path, { path, size, sha256, gitOid: lfs ? null : hex(oid, 40) });
        if (files.size > MAX_FILES) throw new CheckpointFormatError(`${repo}: more than ${MAX_FILES} files`);
      }
      return files;
    });
  }

  source(commit: string, { path, size, sha256, gitOid }: HubFile): ByteSource {
    const { repo, fetch, retryDelay, accessToken, wholeBytes = WHOLE_BYTES, blockBytes } = this.#options;
    const name = `${repo}/${path}`;
    const place = this.#options.type === 'dataset' ? `datasets/${repo}` : repo;
    const file = new HttpFile({
      url: `${this.#hubUrl}/${place}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`,
      name,
      size,
      fetch,
      retryDelay,
      headers: accessToken ? { Authorization: `Bearer ${accessToken}` } : {},
      cache: 'no-store',
      pinned: sha256 === null && gitOid === null, // else the hash tells more reliably than an ETag
      refusal: (status, headers) => refusal(status, headers.get('X-Error-Code')),
      noRanges: (message) => new CheckpointFormatError(message),
    });
    const whole = size <= (/(^|\/)adapter_model\./.test(path) ? ADAPTER_BYTES : wholeBytes);
    return (whole ? wholeFile : rangedFile)({ file, size, sha256, gitOid, blockBytes });
  }

  #access(fetch: typeof globalThis.fetch): { fetch: typeof globalThis.fetch; hubUrl: string; accessToken?: string } {
    const { accessToken } = this.#options;
    return { fetch, hubUrl: this.#hubUrl, ...(accessToken ? { accessToken } : {}) };
  }

  /** Runs one call, repeats it after passing failures, and gives its error a name. */
  async #call<T>(
    what: string,
    signal: AbortSignal | undefined,
    run: (hub: typeof import('@huggingface/hub'), fetch: typeof globalThis.fetch) => Promise<T>,
  ): Promise<T> {
    const hub = await import('@huggingface/hub');
    const base = this.#options.fetch ?? globalThis.fetch;
    let answer: Headers | null = null;
    const fetch: typeof globalThis.fetch = async (input, init) => {
      answer = null;
      // The server chooses the address of a listing's next page; the token must not go to another host.
      const { origin } = new URL(input instanceof Request ? input.url : input);
      if (origin !== new URL(this.#hubUrl).origin) {
        throw new CheckpointFormatError(
          `${what}: the listing continues on another host, ${origin}, which is not contacted`,
          {
            origin,
          },
        );
      }
      const response = await base(input, { ...init, signal: signal ?? null });
      answer = response.headers;
      return response;
    };
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
        const passing = status === null || isPassing(status);
        const { code, after } = hints(answer);
        const pause = after ?? (this.#options.retryDelay ?? 500) * 2 ** (attempt - 1);
        if (!passing || attempt === ATTEMPTS || (after ?? 0) > LONGEST_WAIT) throw hubError(what, status, code, error);
        await wait(pause, signal);
      }
    }
  }
}

/** What the Hub adds to a refusal: the reason, and how long to wait. */
function hints(headers: Headers | null): { code: string | null; after: number | null } {
  return { code: headers?.get('X-Error-Code') ?? null, after: retryAfter(headers?.get('Retry-After') ?? null) };
}

function hubError(what: string, status: number | null, code: string | null, cause: unknown): SourceNotFoundError {
  const reason =
    status === null
      ? globalThis.navigator?.onLine === false
        ? 'the Hub cannot be reached: this device is offline'
        : 'the Hub cannot be reached: no network, no such server, or it does not let other sites read it (CORS)'
      : (refusal(status, code) ?? `the Hub answered with status ${status}`);
  const Kind = status === null || isPassing(status) ? NetworkError : SourceNotFoundError;
  return new Kind(`${what}: ${reason}`, { status, code }, { cause });
}

/** `code`: the Hub's own `X-Error-Code`. */
function refusal(status: number, code: string | null): string | null {
  if (code === 'GatedRepo') return 'is gated: accept its terms on its page of the Hub, and give an accessToken';
  if (code === 'RevisionNotFound') return 'this revision is not on the Hub';
  if (status === 401 || status === 403) {
    return 'does not exist, or is private or gated: log in on the Hub, accept its terms and give an accessToken';
  }
  return status === 404 ? 'is not on the Hub' : null;
}

function hex(text: unknown, digits: number): string | null {
  return typeof text === 'string' && text.length === digits && /^[0-9a-f]+$/.test(text) ? text : null;
}
