import { expose } from 'comlink';
import { afterEach, expect, test, vi } from 'vitest';
import { DisposedError, ImageFormatError, InvalidInputError, WorkerStartError } from '../errors';
import { errorFromWire, errorToWire, installErrorHandler } from '../remote/error-wire';
import type { ModelInfo, ProgressEvent } from '../runtime/index';
import type { Backend, CallHooks, Embedded } from './local';
import type { WorkerLike } from '../remote/living-worker';
import { WorkerBackend } from './worker-client';
import { WorkerService } from './worker-service';

const INFO = { dims: 2 } as ModelInfo;
const USAGE = { inputs: 1, tokens: 3, imageTokens: 0, milliseconds: { prepare: 1, vision: 0, text: 2 } };
const SOURCE = { kind: 'url', url: 'x' } as const;
const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

/** A worker in this thread: the same messages, over a channel. */
function start(backend: Partial<Backend>) {
  installErrorHandler();
  const { port1, port2 } = new MessageChannel();
  closing.push(
    () => port1.close(),
    () => port2.close(),
  );
  const whole: Backend = {
    load: async () => INFO,
    add: async () => null,
    embed: async () => ({ vectors: [], skipped: [], info: INFO, usage: USAGE }),
    prepare: async () => undefined,
    matmulRate: async () => ({ flopsPerSecond: 1e9, rows: 64, size: 2048, bits: 8 }),
    dispose: async () => undefined,
    ...backend,
  };
  expose(new WorkerService(whole), port1 as never);
  let terminated = 0;
  const listeners = new Map<string, (event: unknown) => void>();
  const worker: WorkerLike = {
    postMessage: (message, transfer) => port2.postMessage(message, transfer ?? []),
    addEventListener: (type, listener) => {
      if (type === 'message') port2.addEventListener(type, listener as EventListener);
      else listeners.set(type, listener as (event: unknown) => void);
    },
    removeEventListener: (type, listener) => port2.removeEventListener(type, listener as EventListener),
    terminate: () => {
      terminated++;
      port2.close();
    },
  };
  port2.start();
  return { client: new WorkerBackend(() => worker), fail: listeners, terminated: () => terminated };
}

const forever = () => new Promise<never>(() => undefined);

test('vectors come over with the inputs and settings that were sent', async () => {
  const seen: unknown[] = [];
  const { client } = start({
    embed: async (inputs, settings) => {
      seen.push(inputs, settings);
      return { vectors: [Float32Array.of(0.6, 0.8)], skipped: [], info: INFO, usage: USAGE };
    },
  });
  expect(await client.load(SOURCE, { device: 'wasm' }, {})).toEqual(INFO);
  const image = new Blob(['pixels']);
  const { vectors, usage } = await client.embed([{ text: 'a', image }], { maxTokens: 5 }, {});
  expect(usage).toEqual(USAGE);
  expect(vectors).toEqual([Float32Array.of(0.6, 0.8)]);
  expect(seen[0]).toMatchObject([{ text: 'a' }]);
  expect((seen[0] as { image: Blob }[])[0]!.image).toBeInstanceOf(Blob);
  expect(seen[1]).toEqual({ maxTokens: 5 });
});

test('pixels are copied, or given away where that is asked for; either way they arrive whole', async () => {
  const seen: unknown[] = [];
  const { client } = start({
    embed: async (inputs) => {
      seen.push(inputs);
      return { vectors: inputs.map(() => Float32Array.of(0.6, 0.8)), skipped: [], info: INFO, usage: USAGE };
    },
  });
  const data = Uint8Array.of(1, 2, 3);
  const image = { width: 1, height: 1, data };
  await client.embed([{ image }], {}, {});
  expect(data.length).toBe(3);
  await client.embed([{ image }, { image: [image] }], {}, { transferPixels: true }); // shared by two inputs
  expect(data.length).toBe(0);
  const whole = { width: 1, height: 1, data: Uint8Array.of(1, 2, 3) };
  expect(seen).toEqual([[{ image: whole }], [{ image: whole }, { image: [whole] }]]);
});

test('progress reaches the call it belongs to', async () => {
  const { client } = start({
    embed: async (inputs, _settings, { onProgress }) => {
      await Promise.resolve();
      onProgress?.({ status: 'progress_total', phase: 'embed', loaded: inputs.length, total: 2 });
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { vectors: [], skipped: [], info: INFO, usage: USAGE };
    },
  });
  const events: ProgressEvent[][] = [[], []];
  await Promise.all([
    client.embed(['a'], {}, { onProgress: (event) => events[0]!.push(event) }),
    client.embed(['a', 'b'], {}, { onProgress: (event) => events[1]!.push(event) }),
  ]);
  expect(events.map((list) => list.map(({ loaded }) => loaded))).toEqual([[1], [2]]);
});

test('an abort reaches the worker’s signal, and the caller gets its own reason', async () => {
  const { client } = start({
    embed: (_inputs, _settings, { signal }: CallHooks) =>
      new Promise<Embedded>((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason))),
  });
  await client.load(SOURCE, {}, {});
  const controller = new AbortController();
  const other = client.embed(['b'], {}, {});
  const call = client.embed(['a'], {}, { signal: controller.signal });
  setTimeout(() => controller.abort(), 10);
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  await expect(
    Promise.race([other.catch(() => 'ended'), new Promise((r) => setTimeout(() => r('runs on'), 10))]),
  ).resolves.toBe('runs on');
  await client.dispose();
  await expect(other).rejects.toThrow(DisposedError);
});

