import { beforeAll, describe, expect, test } from 'vitest';
import { FileHasher } from '../bundle/hash';
import { CHUNK_BYTES, MANIFEST_PATH, type BundleManifest } from '../bundle/manifest';
import type { Progress } from '../bundle/progress';
import { bundleFiles } from '../bundle/validate';
import { convertCheckpoint } from '../convert';
import { fakeCheckpoint } from '../convert/fake-checkpoint';
import { BundleFormatError, IntegrityError, NetworkError, SourceNotFoundError } from '../errors';
import { downloadBundle } from './download';
import { memoryBundle } from './memory';
import { verifyBundle } from './verify';

const BIG = 2 * CHUNK_BYTES + 12345;
let files: Map<string, Uint8Array>;
let manifest: BundleManifest;

/** A bundle whose tokenizer has one more file, of three chunks. */
beforeAll(async () => {
  const { writer, reader } = memoryBundle();
  manifest = await convertCheckpoint({ checkpoint: fakeCheckpoint(), writer, dtype: 'q4' });
  files = new Map();
  for (const { path } of bundleFiles(manifest)) {
    const file = await reader.open(path);
    files.set(path, await file.read(0, file.size));
  }
  const big = new Uint8Array(BIG);
  for (let i = 0; i < BIG; i++) big[i] = (i * 31 + (i >> 9)) & 0xff;
  const hasher = await FileHasher.create();
  hasher.update(big);
  files.set('big.bin', big);
  manifest.tokenizer.files.push(hasher.finish('big.bin'));
  files.set(MANIFEST_PATH, new TextEncoder().encode(JSON.stringify(manifest)));
});

type Fault = (path: string, range: [number, number] | null) => Response | undefined;

function host({
  ranges = true,
  fault = (): Response | undefined => undefined,
}: { ranges?: boolean; fault?: Fault } = {}) {
  const sent = new Map<string, number>();
  const fetch: typeof globalThis.fetch = async (url, init) => {
    init?.signal?.throwIfAborted();
    const path = new URL(String(url)).pathname.slice('/m/'.length);
    const match = ranges ? /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get('range') ?? '') : null;
    const range: [number, number] | null = match ? [Number(match[1]), Number(match[2]) + 1] : null;
    const bytes = files.get(path);
    if (!bytes) return new Response('', { status: 404 });
    const other = fault(path, range);
    if (other) return other;
    const body = range ? bytes.slice(...range) : bytes;
    if (ranges || path === MANIFEST_PATH) sent.set(path, (sent.get(path) ?? 0) + body.length);
    return new Response(body as Uint8Array<ArrayBuffer>, { status: range ? 206 : 200 });
  };
  return { fetch, sent };
}

const get = (fetch: typeof globalThis.fetch, bundle = memoryBundle('m', { resumable: true }), more = {}) =>
  downloadBundle({ url: 'https://x.test/m/', writer: bundle.writer, fetch, retryDelay: 1, ...more });

test.each([true, false])('a whole bundle, verified (ranges: %s)', async (ranges) => {
  const { fetch } = host({ ranges });
  const bundle = memoryBundle('m', { resumable: true });
  const events: Progress[] = [];
  const got = await get(fetch, bundle, { onProgress: (event: Progress) => events.push(event) });
  expect(got).toEqual(manifest);
  await verifyBundle(bundle.reader, got);
  const stored = await bundle.reader.open(MANIFEST_PATH);
  expect(await stored.read(0, stored.size)).toEqual(files.get(MANIFEST_PATH));
  const total = bundleFiles(manifest).reduce((sum, { bytes }) => sum + bytes, 0);
  expect(events.filter(({ phase }) => phase === 'download').at(-1)).toMatchObject({
    status: 'ready',
    loaded: total,
    total,
  });
});

test('stopped and resumed until complete: only bytes in transit are fetched twice', async () => {
  const { fetch, sent } = host();
  const bundle = memoryBundle('m', { resumable: true });
  let got: BundleManifest | null = null;
  let runs = 0;
  for (; !got; runs++) {
    const controller = new AbortController();
    const onProgress = ({ phase, status }: Progress) => {
      if (phase === 'download' && (status === 'progress' || status === 'done')) controller.abort();
    };
    const { signal } = controller;
    got = await get(fetch, bundle, { signal, onProgress }).catch((error: Error) => {
      expect(error.name).toBe('AbortError');
      return null;
    });
  }
  expect(runs).toBeGreaterThan(2);
  await verifyBundle(bundle.reader, got);
  // Four run at a time: what the other three had begun may come again.
  expect(sent.get('big.bin')!).toBeLessThanOrEqual(2 * BIG);
});

describe('wrong bytes', () => {
  const corrupt =
    (times: number, chunk = CHUNK_BYTES): Fault =>
    (path, range) => {
      if (path !== 'big.bin' || range?.[0] !== chunk || times-- <= 0) return undefined;
      const bytes = files.get(path)!.slice(...range);
      bytes[7]! ^= 1;
      return new Response(bytes, { status: 206 });
    };

  test('once: fetched again', async () => {
    const bundle = memoryBundle('m', { resumable: true });
    await verifyBundle(bundle.reader, await get(host({ fault: corrupt(1) }).fetch, bundle));
  });

  test('always: named, nothing published, the rest is kept', async () => {
    const bundle = memoryBundle('m', { resumable: true });
    const attempt = get(host({ fault: corrupt(Infinity) }).fetch, bundle);
    await expect(attempt).rejects.toThrow(IntegrityError);
    await expect(attempt).rejects.toMatchObject({ details: { path: 'big.bin', chunk: 1, changed: false } });
    await expect(bundle.reader.open(MANIFEST_PATH)).rejects.toThrow(SourceNotFoundError);
    const { fetch, sent } = host();
    await get(fetch, bundle);
    expect(sent.get('big.bin')).toBeLessThan(BIG);
  });

  test('because the bundle was replaced: reported, and the next download takes only the new one', async () => {
    const bundle = memoryBundle('m', { resumable: true });
    const old = files.get(MANIFEST_PATH)!;
    const replaced = new TextEncoder().encode(JSON.stringify({ ...manifest, dims: manifest.dims }, null, 1));
    const asked: string[] = [];
    const fault: Fault = (path, range) => {
      asked.push(path);
      if (path === MANIFEST_PATH && asked.filter((each) => each === path).length > 1) return new Response(replaced);
      return corrupt(Infinity)(path, range);
    };
    await expect(get(host({ fault }).fetch, bundle)).rejects.toMatchObject({ details: { changed: true } });
    files.set(MANIFEST_PATH, replaced);
    const { fetch, sent } = host();
    await get(fetch, bundle);
    expect(sent.get('big.bin')).toBe(BIG);
    files.set(MANIFEST_PATH, old);
  });
});

test('named errors: missing, forbidden, offline, not a bundle', async () => {
  const status =
    (code: number): Fault =>
    (path) =>
      path === 'big.bin' ? new Response('', { status: code }) : undefined;
  await expect(get(host({ fault: status(404) }).fetch)).rejects.toThrow(/big\.bin is not there/);
  await expect(get(host({ fault: status(403) }).fetch)).rejects.toThrow(/may not be read/);
  await expect(get(host({ fault: status(503) }).fetch)).rejects.toThrow(NetworkError);
  await expect(get(() => Promise.reject(new TypeError('Failed to fetch')))).rejects.toThrow(/CORS/);
  await expect(get(async () => new Response('<html>'))).rejects.toThrow(BundleFormatError);
});
