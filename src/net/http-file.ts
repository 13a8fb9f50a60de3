/**
 * @file A file on a web server, read by byte ranges. A broken connection is resumed where it broke; passing
 * failures are retried with back-off; a file that changes while it is read is detected by its ETag and length.
 */

import { IntegrityError, NetworkError, SourceNotFoundError, VLM2VecError } from '../errors';
import { fetchAnywhere } from './data-url';
import { isPage, PAGE_START, pageInstead } from './page';
import { PassingFailure, passingRefusal, retrying } from './retry';

/** A connection that sends nothing for this long is given up, in milliseconds. */
const STALL = 60_000;
const UNREACHABLE = 'the server cannot be reached';

export interface HttpFileOptions {
  url: string;
  /** For messages. @default url */
  name?: string;
  /** Length in bytes, if known: an answer that states a different one is refused. */
  size?: number;
  /** The length of a file that may have grown since: an answer that states a shorter one is refused. */
  leastSize?: number;
  /** @default globalThis.fetch */
  fetch?: typeof fetch;
  headers?: Record<string, string>;
  /** `no-store` keeps large files from filling the browser's cache. */
  cache?: RequestCache;
  /** Refuse answers whose ETag differs from the first one. For files whose hash is not known. */
  pinned?: boolean;
  /** What a refusal means here, for people: `is not on the Hub`. Null: the usual words. */
  refusal?: (status: number, headers: Headers) => string | null;
  /** The error for a server that sends the whole file when a part was requested. @default IntegrityError */
  noRanges?: (message: string) => VLM2VecError;
  retryDelay?: number;
}

/** Reads ranges of one file. Safe to use for several reads at once. */
export class HttpFile {
  readonly name: string;
  readonly #options: HttpFileOptions;
  readonly #fetch: typeof fetch;
  #etag: string | null = null;

  constructor(options: HttpFileOptions) {
    this.#options = options;
    this.name = options.name ?? options.url;
    this.#fetch = options.fetch ?? fetchAnywhere;
  }

