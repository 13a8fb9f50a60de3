import { expose } from 'comlink';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WorkerStartError } from '../../errors';
import type { InnocentWork, OpenSettings, PageHooks } from './protocol';
import { WorkerLink, type LinkOptions } from './worker-link';

type Behaviour = {
  /** A worker whose script never starts. */
  silent?: boolean;
  /** A worker whose script cannot be loaded. */
  missing?: boolean;
};

class FakeWorker {
  hooks!: PageHooks;
  innocent: InnocentWork | null = null;
  terminated = false;
  readonly #channel = new MessageChannel();
  readonly #failed: ((event: unknown) => void)[] = [];

  constructor(readonly behaviour: Behaviour) {
    const { port1, port2 } = this.#channel;
    const service = {
      connect: async (hooks: PageHooks) => {
        this.hooks = hooks;
        return false;
      },
      open: async ({ innocent }: OpenSettings) => {
        this.innocent = innocent;
        return `session ${workers.indexOf(this)}`;
      },
      state: async () => `worker ${workers.indexOf(this)}`,
      close: async () => undefined,
    };
    if (!behaviour.silent && !behaviour.missing) expose(service, port1 as never);
    port2.start();
    if (behaviour.missing) setImmediate(() => this.fail(''));
  }

  fail(message: string): void {
    for (const listener of this.#failed) listener({ message });
  }

  postMessage = (message: unknown, transfer: Transferable[] = []) => {
    if (!this.terminated) this.#channel.port2.postMessage(message, transfer as never);
  };
  addEventListener = (type: string, listener: (event: unknown) => void) => {
    if (type === 'message') this.#channel.port2.addEventListener(type, listener as never);
    else if (type === 'error') this.#failed.push(listener);
  };
  removeEventListener = () => undefined;
  terminate = () => {
    this.terminated = true;
    this.#channel.port1.close();
  };
}

let workers: FakeWorker[];
let revived: number;
let givenUp: Error[];
const links: WorkerLink[] = [];

beforeEach(() => {
  [workers, revived, givenUp] = [[], 0, []];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
});
afterEach(async () => {
  for (const link of links.splice(0)) await pass(1, link.close());
  vi.useRealTimers();
});

/** Lets time and messages pass until the work ends. Resolves to the seconds that it took. */
async function pass(most: number, work: Promise<unknown>): Promise<number> {
  let ended = false;
  const end = () => (ended = true);
  work.then(end, end);
  for (let tenths = 0; ; tenths++) {
    for (let i = 0; i < 20 && !ended; i++) await new Promise((resolve) => setImmediate(resolve));
    if (ended) return tenths / 10;
    if (tenths > 10 * most) throw new Error(`It has not ended within ${most} seconds.`);
    await vi.advanceTimersByTimeAsync(100);
  }
}

function open(...behaviours: (Behaviour | (() => never))[]): Promise<WorkerLink> {
  const options: LinkOptions = {
    start: () => {
      const behaviour = behaviours[workers.length] ?? behaviours.at(-1) ?? {};
      const worker = new FakeWorker(typeof behaviour === 'function' ? behaviour() : behaviour);
      workers.push(worker);
      return worker as unknown as Worker;
    },
    settings: { limits: { decodeSeconds: 60 } } as OpenSettings,
    hooks: {
      embed: async () => ({ kind: 'aborted' }),
      abortEmbeddings: () => undefined,
      embedDeep: async () => ({ kind: 'aborted' as const }),
      abortDeep: () => undefined,
      onState: () => undefined,
      places: async () => null,
      left: () => null,
    },
    left: null,
    onRevived: () => revived++,
    onGivenUp: (error) => givenUp.push(error),
    onSession: () => undefined,
  };
  return WorkerLink.open(options).then((link) => {
    links.push(link);
    return link;
  });
}

const state = (link: WorkerLink) => link.call((service) => service.state()) as unknown as Promise<string>;

test('a worker that was killed before its script started is noticed in ten seconds, and another one opens the index', async () => {
  const opening = open({ silent: true }, {});
  const seconds = await pass(15, opening);
  expect(seconds).toBeGreaterThanOrEqual(10);
  expect(workers).toHaveLength(2);
  expect(workers[0]!.terminated).toBe(true);
  expect(await state(await opening)).toBe('worker 1');
});

test('the second one may take a minute: a slow connection does not count as a death', async () => {
  const opening = open({ silent: true });
  opening.catch(() => undefined);
  await expect(pass(65, opening)).rejects.toThrow('not ended');
  expect(workers).toHaveLength(2);
  workers[1]!.fail('stop');
  await pass(400, opening);
});

test.each([
  ['a script that cannot be loaded is tried again at once', { missing: true }, 1],
  ['a worker that never answers is given a minute once more', { silent: true }, 71],
])('%s, and then a named error says why and what to do', async (_, behaviour, seconds) => {
  const opening = open(behaviour);
  const failure = opening.catch((error: unknown) => error);
  await pass(seconds, opening);
  const error = (await failure) as Error;
  expect(error).toBeInstanceOf(WorkerStartError);
  expect(error.message).toMatch(/script could not be loaded|did not start within 60 seconds/);
  expect(error.message).toMatch(/`worker`/);
  expect(workers).toHaveLength(2);
  expect(workers.every(({ terminated }) => terminated)).toBe(true);
});

test('a page that may not start workers gets a named error', async () => {
  const opening = open(() => {
    throw new DOMException('Script at x cannot be accessed from origin null.', 'SecurityError');
  });
  const failure = opening.catch((error: unknown) => error);
  await pass(1, opening);
  expect(await failure).toBeInstanceOf(WorkerStartError);
  expect(((await failure) as Error).message).toMatch(/origin null.*`worker`/);
});

test('a worker that fails is replaced; a call in progress is repeated, and the next worker is told what was being decoded', async () => {
  const opening = open({});
  await pass(1, opening);
  const link = await opening;
  void workers[0]!.hooks.onDecoding(['a', 'b']);
  await pass(1, state(link));
  const call = state(link);
  workers[0]!.fail('boom');
  await pass(1, call);
  expect(await call).toBe('worker 1');
  expect(workers[1]!.innocent).toEqual({ left: null, ended: { session: 'session 0', decoding: ['a', 'b'] } });
  expect([revived, givenUp.length]).toEqual([1, 0]);
});

test('a worker that hangs while it decodes is ended; one that reports progress is not', async () => {
  const opening = open({});
  await pass(1, opening);
  const link = await opening;
  const { hooks } = workers[0]!;
  for (let i = 0; i < 5; i++) {
    void hooks.onDecoding([`${i}`]);
    await pass(1, state(link));
    await vi.advanceTimersByTimeAsync(60_000);
  }
  expect(workers).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(40_000); // decodeSeconds and half a minute since the last sign of life
  expect(workers[0]!.terminated).toBe(true);
  const call = state(link);
  await pass(1, call);
  expect(await call).toBe('worker 1');
  expect(workers[1]!.innocent).toEqual({ left: null, ended: { session: 'session 0', decoding: ['4'] } });
});

test('a worker that decodes nothing may be silent for any length of time', async () => {
  const opening = open({});
  await pass(1, opening);
  await vi.advanceTimersByTimeAsync(3600_000);
  expect(workers).toHaveLength(1);
});
