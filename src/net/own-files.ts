/**
 * @file Finds out why a script, a worker or a `.wasm` file of this package does not load. Neither `import()` nor
 * `Worker` nor ONNX Runtime says more than that it failed, so the address is requested once more: its owner can act on
 * the server's answer.
 */

import { NetworkError, SourceNotFoundError, type VLM2VecError } from '../errors';

export type OwnFileKind = 'script' | 'wasm';

const TYPES: Record<OwnFileKind, RegExp> = { script: /javascript|ecmascript/i, wasm: /./ };
const REMEDY = "Serve the package's files in the same layout as in its folder (docs/hosting.md).";

/** The address in a browser's message about a failed import; Safari's message has none. */
const ADDRESS = /(?:https?|blob|file):\/\/[^\s'")]+/;

/**
 * Imports a script when it is needed. @throws SourceNotFoundError, NetworkError naming its address and the server's
 * answer
 */
export async function importing<T>(load: () => Promise<T>): Promise<T> {
  const since = globalThis.performance?.now() ?? 0;
  try {
    return await load();
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    throw (await whyNotLoaded('script', { url: ADDRESS.exec(message)?.[0], since, cause: error })) ?? error;
  }
}

/**
 * What is wrong with a file, or null if it arrives and is of the right kind, so that the cause is elsewhere.
 * @param url its address; without one, whatever the browser recorded as failed `since` then
 */
export async function whyNotLoaded(
  kind: OwnFileKind,
  { url, since = 0, cause }: { url?: string; since?: number; cause?: unknown },
): Promise<VLM2VecError | null> {
  const place = url ?? failedSince(since);
  if (place === undefined) return null;
  let response: Response;
  try {
    response = await fetch(place, { cache: 'no-store', headers: { Range: 'bytes=0-63' } });
  } catch (error) {
    return new NetworkError(
      `The ${kind} ${place} cannot be reached: no network, no such server, or it does not let other sites read it (CORS).`,
      { url: place },
      { cause: cause ?? error },
    );
  }
  const type = response.headers.get('Content-Type') ?? '';
  await response.body?.cancel();
  const { status } = response;
  const refuse = (how: string) =>
    new SourceNotFoundError(
      `The ${kind} ${place} ${how} (HTTP status ${status}). ${REMEDY}`,
      { url: place, status },
      { cause },
    );
  if (!response.ok) return refuse('is not there');
  if (/text\/html/i.test(type)) return refuse('is an HTML page: this server sends one for files that do not exist');
  if (!TYPES[kind].test(type)) return refuse(`is sent as '${type}', which browsers do not accept as a ${kind}`);
  return null;
}

/** The last request that failed since then, if the browser reports statuses. */
function failedSince(since: number): string | undefined {
  const entries = globalThis.performance?.getEntriesByType?.('resource') as PerformanceResourceTiming[] | undefined;
  return entries?.findLast((entry) => entry.startTime >= since && entry.responseStatus >= 400)?.name;
}