  /**
   * Bytes `start` to `end` (exclusive).
   * @throws SourceNotFoundError if the server refuses; NetworkError if it cannot be reached or keeps failing; {@link
   * IntegrityError} if the file changed meanwhile or an answer has the wrong length
   */
  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const bytes = new Uint8Array(end - start);
    let got = 0;
    const attempt = async () => {
      const response = await this.#request(start + got, end, signal);
      for await (const piece of this.#body(response, signal)) {
        if (got + piece.length > bytes.length) throw this.#tooLong(bytes.length);
        bytes.set(piece, got);
        got += piece.length;
      }
      // Without a length in its headers, an answer that was cut short looks like a finished one.
      if (got < bytes.length) throw new PassingFailure(`only ${got} of ${bytes.length} bytes arrived`, null);
    };
    if (bytes.length > 0) await this.#retrying(attempt, signal, () => got);
    return bytes;
  }

  /** The whole file, front to back, as it arrives; a broken connection is not resumed. */
  async *stream(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const response = await this.#retrying(() => this.#request(null, null, signal), signal);
    try {
      yield* this.#body(response, signal);
    } catch (error) {
      throw this.#named(error);
    }
  }

  async #retrying<T>(attempt: () => Promise<T>, signal?: AbortSignal, progress?: () => number): Promise<T> {
    try {
      return await retrying(attempt, { signal, retryDelay: this.#options.retryDelay }, progress);
    } catch (error) {
      throw this.#named(error);
    }
  }

  async #request(start: number | null, end: number | null, signal?: AbortSignal): Promise<Response> {
    const { url, cache, size } = this.#options;
    const whole = start === null || (start === 0 && end === size);
    const headers = { ...this.#options.headers, ...(whole ? {} : { Range: `bytes=${start}-${end! - 1}` }) };
    const connecting = new AbortController();
    const timer = setTimeout(() => connecting.abort(), STALL);
    let response: Response;
    try {
      const joined = signal ? AbortSignal.any([signal, connecting.signal]) : connecting.signal;
      response = await this.#fetch(url, { headers, signal: joined, ...(cache ? { cache } : {}) });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new PassingFailure(UNREACHABLE, null, { cause });
    } finally {
      clearTimeout(timer);
    }
    if (!response.ok) {
      await response.body?.cancel().catch(() => undefined);
      throw this.#refused(response);
    }
    try {
      this.#check(response, whole ? null : { start: start!, length: end! - start! });
    } catch (error) {
      await response.body?.cancel().catch(() => undefined);
      throw error;
    }
    return response;
  }

  #refused(response: Response): Error {
    const { status } = response;
    const passing = passingRefusal(response, this.#options.url);
    if (passing) return passing;
    const usual =
      status === 404 || status === 410
        ? 'is not there'
        : status === 401 || status === 403
          ? 'may not be read'
          : status === 416
            ? 'is shorter than expected'
            : 'could not be read';
    const reason = this.#options.refusal?.(status, response.headers) ?? usual;
    return new SourceNotFoundError(`${this.name} ${reason} (HTTP status ${status}).`, {
      url: this.#options.url,
      status,
    });
  }

  /** Checks the answer's headers against what is known of the file, and against the requested range. */
  #check(response: Response, range: { start: number; length: number } | null): void {
    const { size, leastSize = 0, pinned } = this.#options;
    const etag = response.headers.get('ETag');
    if (pinned && etag && this.#etag && etag !== this.#etag) {
      throw this.#changed(`its ETag was ${this.#etag} and is now ${etag}`);
    }
    this.#etag ??= etag;
    const [, first, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '') ?? [];
    if (size !== undefined && total !== undefined && Number(total) !== size) {
      throw this.#changed(`it has ${total} bytes, not ${size}`);
    }
    if (total !== undefined && Number(total) < leastSize) {
      throw this.#changed(`it has ${total} bytes, but at least ${leastSize} are expected`);
    }
    if (range === null) return;
    const announced = response.headers.get('Content-Length');
    const other = first !== undefined && Number(first) !== range.start;
    if (response.status !== 206 || Number(announced ?? 0) > range.length || other) {
      const message = `${this.name}: the server sends whole files when a range is requested.`;
      throw this.#options.noRanges?.(message) ?? new IntegrityError(message, { url: this.#options.url });
    }
  }

  async *#body(response: Response, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const reader = response.body!.getReader();
    let ended = false;
    let isFirst = true;
    try {
      for (;;) {
        const { done, value } = await unlessStalled(reader.read(), signal);
        ended = done;
        if (done) return;
        if (isFirst && isPage(response.headers, value.subarray(0, PAGE_START))) {
          throw pageInstead(this.name, this.#options.url, response.status);
        }
        isFirst = false;
        yield value;
      }
    } catch (cause) {
      ended = true;
      void reader.cancel().catch(() => undefined);
      signal?.throwIfAborted();
      throw cause instanceof VLM2VecError ? cause : new PassingFailure('the connection broke off', null, { cause });
    } finally {
      if (!ended) void reader.cancel().catch(() => undefined);
    }
  }

  #named(error: unknown): unknown {
    if (!(error instanceof PassingFailure)) return error;
    const { onLine } = globalThis.navigator ?? {};
    const offline = onLine === false ? 'this device is offline' : null;
    const reason =
      error.message === UNREACHABLE
        ? `cannot be reached: ${offline ?? 'no network, no such server, or it does not let other sites read it (CORS)'}`
        : `could not be read: ${offline ?? error.message}; try again later`;
    return new NetworkError(
      `${this.name} ${reason}.`,
      { url: this.#options.url, offline: offline !== null },
      { cause: error },
    );
  }

  #changed(how: string): IntegrityError {
    return new IntegrityError(`${this.name} changed on the server while it was being read: ${how}. Start again.`, {
      url: this.#options.url,
    });
  }

  #tooLong(length: number): IntegrityError {
    return new IntegrityError(`${this.name} returned more than the ${length} bytes requested.`, {
      url: this.#options.url,
    });
  }
}

async function unlessStalled<T>(reading: Promise<T>, signal?: AbortSignal): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stop = () => undefined as void;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('nothing arrived for a minute')), STALL);
    stop = () => reject(signal!.reason as Error);
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
  });
  try {
    return await Promise.race([reading, stalled]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
