import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import {
  CheckpointFormatError,
  models,
  NetworkError,
  SourceNotFoundError,
  UnsupportedError,
  VLM2Vec,
  type ProgressEvent,
} from '../index';
import { BUNDLE_VERSION } from '../bundle/manifest';
import { convertFixture } from '../testing/bundles';
import { adapterPath, checkpointPath } from '../testing/fixtures';
import { startHub, type HubServer } from '../testing/hub-server';

let base: string;
let hub: HubServer;
const REPO = 'org/dora';

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'models-test-'));
  vi.stubEnv('XDG_CACHE_HOME', join(base, 'cache'));
  await convertFixture('tiny-tied', join(base, 'bundle'), { dtype: 'q8' });
  const config = JSON.parse(await readFile(join(adapterPath('dora'), 'adapter_config.json'), 'utf8')) as {
    base_model_name_or_path: string;
  };
  hub = await startHub({
    repos: { [REPO]: adapterPath('dora'), [config.base_model_name_or_path]: checkpointPath('tiny-tied') },
    folders: { m: join(base, 'bundle') },
  });
}, 60_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.stop();
  await rm(base, { recursive: true });
});
afterEach(async () => {
  for (const { name } of await models.list()) await models.delete(name);
});

test('a repository: estimated, added, listed, checked, loaded with the Hub off, deleted', async () => {
  const before = await models.estimate(REPO, { hubUrl: hub.url });
  const twice = await models.estimate(REPO, { hubUrl: hub.url, effort: 'best' });
  expect([before.temporary, twice.store]).toEqual([0, before.store]);
  expect(twice.temporary).toBeGreaterThan(before.store / 50);
  expect(twice.download).toBeGreaterThan(1.8 * before.download);
  expect(before).toMatchObject({ state: 'new', dtype: 'q4', temporary: 0, device: { webgpu: false } });
  const events: ProgressEvent[] = [];
  const stored = await models.add(REPO, { hubUrl: hub.url, onProgress: (event) => events.push(event) });
  expect(stored).toMatchObject({ state: 'ready', dtype: 'q4', dims: 256, name: before.name, advice: null });
  expect(stored.origin).toEqual({ kind: 'hub', repo: REPO, hubUrl: hub.url });
  expect(stored.source!.adapter!.revision).toMatch(/^[0-9a-f]{40}$/);
  expect(stored.bytes).toBeLessThan(before.store * 1.02);
  expect(stored.bytes).toBeGreaterThan(before.store * 0.8);
  const fetched = hub.traffic.sent.reduce((sum, { bytes }) => sum + bytes, 0);
  expect(before.download).toBeGreaterThanOrEqual(fetched * 0.95);
  expect(before.download).toBeLessThan(fetched * 1.1);
  expect(new Set(events.map(({ phase }) => phase))).toEqual(new Set(['convert', 'verify', 'probe', 'publish']));

  const asked = hub.traffic.asked.length;
  await hub.stop();
  const model = await VLM2Vec.load(REPO, { hubUrl: hub.url });
  expect(model.info.stored).toBe(stored.name);
  await model.dispose();
  const again = await VLM2Vec.load(stored);
  await again.dispose();
  expect(hub.traffic.asked).toHaveLength(asked);
  await expect(VLM2Vec.load(REPO, { hubUrl: hub.url, refresh: true })).rejects.toThrow(NetworkError);
  await hub.start();
  await (await VLM2Vec.load(REPO, { hubUrl: hub.url, refresh: true })).dispose();
  expect(await models.list()).toEqual([await models.inspect(stored.name)]);
  await models.verify(stored.name);
  await models.delete(stored.name);
  expect(await models.list()).toEqual([]);
  await expect(VLM2Vec.load(stored)).rejects.toThrow(SourceNotFoundError);
  await expect(models.inspect(stored.name)).rejects.toThrow(SourceNotFoundError);
}, 60_000);

test('paused: listed with how much is done, continued by name', async () => {
  const controller = new AbortController();
  const onProgress = ({ phase, progress }: ProgressEvent) => {
    if (phase === 'convert' && progress! > 40) controller.abort();
  };
  const options = { hubUrl: hub.url, signal: controller.signal, onProgress };
  await expect(models.add(REPO, options)).rejects.toMatchObject({ name: 'AbortError' });
  const [half] = await models.list();
  expect(half).toMatchObject({ state: 'unfinished', dtype: 'q4', origin: { repo: REPO } });
  expect(half!.done).toBeGreaterThan(0.3);
  expect(half!.done).toBeLessThan(0.9);
  expect(await models.estimate(REPO, { hubUrl: hub.url })).toMatchObject({ state: 'unfinished', name: half!.name });
  expect(await models.add(half!)).toMatchObject({ state: 'ready', name: half!.name });
}, 60_000);

