import { expect, test } from 'vitest';
import { IntegrityError, NetworkError, SourceNotFoundError } from '../errors';
import { HttpFile, type HttpFileOptions } from './http-file';

const content = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

/** A server of `content`. Each request takes the next of `faults` as its answer instead, if there is one. */
function serve(faults: ((range: [number, number], init: RequestInit) => Response | Promise<Response>)[] = []) {
  const asked: (string | null)[] = [];
  const fetch: typeof globalThis.fetch = async (_, init = {}) => {
    const header = new Headers(init.headers).get('range');
    asked.push(header);
    const match = /^bytes=(\d+)-(\d+)$/.exec(header ?? '');
    const range: [number, number] = match ? [Number(match[1]), Number(match[2]) + 1] : [0, content.length];
    const fault = faults.shift();
    if (fault) return fault(range, init);
    return new Response(content.slice(...range), {
      status: match ? 206 : 200,
      headers: match ? { 'Content-Range': `bytes ${range[0]}-${range[1] - 1}/${content.length}`, ETag: '"a"' } : {},
    });
  };
  const file = (options: Partial<HttpFileOptions> = {}) =>
    new HttpFile({ url: 'https://x.test/f', size: content.length, fetch, retryDelay: 1, ...options });
  return { file, asked };
}

/** Some bytes, then the connection breaks. */
const cutAfter =
  (bytes: number) =>
  ([start, end]: [number, number]) => {
    let sent = false;
    const body = new ReadableStream({
      pull: (controller) => {
        if (sent) return controller.error(new TypeError('reset'));
        sent = true;
        controller.enqueue(content.slice(start, Math.min(start + bytes, end)));
      },
    });
    return new Response(body, { status: 206 });
  };

test('a broken connection is resumed where it broke: nothing is sent twice', async () => {
  const { file, asked } = serve([cutAfter(100), cutAfter(1), cutAfter(700)]);
  expect(await file().read(1000, 4000)).toEqual(content.slice(1000, 4000));
  expect(asked).toEqual(['bytes=1000-3999', 'bytes=1100-3999', 'bytes=1101-3999', 'bytes=1801-3999']);
});

test('attempts that make progress do not count towards the limit', async () => {
  const { file } = serve(Array.from({ length: 12 }, () => cutAfter(10)));
  expect(await file().read(0, 1000)).toEqual(content.slice(0, 1000));
  const hopeless = serve(Array.from({ length: 12 }, () => cutAfter(0)));
  await expect(hopeless.file().read(0, 1000)).rejects.toThrow(NetworkError);
  expect(hopeless.asked).toHaveLength(4);
});

test.each([408, 429, 500, 503])('status %i passes; Retry-After is respected', async (status) => {
  const { file, asked } = serve([() => new Response('', { status, headers: { 'Retry-After': '1' } })]);
  const began = performance.now();
  expect(await file({ retryDelay: 1e6 }).read(5, 9)).toEqual(content.slice(5, 9));
  expect(performance.now() - began).toBeGreaterThan(900);
  expect(asked).toHaveLength(2);
});

test('a server that asks for minutes is out of service', async () => {
  const { file, asked } = serve([() => new Response('', { status: 503, headers: { 'Retry-After': '900' } })]);
  await expect(file().read(5, 9)).rejects.toThrow(/status 503.*try again later/);
  expect(asked).toHaveLength(1);
});

test.each([
  [404, /is not there/],
  [403, /may not be read/],
  [416, /shorter/],
])('status %i is final', async (status, message) => {
  const { file, asked } = serve([() => new Response('', { status })]);
  const attempt = file().read(5, 9);
  await expect(attempt).rejects.toThrow(message);
  await expect(attempt).rejects.toThrow(SourceNotFoundError);
  await expect(attempt).rejects.not.toThrow(NetworkError);
  expect(asked).toHaveLength(1);
});

test('a file that changes while it is read is noticed', async () => {
  const changed =
    (headers: Record<string, string>) =>
    ([start, end]: [number, number]) =>
      new Response(content.slice(start, end), { status: 206, headers });
  const { file } = serve([cutAfter(10), changed({ ETag: '"b"' })]);
  const pinned = file({ pinned: true });
  await pinned.read(0, 5);
  const other = serve([changed({ ETag: '"a"' }), changed({ ETag: '"b"' })]).file({ pinned: true });
  await other.read(0, 9);
  await expect(other.read(9, 20)).rejects.toThrow(/ETag was "a" and is now "b"/);
  const longer = serve([changed({ 'Content-Range': 'bytes 0-8/6000' })]).file();
  await expect(longer.read(0, 9)).rejects.toThrow(/6000 bytes, not 5000/);
  const elsewhere = serve([changed({ 'Content-Range': 'bytes 1-9/5000' })]).file();
  await expect(elsewhere.read(0, 9)).rejects.toThrow(IntegrityError);
});

test('an abort ends it at once, with its reason', async () => {
  const { file } = serve([() => new Promise(() => undefined)]);
  const controller = new AbortController();
  const stuck = serve([
    (_, { signal }) =>
      new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason as Error))),
  ]);
  const attempt = stuck.file().read(0, 9, controller.signal);
  setTimeout(() => controller.abort(new Error('enough')), 10);
  await expect(attempt).rejects.toThrow('enough');
  await expect(file().read(0, 9, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
});
