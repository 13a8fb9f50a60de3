import { describe, expect, it } from 'vitest';
import { CheckpointFormatError, IntegrityError, NetworkError, SourceNotFoundError } from '../errors';
import { hubTree, type HubTreeOptions } from './hub-tree';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const HUB = 'https://hub.test';
const MEGABYTE = 1024 * 1024;

/** What the Hub was asked. */
interface Asked {
  path: string;
  range: string | null;
  authorization: string | null;
}

type Answer = (request: Asked) => Response | Promise<Response> | undefined;

/** A Hub with one repository, `org/model`, that supports ranges. `first` may answer in its place. */
function fakeHub(files: Record<string, Uint8Array>, first: Answer = () => undefined) {
  const requests: Asked[] = [];
  const fake: typeof fetch = async (input, init) => {
    init?.signal?.throwIfAborted();
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init?.headers);
    const request = {
      path: url.pathname,
      range: headers.get('range'),
      authorization: headers.get('authorization'),
    };
    requests.push(request);
    const answer = await first(request);
    if (answer) return answer;
    if (url.origin !== HUB) throw new Error(`asked another host: ${url.href}`);
    if (url.pathname === '/api/models/org/model/revision/main') {
      return Response.json({ _id: '1', id: 'org/model', sha: COMMIT, lastModified: 0 });
    }
    if (url.pathname === `/api/models/org/model/tree/${COMMIT}`) {
      const entries = Object.entries(files).map(([path, bytes]) => ({ type: 'file', path, size: bytes.length }));
      return Response.json([{ type: 'directory', path: 'sub', size: 0 }, ...entries]);
    }
    const prefix = `/org/model/resolve/${COMMIT}/`;
    const path = decodeURIComponent(url.pathname.slice(prefix.length));
    const bytes = url.pathname.startsWith(prefix) ? files[path] : undefined;
    if (!bytes) return Response.json({ error: 'Entry not found' }, { status: 404 });
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.range ?? '');
    if (!range) return new Response(bytes as Uint8Array<ArrayBuffer>);
    return new Response(bytes.slice(Number(range[1]), Number(range[2]) + 1), { status: 206 });
  };
  const open = (over: Partial<HubTreeOptions> = {}) =>
    hubTree({ repo: 'org/model', hubUrl: HUB, fetch: fake, retryDelay: 1, ...over });
  return { open, requests };
}

const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

