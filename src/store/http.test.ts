import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { IntegrityError, NetworkError, SourceNotFoundError } from '../errors';
import { httpBundle } from './http';
import { verifiedBytes } from './verify';

const content = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
let server: Server | undefined;
afterEach(() => new Promise<void>((done) => (server ? server.close(() => done()) : done())));

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/models/m`;
}

/** Serves `content` under /models/m/a.bin, with ranges. */
const withRanges: RequestListener = (request, response) => {
  if (request.url !== '/models/m/a.bin') {
    response.writeHead(404).end('not here');
    return;
  }
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (!range) {
    response.writeHead(200, { 'Content-Length': content.length }).end(content);
    return;
  }
  const [start, end] = [Number(range[1]), Math.min(Number(range[2]), content.length - 1)];
  response.writeHead(206, { 'Content-Range': `bytes ${start}-${end}/${content.length}` });
  response.end(content.subarray(start, end + 1));
};

async function expectContent(url: string): Promise<void> {
  const file = await httpBundle(url).open('a.bin');
  expect(file.size).toBe(content.length);
  expect(await file.read(100, 300)).toEqual(content.slice(100, 300));
  expect(await file.read(5, 5)).toEqual(new Uint8Array(0));
  const blob = (await file.data()) as Blob;
  expect(new Uint8Array(await blob.arrayBuffer())).toEqual(content);
  await expect(file.read(999, 1001)).rejects.toThrow(IntegrityError);
}

describe('reads', () => {
  test('from a server with ranges, only what was asked for', async () => {
    let sent = 0;
    const url = await serve((request, response) => {
      response.on('finish', () => (sent += Number(request.headers.range ? 1 : 0)));
      withRanges(request, response);
    });
    await expectContent(url);
    expect(sent).toBe(2); // the length, and one range
  });

  test('from a server that ignores ranges, once', async () => {
    let requests = 0;
    await expectContent(
      await serve((_, response) => {
        requests++;
        response.writeHead(200).end(content);
      }),
    );
    expect(requests).toBe(1);
  });

  test('where Content-Range is hidden, as across origins', async () => {
    await expectContent(
      await serve((request, response) => {
        if (request.headers.range) response.writeHead(206).end(content.subarray(0, 1));
        else response.writeHead(200).end(content);
      }),
    );
  });

  test('where ranges refer to the compressed bytes, as from a browser’s cache', async () => {
    const packed = gzipSync(content);
    const fetch = async (_url: unknown, init?: RequestInit) => {
      if (!new Headers(init?.headers).has('Range')) return new Response(content);
      const headers = { 'Content-Range': `bytes 0-0/${packed.length}`, 'Content-Encoding': 'gzip' };
      return new Response(packed.subarray(0, 1), { status: 206, headers });
    };
    const file = await httpBundle('https://example.org/m/', { fetch: fetch as typeof globalThis.fetch }).open('a.json');
    expect(file.size).toBe(content.length);
    expect(await file.read(100, 300)).toEqual(content.slice(100, 300));
  });

  test('a compressed manifest by its true length', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(content));
    });
    const file = await httpBundle(url).open('bundle.json');
    expect(await file.read(0, file.size)).toEqual(content);
  });
});

test('the URL may be the folder, with or without a slash, or bundle.json; a query is kept', async () => {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (url) => {
    asked.push(String(url));
    return new Response(content);
  };
  for (const url of [
    'https://x.org/m',
    'https://x.org/m/',
    'https://x.org/m/bundle.json#top',
    'https://x.org/m?token=1',
  ]) {
    await httpBundle(url, { fetch }).open('a.bin');
  }
  const plain = 'https://x.org/m/a.bin';
  expect(asked).toEqual([plain, plain, plain, `${plain}?token=1`]);
});

test('files that lie elsewhere, where a bundler has put them', async () => {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (url) => {
    asked.push(String(url));
    return new Response(content);
  };
  const files = { 'bundle.json': 'https://x.org/assets/bundle-1a.json', 'a.bin': 'https://x.org/assets/a-2b.bin' };
  const bundle = httpBundle(files['bundle.json'], { files, fetch });
  for (const path of ['bundle.json', 'a.bin', 'constructor']) await bundle.open(path);
  expect(asked).toEqual([...Object.values(files), 'https://x.org/assets/bundle-1a.json/constructor']);
});

describe('named errors', () => {
  test('missing, forbidden, broken', async () => {
    const url = await serve(withRanges);
    await expect(httpBundle(url).open('b.bin')).rejects.toThrow(/not there.*404/);
    for (const [status, message] of [
      [403, /may not be read/],
      [503, /try again/],
    ] as const) {
      const fetch = async () => new Response('', { status });
      const attempt = httpBundle('https://x.org', { fetch, retryDelay: 1 }).open('a.bin');
      await expect(attempt).rejects.toThrow(SourceNotFoundError);
      await expect(attempt).rejects.toThrow(message);
    }
  });

  // docs/models.md, "What goes wrong".
  test.each([
    ['bundle.json', 408],
    ['bundle.json', 503],
    ['a.bin', 429],
  ] as const)('%s with status %i is requested again, up to four times in all', async (path, status) => {
    let failures = 3;
    let requests = 0;
    const fetch = async () => {
      requests++;
      return failures-- > 0 ? new Response('', { status }) : new Response(content);
    };
    const bundle = httpBundle('https://x.org', { fetch, retryDelay: 1 });
    expect((await bundle.open(path)).size).toBe(content.length);
    expect(requests).toBe(4);
    failures = 4;
    const refusal = await bundle.open(path).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(NetworkError);
    expect((refusal as NetworkError).message).toContain(`HTTP status ${status}`);
    expect(requests).toBe(8);
  });

  test('a server is given the time that it asks for, and given up if it asks for too much', async () => {
    const waits = ['1', '600'];
    const asked: number[] = [];
    const fetch = async () => {
      asked.push(performance.now());
      const wait = waits.shift();
      return wait ? new Response('', { status: 503, headers: { 'Retry-After': wait } }) : new Response(content);
    };
    await expect(httpBundle('https://x.org', { fetch, retryDelay: 1 }).open('bundle.json')).rejects.toThrow(
      NetworkError,
    );
    expect(asked).toHaveLength(2);
    expect(asked[1]! - asked[0]!).toBeGreaterThan(990);
  });

  test.each([400, 403, 404, 410, 416])('status %i is final', async (status) => {
    let requests = 0;
    const fetch = async () => {
      requests++;
      return new Response('', { status });
    };
    const refusal = await httpBundle('https://x.org', { fetch, retryDelay: 1 })
      .open('bundle.json')
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(SourceNotFoundError);
    expect(refusal).not.toBeInstanceOf(NetworkError);
    expect(requests).toBe(1);
  });

  test('a range whose connection breaks off is requested again', async () => {
    let breaks = 1;
    const url = await serve((request, response) => {
      if (request.headers.range === 'bytes=0-0' || breaks-- <= 0) return withRanges(request, response);
      response.writeHead(206, { 'Content-Range': 'bytes 100-299/1000', 'Content-Length': 200 });
      response.write(content.subarray(100, 150));
      setTimeout(() => response.destroy(), 20);
    });
    const file = await httpBundle(url, { retryDelay: 1 }).open('a.bin');
    expect(await file.read(100, 300)).toEqual(content.slice(100, 300));
    expect(breaks).toBe(-1);
  });

  test('wrong bytes are reported at once: they are not fetched again', async () => {
    let requests = 0;
    const fetch = async () => {
      requests++;
      return new Response(content);
    };
    const file = { path: 'a.bin', bytes: content.length, sha256: '0'.repeat(64), chunks: ['0'.repeat(64)] };
    await expect(verifiedBytes(httpBundle('https://x.org', { fetch }), file)).rejects.toThrow(IntegrityError);
    expect(requests).toBe(1);
  });

  test('no network, or CORS', async () => {
    const fetch = async () => Promise.reject(new TypeError('Failed to fetch'));
    const attempt = httpBundle('https://x.org/m', { fetch, retryDelay: 1 }).open('bundle.json');
    await expect(attempt).rejects.toThrow(SourceNotFoundError);
    await expect(attempt).rejects.toThrow(/network.*CORS/);
  });

  test('a connection that breaks off', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'Content-Length': 1000 });
      response.write(content.subarray(0, 10));
      setTimeout(() => response.destroy(), 20);
    });
    await expect(httpBundle(url, { retryDelay: 1 }).open('a.bin')).rejects.toThrow(NetworkError);
  });

  test('a range that comes back short, a file that changes its length', async () => {
    const url = await serve((request, response) => {
      if (request.headers.range === 'bytes=0-0') withRanges(request, response);
      else response.writeHead(request.headers.range ? 206 : 200).end(content.subarray(0, 3));
    });
    const file = await httpBundle(url).open('a.bin');
    await expect(file.read(10, 20)).rejects.toThrow(IntegrityError);
    await expect(file.data()).rejects.toThrow(IntegrityError);
  });

  test('an abort stays an abort', async () => {
    const url = await serve(() => undefined); // never answers
    const controller = new AbortController();
    const attempt = httpBundle(url).open('a.bin', controller.signal);
    setTimeout(() => controller.abort(), 20);
    await expect(attempt).rejects.toMatchObject({ name: 'AbortError' });
    server!.closeAllConnections();
  });

  test('an invalid URL, or a path that leaves the bundle', async () => {
    expect(() => httpBundle('http://')).toThrow(SourceNotFoundError);
    await expect(httpBundle('https://x.org').open('../secret')).rejects.toThrow(SourceNotFoundError);
  });
});

test('a page in place of a file is distinguished from a file whose type is wrong', async () => {
  const page = '<!DOCTYPE html><title>My site</title>';
  const url = await serve((request, response) => {
    const isFile = request.url === '/models/m/a.bin';
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(isFile ? content : page);
  });
  await expectContent(url);
  for (const path of ['bundle.json', 'b.bin']) {
    const refusal = await httpBundle(url)
      .open(path)
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(SourceNotFoundError);
    expect((refusal as Error).message).toMatch(`${url}/${path} is not there: the server answered with a page`);
  }
});
