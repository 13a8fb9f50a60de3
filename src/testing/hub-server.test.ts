import { afterEach, describe, expect, it } from 'vitest';
import { hubTree, type HubTreeOptions } from '../checkpoint';
import { SourceNotFoundError } from '../errors';
import { httpBundle } from '../store';
import { adapterPath, fixtureBytes, sha256 } from './fixtures';
import { startHub, type HubServer, type HubServerOptions } from './hub-server';

const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff);
const WEIGHTS = pattern(300_000);
const REPO = { 'config.json': pattern(40), 'model.safetensors': WEIGHTS, 'sub/a b.json': pattern(3) };

let hub: HubServer | undefined;
afterEach(() => hub?.stop());

async function start(options: HubServerOptions = {}): Promise<HubServer> {
  hub = await startHub({ repos: { 'org/model': REPO }, ...options });
  return hub;
}

const tree = (options: Partial<HubTreeOptions> = {}) =>
  hubTree({ repo: 'org/model', hubUrl: hub!.url, retryDelay: 1, ...options });

async function readAll(path: string, options?: Partial<HubTreeOptions>): Promise<Uint8Array> {
  const source = await (await tree(options)).open(path);
  return source.read(0, source.size);
}

const resolve = (path: string, init?: RequestInit) => fetch(`${hub!.url}/org/model/resolve/main/${path}`, init);