test('a call that is aborted before it starts is not sent', async () => {
  let called = false;
  const { client } = start({
    embed: async () => {
      called = true;
      return { vectors: [], skipped: [], info: INFO, usage: USAGE };
    },
  });
  await expect(client.embed(['a'], {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  expect(called).toBe(false);
});

test('errors arrive with class and details', async () => {
  const { client } = start({ embed: () => Promise.reject(new ImageFormatError('no picture', { input: 'inputs[1]' })) });
  const error = await client.embed(['a'], {}, {}).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ImageFormatError);
  expect(error).toMatchObject({ details: { input: 'inputs[1]' } });
});

test('an input that cannot be sent is refused as such', async () => {
  const { client } = start({});
  const image = { width: 1, height: 1, data: (() => 1) as never };
  await expect(client.embed([{ image }], {}, {})).rejects.toThrow(InvalidInputError);
});

test('dispose rejects calls in flight and later ones, and ends the worker once', async () => {
  const { client, terminated } = start({ embed: forever });
  await client.load(SOURCE, {}, {});
  const call = client.embed(['a'], {}, {});
  await Promise.all([expect(call).rejects.toThrow(DisposedError), client.dispose(), client.dispose()]);
  await expect(client.embed(['a'], {}, {})).rejects.toThrow(DisposedError);
  expect(terminated()).toBe(1);
});

test('a worker that fails rejects everything, then and later', async () => {
  const { client, fail } = start({ embed: forever });
  await client.load(SOURCE, {}, {});
  const call = client.embed(['a'], {}, {});
  fail.get('error')!({ message: 'Uncaught SyntaxError' });
  await expect(call).rejects.toThrow(DisposedError);
  await expect(call).rejects.toThrow('Uncaught SyntaxError');
  await expect(call).rejects.toMatchObject({ details: { died: true } }); // not disposed of
  await expect(client.embed(['a'], {}, {})).rejects.toThrow('Uncaught SyntaxError');
});

/** A worker that never says a word; its failures are told by hand. */
function silentWorker() {
  const listeners = new Map<string, (event: unknown) => void>();
  let terminated = 0;
  const worker: WorkerLike = {
    postMessage: () => undefined,
    addEventListener: (type, listener) => listeners.set(type, listener as (event: unknown) => void),
    removeEventListener: () => undefined,
    terminate: () => terminated++,
  };
  return { worker, listeners, terminated: () => terminated };
}

test('a worker whose script cannot be loaded rejects a load, and the error says what to do', async () => {
  const { worker, listeners } = silentWorker();
  const loading = new WorkerBackend(() => worker).load(SOURCE, {}, {});
  listeners.get('error')!({});
  const error = await loading.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(WorkerStartError);
  expect((error as Error).message).toMatch(/its script could not be loaded.*`worker: false`/);
});

test('a worker that never answers rejects a load within a minute', async () => {
  vi.useFakeTimers();
  try {
    const { worker, terminated } = silentWorker();
    const client = new WorkerBackend(() => worker);
    const loading = client.load(SOURCE, {}, {}).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(await Promise.race([loading, Promise.resolve('waits')])).toBe('waits');
    await vi.advanceTimersByTimeAsync(2_000);
    const error = await Promise.race([loading, Promise.resolve('waits')]);
    expect(error).toBeInstanceOf(WorkerStartError);
    expect((error as Error).message).toMatch(/did not start within 60 seconds.*`worker: false`/);
    expect(terminated()).toBe(1);
    await expect(client.embed(['a'], {}, {})).rejects.toThrow(WorkerStartError);
  } finally {
    vi.useRealTimers();
  }
});

test('a worker that the page may not start is a named error, with the reason', () => {
  const refused = new DOMException('Script at x cannot be accessed from origin null.', 'SecurityError');
  const start = () => {
    throw refused;
  };
  const error = catchError(() => new WorkerBackend(start));
  expect(error).toBeInstanceOf(WorkerStartError);
  expect(error).toMatchObject({ cause: refused, message: expect.stringMatching(/origin null.*`worker: false`/) });
});

test('something that is no worker is refused by name', () => {
  const error = catchError(() => new WorkerBackend((() => Promise.resolve(1)) as never));
  expect(error).toBeInstanceOf(InvalidInputError);
});

function catchError(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

test('inputs that were skipped come over as null, with errors that name them', async () => {
  const { client } = start({
    embed: async (_, { names }) => ({
      vectors: [null, Float32Array.of(0.6, 0.8)],
      skipped: [
        { index: 0, error: errorToWire(new ImageFormatError(`${names![0]}: no picture`, { input: names![0] })) },
      ],
      info: INFO,
      usage: USAGE,
    }),
  });
  await client.load(SOURCE, {}, {});
  const { vectors, skipped } = await client.embed(
    ['a', 'b'],
    { onError: 'skip', names: ['inputs[4]', 'inputs[5]'] },
    {},
  );
  expect(vectors).toEqual([null, Float32Array.of(0.6, 0.8)]);
  expect(skipped).toMatchObject([{ index: 0 }]);
  const arrived = errorFromWire(skipped[0]!.error);
  expect(arrived).toBeInstanceOf(ImageFormatError);
  expect(arrived).toMatchObject({ message: 'inputs[4]: no picture', details: { input: 'inputs[4]' } });
});