test('two at once: the second waits and finds it done', async () => {
  const phases: string[] = [];
  const onProgress = ({ phase }: ProgressEvent) => phases.push(phase);
  const sent = () =>
    hub.traffic.sent
      .filter(({ file }) => /\/model.*\.safetensors$/.test(file))
      .reduce((sum, { bytes }) => sum + bytes, 0);
  const before = sent();
  const [a, b] = await Promise.all([
    models.add(REPO, { hubUrl: hub.url }),
    models.add(REPO, { hubUrl: hub.url, onProgress }),
  ]);
  expect(a).toEqual(b);
  const first = sent() - before;
  await models.delete(a.name);
  await models.add(REPO, { hubUrl: hub.url });
  expect(first).toBe(sent() - before - first);
}, 60_000);

test('a bundle on a server: read there, or kept', async () => {
  const url = `${hub.url}/static/m/`;
  await (await VLM2Vec.load(url)).dispose();
  expect(await models.list()).toEqual([]);
  expect(await models.estimate(url, { store: true })).toMatchObject({ state: 'new', dtype: 'q8' });
  const stored = await models.add(url);
  expect(stored).toMatchObject({ state: 'ready', dtype: 'q8', origin: { kind: 'url', url } });
  expect(await models.estimate(url)).toMatchObject({ state: 'stored', download: 0 });
  await hub.stop();
  await (await VLM2Vec.load(url)).dispose();
  await hub.start();
  await expect(VLM2Vec.load(url, { dtype: 'q4' })).rejects.toThrow(UnsupportedError);
});

test('a model that this version cannot read is listed with what to do about it', async () => {
  const stored = await models.add(`${hub.url}/static/m/`);
  const path = join(base, 'cache/vlm2vec-web', stored.name, 'bundle.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  for (const [version, state, advice] of [
    [0, 'older', /Load its source again/],
    [BUNDLE_VERSION + 1, 'newer', /Update vlm2vec-web/],
    ['x', 'damaged', /Delete it/],
  ] as const) {
    await writeFile(path, JSON.stringify({ ...manifest, version }));
    expect(await models.inspect(stored.name)).toMatchObject({ state, advice: expect.stringMatching(advice) });
  }
  expect(await models.add(`${hub.url}/static/m/`)).toMatchObject({ state: 'ready' });
});

test('files are read in place', async () => {
  await expect(models.add(join(base, 'bundle'))).rejects.toThrow(UnsupportedError);
  const folder = checkpointPath('tiny-tied');
  expect(await models.add(folder, { dtype: 'fp16' })).toMatchObject({
    state: 'ready',
    dtype: 'fp16',
    origin: { kind: 'local' },
  });
}, 60_000);

test('isCached tells what is stored completely, even offline; clear empties the model store', async () => {
  const given = { hubUrl: hub.url, dtype: 'q8' } as const;
  expect(await models.isCached(REPO, given)).toBe(false);
  const { name } = await models.add(REPO, given);
  expect(await models.isCached(REPO, given)).toBe(true);
  expect(await models.isCached({ name })).toBe(true);
  expect(await models.isCached(REPO, { ...given, dtype: 'q4' })).toBe(false);
  const url = `${hub.url}/static/m`;
  expect(await models.isCached(url)).toBe(false);
  await models.add(url);
  expect(await models.isCached(url)).toBe(true);
  await hub.stop();
  try {
    expect(await models.isCached(REPO, given)).toBe(true);
    expect(await models.isCached(url)).toBe(true);
    expect(await models.isCached(`${hub.url}/static/other`)).toBe(false);
  } finally {
    await hub.start();
  }
  expect(await models.list()).toHaveLength(2);
  await models.clear();
  expect(await models.list()).toEqual([]);
  expect(await models.isCached(REPO, given)).toBe(false);
});

test.each([
  ['null', CheckpointFormatError],
  ['[]', CheckpointFormatError],
  ['{"a": 1, "a": 2}', CheckpointFormatError],
  ['{"model_type": "other"}', UnsupportedError],
])('an estimate holds config.json to what a conversion does: %s', async (config, expected) => {
  const folder = join(base, `config-${config.length}`);
  await cp(checkpointPath('tiny-tied'), folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), config);
  await expect(models.estimate(folder)).rejects.toThrow(expected);
  await expect(models.add(folder)).rejects.toThrow(expected);
  await expect(models.estimate(checkpointPath('tiny-tied'), { base: folder as never })).rejects.toThrow(
    UnsupportedError, // no adapter, so it cannot have a base
  );
});

test('an option that is misspelt is refused in the name of the function', async () => {
  for (const name of ['estimate', 'isCached', 'add'] as const) {
    const wrong = models[name](REPO, { dtpye: 'q8' } as never);
    await expect(wrong).rejects.toThrow(`models.${name} has no option 'dtpye'. Did you mean 'dtype'?`);
  }
});