describe('the fake Hub', () => {
  it('is read by hubTree: a folder, page by page', async () => {
    const { url } = await start({ repos: { 'org/dora': adapterPath('dora') }, pageSize: 3 });
    const opened = await hubTree({ repo: 'org/dora', hubUrl: url });
    expect(opened.revision).toMatch(/^[0-9a-f]{40}$/);
    const paths = await opened.list();
    expect(paths).toContain('adapter_config.json');
    expect(paths.length).toBeGreaterThan(6);
    for (const path of paths) {
      const source = await opened.open(path);
      expect(Buffer.compare(await source.read(0, source.size), fixtureBytes(`adapters/dora/${path}`)), path).toBe(0);
    }
    expect(hub!.traffic.asked.filter(({ path }) => path.includes('/tree/')).length).toBe(Math.ceil(paths.length / 3));
    expect(hub!.traffic.repeated()).toBe(0);
  });

  it('lists hashes, of LFS objects their SHA-256', async () => {
    const { url } = await start();
    const entries = (await (await fetch(`${url}/api/models/org/model/tree/main?recursive=true`)).json()) as object[];
    expect(entries).toEqual([
      { type: 'directory', path: 'sub', size: 0, oid: expect.any(String) },
      { type: 'file', path: 'config.json', size: 40, oid: expect.stringMatching(/^[0-9a-f]{40}$/) },
      {
        type: 'file',
        path: 'model.safetensors',
        size: WEIGHTS.length,
        oid: expect.stringMatching(/^[0-9a-f]{40}$/),
        lfs: { oid: sha256(WEIGHTS), size: WEIGHTS.length, pointerSize: 131 },
        xetHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      { type: 'file', path: 'sub/a b.json', size: 3, oid: expect.any(String) },
    ]);
    const top = (await (await fetch(`${url}/api/models/org/model/tree/main`)).json()) as { path: string }[];
    expect(top.map(({ path }) => path)).toEqual(['sub', 'config.json', 'model.safetensors']);
  });

  it('redirects LFS objects to a signed URL of another origin, and says what they are', async () => {
    await start();
    const answer = await resolve('model.safetensors', { redirect: 'manual' });
    expect(answer.status).toBe(302);
    expect(answer.headers.get('location')).toMatch(`${hub!.cdnUrl}/lfs/org/model@`);
    expect(answer.headers.get('x-linked-size')).toBe(String(WEIGHTS.length));
    expect(answer.headers.get('x-linked-etag')).toBe(`"${sha256(WEIGHTS)}"`);
    expect(answer.headers.get('x-repo-commit')).toBe(hub!.repos.get('org/model')!.head);
    const range = await resolve('model.safetensors', { headers: { range: 'bytes=10-19' } });
    expect([range.status, range.headers.get('content-range')]).toEqual([206, `bytes 10-19/${WEIGHTS.length}`]);
    expect(new Uint8Array(await range.arrayBuffer())).toEqual(WEIGHTS.slice(10, 20));
    expect((await resolve('model.safetensors', { headers: { range: 'bytes=300000-' } })).status).toBe(416);

    const location = answer.headers.get('location')!;
    expect((await fetch(location, { headers: { authorization: 'Bearer x' } })).status).toBe(400);
    hub!.expireLinks();
    expect((await fetch(location)).status).toBe(403);
    expect((await resolve('model.safetensors')).status).toBe(200);
  });

  it('lets a page of another origin read it, and see the headers it needs', async () => {
    await start();
    const origin = 'http://page.test';
    const preflight = { origin, 'access-control-request-headers': 'authorization' };
    const allowed = await resolve('config.json', { method: 'OPTIONS', headers: preflight });
    expect(allowed.headers.get('access-control-allow-headers')).toBe('authorization');
    const first = await resolve('model.safetensors', { redirect: 'manual', headers: { origin } });
    expect(first.headers.get('access-control-allow-origin')).toBe(origin);
    expect(first.headers.get('access-control-expose-headers')).toMatch(/X-Linked-ETag/);
    const second = await fetch(first.headers.get('location')!, { headers: { origin: 'null' } });
    expect(second.headers.get('access-control-allow-origin')).toBe('*');
    expect(second.headers.get('access-control-expose-headers')).toMatch(/Content-Range/);
    hub!.faults.inject({ kind: 'closed', place: 'resolve' });
    const closed = await resolve('model.safetensors', { redirect: 'manual', headers: { origin } });
    expect(closed.headers.get('access-control-allow-origin')).toBe(null);
  });

  it('keeps commits apart: a tree opened before a change reads the old files', async () => {
    const { repos } = await start();
    const before = await tree();
    const commit = repos.get('org/model')!.change('model.safetensors', pattern(5).reverse());
    expect(commit).not.toBe(before.revision);
    expect((await tree()).revision).toBe(commit);
    const source = await before.open('model.safetensors');
    expect(Buffer.compare(await source.read(0, source.size), WEIGHTS)).toBe(0);
    expect(await readAll('model.safetensors')).toEqual(pattern(5).reverse());
  });

  it('refuses: missing repositories, gated ones without token, missing files and revisions', async () => {
    await start({ repos: { 'org/model': REPO, 'org/gated': REPO }, gated: { 'org/gated': 'hf_x' } });
    await expect(tree({ repo: 'org/none' })).rejects.toThrow(/does not exist, or is private or gated/);
    await expect(tree({ repo: 'org/gated' })).rejects.toBeInstanceOf(SourceNotFoundError);
    await expect(tree({ revision: 'v2' })).rejects.toThrow(/not on the Hub/);
    const answer = await resolve('none.json');
    expect([answer.status, answer.headers.get('x-error-code')]).toEqual([404, 'EntryNotFound']);
    expect(await readAll('model.safetensors', { repo: 'org/gated', accessToken: 'hf_x' })).toHaveLength(WEIGHTS.length);
  });

  it('serves folders as a static host does', async () => {
    const { url, traffic } = await start({ folders: { nano: REPO } });
    const file = await httpBundle(`${url}/static/nano/`).open('model.safetensors');
    expect(await file.read(5, 9)).toEqual(WEIGHTS.slice(5, 9));
    expect(traffic.files()).toEqual(['static/nano/model.safetensors']);
    await expect(httpBundle(`${url}/static/none/`).open('a')).rejects.toThrow(/404/);
  });

  it('cuts, corrupts, refuses and delays as often as it is told', async () => {
    const { faults, traffic } = await start();
    const cut = faults.inject({ kind: 'cut', after: 1000, file: /safetensors/, times: 1 });
    await expect((await resolve('model.safetensors')).arrayBuffer()).rejects.toThrow();
    expect(traffic.sent).toEqual([{ file: 'org/model/model.safetensors', start: 0, bytes: 1000, whole: false }]);
    expect(await readAll('model.safetensors')).toHaveLength(WEIGHTS.length);
    expect(cut.struck).toBe(1);
    expect(traffic.repeated()).toBe(1000);

    for (const at of [250_000, 900, 100_000]) faults.inject({ kind: 'cut', at, times: 1 });
    const kept: number[] = [];
    for (let got = 0; got < WEIGHTS.length; kept.push(got)) {
      const rest = await resolve('model.safetensors', { headers: { range: `bytes=${got}-` } });
      const reader = rest.body!.getReader();
      for (;;) {
        const piece = await reader.read().catch(() => null);
        if (!piece?.value) break;
        got += piece.value.length;
      }
    }
    expect(kept).toEqual([900, 100_000, 250_000, WEIGHTS.length]);

    const wrong = faults.inject({ kind: 'corrupt', at: 77, times: 1 });
    const bytes = new Uint8Array(await (await resolve('model.safetensors')).arrayBuffer());
    expect([bytes[77]! ^ WEIGHTS[77]!, bytes.findIndex((byte, i) => byte !== WEIGHTS[i]), wrong.struck]).toEqual([
      1, 77, 1,
    ]);

    faults.inject({ kind: 'status', status: 429, headers: { 'Retry-After': '0' }, place: 'api', times: 2 });
    faults.inject({ kind: 'status', status: 500, place: 'resolve', times: 1 });
    faults.inject({ kind: 'status', status: 503, times: 1 });
    expect(Buffer.compare(await readAll('model.safetensors'), WEIGHTS)).toBe(0);
    expect(traffic.asked.map(({ status }) => status)).toEqual(expect.arrayContaining([429, 500, 503]));

    faults.inject({ kind: 'delay', milliseconds: 150, place: 'api', times: 1 });
    const began = performance.now();
    await tree();
    expect(performance.now() - began).toBeGreaterThan(140);
  });

  it('stops after so many bytes until told to go on, and sends no faster than it may', async () => {
    const { faults, traffic } = await start();
    const barrier = faults.stopAfter(99_999.5);
    let done = false;
    const reading = readAll('model.safetensors').finally(() => (done = true));
    await barrier.reached;
    await new Promise((later) => setTimeout(later, 50));
    expect([done, traffic.bytes()]).toEqual([false, 100_000]);
    barrier.lift();
    expect(await reading).toHaveLength(WEIGHTS.length);
    expect(traffic.requests()).toBe(1);
    faults.bytesPerSecond = 1_000_000;
    const began = performance.now();
    await readAll('model.safetensors');
    expect(performance.now() - began).toBeGreaterThan(200);
  });

  it('goes offline, and comes back where it was', async () => {
    const { url, faults } = await start();
    const barrier = faults.stopAfter(1000);
    const cutOff = resolve('model.safetensors').then((answer) => answer.arrayBuffer());
    await barrier.reached;
    const failed = expect(cutOff).rejects.toThrow();
    await hub!.stop();
    await failed;
    barrier.lift();
    await expect(tree()).rejects.toThrow(/cannot be reached/);
    await hub!.start();
    expect(hub!.url).toBe(url);
    expect(await readAll('config.json')).toEqual(REPO['config.json']);
  });
});