describe('hubTree', () => {
  it('follows a listing on its own host only, with and without a token', async () => {
    for (const accessToken of ['hf_secret', undefined]) {
      const { open, requests } = fakeHub({}, ({ path }) => {
        if (!path.endsWith(`/tree/${COMMIT}`)) return undefined;
        const next = `https://evil.test/api/models/org/model/tree/${COMMIT}?cursor=x`;
        return Response.json([], { headers: { Link: `<${next}>; rel="next"` } });
      });
      await expect(open({ accessToken })).rejects.toThrow(CheckpointFormatError);
      await expect(open({ accessToken })).rejects.toThrow('https://evil.test, which is not contacted');
      expect(requests).toHaveLength(4); // two of each call, none elsewhere
    }
  });

  it('reads data sets where the Hub keeps them', async () => {
    const asked: string[] = [];
    const fake: typeof fetch = async (input) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      asked.push(pathname);
      if (pathname.startsWith('/api/datasets/org/data/revision/'))
        return Response.json({ id: 'org/data', sha: COMMIT });
      if (pathname.startsWith('/api/datasets/org/data/tree/')) {
        return Response.json([{ type: 'file', path: 'CIRR/test-00000-of-00001.parquet', size: 3 }]);
      }
      const found = pathname === `/datasets/org/data/resolve/${COMMIT}/CIRR/test-00000-of-00001.parquet`;
      return found ? new Response(pattern(3) as Uint8Array<ArrayBuffer>) : new Response(null, { status: 404 });
    };
    const tree = await hubTree({ repo: 'org/data', type: 'dataset', hubUrl: HUB, fetch: fake, retryDelay: 1 });
    const [path] = await tree.list();
    expect(await (await tree.open(path!)).read(0, 3)).toEqual(pattern(3));
    expect(asked.every((each) => each.includes('datasets/org/data/'))).toBe(true);
  });

  it('pins the commit and lists its files', async () => {
    const { open } = fakeHub({ 'config.json': pattern(3), 'sub/a b.bin': pattern(5) });
    const tree = await open();
    expect(tree).toMatchObject({ label: 'org/model', revision: COMMIT });
    expect(await tree.list()).toEqual(['config.json', 'sub/a b.bin']);
    expect(await (await tree.open('sub/a b.bin')).read(1, 4)).toEqual(pattern(5).slice(1, 4));
    await expect(tree.open('other.json')).rejects.toBeInstanceOf(SourceNotFoundError);
  });

  it('fetches small files in one piece, once', async () => {
    const { open, requests } = fakeHub({ 'tokenizer.json': pattern(5000) });
    const tree = await open();
    const before = requests.length;
    for (let at = 0; at < 1000; at += 8) {
      expect(await (await tree.open('tokenizer.json')).read(at, at + 8)).toEqual(pattern(5000).slice(at, at + 8));
    }
    expect(requests.slice(before).map(({ range }) => range)).toEqual([null]);
  });

  it('reads large files by ranges: short ones in windows, long ones as they are', async () => {
    const big = pattern(2 * MEGABYTE);
    const { open, requests } = fakeHub({ 'model.safetensors': big });
    const source = await (await open({ wholeBytes: MEGABYTE })).open('model.safetensors');
    const before = requests.length;
    for (let at = 0; at < 1000; at += 8) expect(await source.read(at, at + 8)).toEqual(big.slice(at, at + 8));
    expect(requests.slice(before).map(({ range }) => range)).toEqual(['bytes=0-65535']);
    const long = await source.read(MEGABYTE, 2 * MEGABYTE);
    expect(Buffer.compare(long, big.subarray(MEGABYTE, 2 * MEGABYTE))).toBe(0);
    const ranges = requests.slice(before + 1).map(({ range }) => range);
    expect(ranges).toEqual([`bytes=${MEGABYTE}-${2 * MEGABYTE - 1}`]);
    await expect(source.read(0, 3 * MEGABYTE)).rejects.toBeInstanceOf(CheckpointFormatError);
  });

  it.each<[number, RegExp]>([
    [401, /private or gated/],
    [403, /private or gated/],
    [404, /is not on the Hub/],
  ])('names what status %i means, at once', async (status, message) => {
    const { open, requests } = fakeHub({}, () => Response.json({ error: 'no' }, { status }));
    await expect(open()).rejects.toBeInstanceOf(SourceNotFoundError);
    await expect(open()).rejects.toThrow(message);
    expect(requests).toHaveLength(2);
  });

  it.each([429, 500, 503])('tries again after status %i', async (status) => {
    let failures = 3;
    const { open } = fakeHub({ a: pattern(9) }, () => (failures-- > 0 ? new Response('', { status }) : undefined));
    const source = await (await open()).open('a');
    failures = 3;
    expect(await source.read(2, 4)).toEqual(pattern(9).slice(2, 4));
    failures = 4;
    await expect(open()).rejects.toThrow(String(status));
  });

  it('does not wait for a Hub that asks for more than two minutes', async () => {
    const headers = { 'Retry-After': '900' };
    const { open, requests } = fakeHub({}, () => new Response('', { status: 503, headers }));
    await expect(open()).rejects.toBeInstanceOf(NetworkError);
    expect(requests).toHaveLength(1);
  });

  it('says that it is offline', async () => {
    const offline = () => Promise.reject(new TypeError('fetch failed'));
    const { open, requests } = fakeHub({}, offline);
    await expect(open()).rejects.toBeInstanceOf(SourceNotFoundError);
    await expect(open()).rejects.toThrow(/cannot be reached/);
    expect(requests).toHaveLength(8);
  });

  it('refuses a server that ignores ranges, and answers that are too short or too long', async () => {
    const answers: [() => Response, unknown][] = [
      [() => new Response(pattern(100)), CheckpointFormatError],
      [() => new Response(pattern(0), { status: 206 }), NetworkError],
      [() => new Response(pattern(50), { status: 206 }), IntegrityError],
      [
        () => new Response(pattern(3), { status: 206, headers: { 'content-length': '1000000' } }),
        CheckpointFormatError,
      ],
      [() => new Response(pattern(3), { status: 206, headers: { 'content-range': 'bytes 1-3/99' } }), IntegrityError],
    ];
    for (const [answer, error] of answers) {
      const { open } = fakeHub({ a: pattern(100) }, ({ path }) => (path.endsWith('/a') ? answer() : undefined));
      const source = await (await open({ wholeBytes: 10 })).open('a');
      await expect(source.read(1, 100)).rejects.toBeInstanceOf(error);
    }
  });

  it.each([
    [200, {}],
    [206, { 'content-length': String(64 * MEGABYTE) }],
  ])('does not download more than it asked for (status %i)', async (status, headers) => {
    let sent = 0;
    let cancelled = false;
    const body = new ReadableStream({
      pull: (controller) => {
        controller.enqueue(new Uint8Array(MEGABYTE));
        if (++sent === 64) controller.close();
      },
      cancel: () => {
        cancelled = true;
      },
    });
    const whole = new Response(body, { status, headers });
    const { open } = fakeHub({ a: pattern(100) }, ({ path }) => (path.endsWith('/a') ? whole : undefined));
    await expect((await (await open({ wholeBytes: 10 })).open('a')).read(1, 4)).rejects.toThrow(/whole files/);
    expect(cancelled).toBe(true);
    expect(sent).toBeLessThan(4);
  });

  it('refuses a Hub that names no commit or lists invalid files', async () => {
    const lying = (part: string, answer: unknown) =>
      fakeHub({}, ({ path }) => (path.includes(part) ? Response.json(answer) : undefined)).open();
    await expect(lying('/revision/', { sha: 'main' })).rejects.toBeInstanceOf(CheckpointFormatError);
    const entries = [
      { path: '../x', size: 1 },
      { path: 'x', size: -1 },
      { path: 'x', size: 1.5 },
      { path: 7, size: 1 },
    ];
    for (const entry of entries) {
      await expect(lying('/tree/', [{ type: 'file', ...entry }])).rejects.toBeInstanceOf(CheckpointFormatError);
    }
  });

  it('sends no request for invalid names', async () => {
    const { open, requests } = fakeHub({});
    for (const repo of ['', '../x', 'a/../../b', 'a b', 'https://x/y', 'a?b', '/a']) {
      await expect(open({ repo })).rejects.toBeInstanceOf(SourceNotFoundError);
    }
    await expect(open({ revision: '../main' })).rejects.toBeInstanceOf(SourceNotFoundError);
    expect(requests).toHaveLength(0);
  });

  it('sends the token if there is one', async () => {
    const { open, requests } = fakeHub({ a: pattern(9) });
    await (await (await open({ accessToken: 'hf_secret' })).open('a')).read(0, 2);
    expect(requests.every(({ authorization }) => authorization === 'Bearer hf_secret')).toBe(true);
    const anonymous = fakeHub({ a: pattern(9) });
    await anonymous.open();
    expect(anonymous.requests.every(({ authorization }) => authorization === null)).toBe(true);
  });

  it('stops when aborted: before, between tries, and within a request', async () => {
    const { open } = fakeHub({ a: pattern(9) });
    await expect(open({ signal: AbortSignal.abort() })).rejects.toHaveProperty('name', 'AbortError');

    const waiting = new AbortController();
    const failing = fakeHub({}, () => new Response('', { status: 503 }));
    setTimeout(() => waiting.abort(), 20);
    const { signal } = waiting;
    await expect(failing.open({ retryDelay: 1e6, signal })).rejects.toHaveProperty('name', 'AbortError');

    const reading = new AbortController();
    const source = await (await open()).open('a');
    reading.abort();
    await expect(source.read(0, 9, reading.signal)).rejects.toHaveProperty('name', 'AbortError');
    expect(await source.read(0, 9)).toEqual(pattern(9));
  });
});
