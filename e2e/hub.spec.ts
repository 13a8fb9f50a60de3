/** @file An official model straight from a Hub into the browser's storage, and from there without any network. */
import { execFileSync } from 'node:child_process';
import { expect, test } from '@playwright/test';
import { bundleUrl, compare, openBlank } from './fixture-pages';
import {
  ADAPTER,
  GATED,
  hashesOf,
  loadIn,
  storedManifests,
  storedNames,
  tryLoadIn,
  useFixtureHub,
  watchOrigins,
  WEIGHTS,
} from './hub-pages';

const fixture = useFixtureHub();
/** The model of the tests, converted in Node with a second pass. */
const OF_NODE = 'cli-dora-q4-best';

test('by its name: converted in the worker, then available with the Hub off', async ({ page, context }) => {
  const origins = watchOrigins(context);
  await openBlank(page);
  const first = await loadIn(page, { source: ADAPTER, hubUrl: fixture.hub.url, dtype: 'q4' });
  expect(first.phases).toEqual(expect.arrayContaining(['convert', 'probe', 'load']));
  const own = new URL(page.url()).origin;
  expect([...origins].sort(), 'hosts that were asked').toEqual([own, fixture.hub.url, fixture.hub.cdnUrl].sort());
  expect(fixture.hub.traffic.repeated(WEIGHTS)).toBe(0);
  const [stored, ...others] = await storedManifests(page);
  expect(others).toEqual([]);
  expect(hashesOf(stored!)).toEqual(hashesOf(fixture.cli));
  expect(stored!.source.adapter).toMatchObject({ id: ADAPTER, revision: fixture.hub.repos.get(ADAPTER)!.head });

  await fixture.hub.stop();
  origins.clear();
  await page.reload();
  const again = await loadIn(page, { source: ADAPTER, hubUrl: fixture.hub.url, dtype: 'q4' });
  expect(again.phases).not.toContain('convert');
  const [name] = await storedNames(page);
  expect((await loadIn(page, { source: { name: name! } })).vectors).toBe(again.vectors);
  const ofCli = await loadIn(page, { source: bundleUrl('cli-dora-q4') });
  expect([again.vectors, again.ranked]).toEqual([ofCli.vectors, ofCli.ranked]);
  expect(again.vectors).toEqual(first.vectors);
  // Whether or not the Hub was asked for updates, nobody else was contacted.
  origins.delete(fixture.hub.url);
  expect([...origins]).toEqual([own]);
});

test('a token opens a gated repository, and is sent only to the Hub', async ({ page, context }) => {
  const tokens = new Set<string>();
  context.on('request', (request) => {
    if (request.headers().authorization !== undefined) tokens.add(new URL(request.url()).origin);
  });
  await openBlank(page);
  await loadIn(page, { source: GATED.repo, accessToken: GATED.token, hubUrl: fixture.hub.url, dtype: 'q4' });
  expect((await storedManifests(page)).map(hashesOf)).toEqual([hashesOf(fixture.cli)]);
  // The host of signed URLs answers 400 to a second authorization.
  expect(fixture.hub.traffic.asked.filter(({ status }) => status >= 400)).toEqual([]);
  expect([...tokens]).toEqual([fixture.hub.url]);
});

test('each refusal has its own message, and leaves nothing behind', async ({ page }) => {
  await openBlank(page);
  const failure = async (source: string) => {
    const internal = { retryDelay: 50 };
    const loaded = await tryLoadIn(page, { source, hubUrl: fixture.hub.url, dtype: 'q4', internal });
    return 'error' in loaded ? loaded.error : 'no error';
  };
  const closed = async () => {
    fixture.hub.faults.inject({ kind: 'closed', place: 'api' });
    const error = await failure(ADAPTER);
    fixture.hub.faults.clear();
    return error;
  };
  const seen = {
    missing: await failure('vlm2vec-web/nowhere'),
    gated: await failure(GATED.repo),
    revision: await failure(`${ADAPTER}@v2`),
    closed: await closed(),
    offline: await fixture.hub.stop().then(() => failure(ADAPTER)),
    stored: await storedNames(page),
  };
  expect(seen).toEqual({
    missing: expect.stringMatching(/^SourceNotFoundError: .*nowhere.* does not exist, or is private or gated/),
    gated: expect.stringMatching(/^SourceNotFoundError: .*gated.* is gated: accept its terms .* give an accessToken/),
    revision: expect.stringMatching(/^SourceNotFoundError: .*v2.* is not on the Hub/),
    closed: expect.stringMatching(/^NetworkError: .*cannot be reached.*CORS/),
    offline: expect.stringMatching(/^NetworkError: .*cannot be reached/),
    stored: [],
  });
});

test('the cost is shown before the first byte of the weights', async ({ page }) => {
  await openBlank(page);
  const cost = await page.evaluate(
    async ([source, hubUrl]) => {
      const { models } = (await import('/package/lib/index.js' as string)) as typeof import('../src/index');
      return models.estimate(source, { hubUrl, dtype: 'q4' });
    },
    [ADAPTER, fixture.hub.url] as const,
  );
  expect(fixture.hub.traffic.bytes(WEIGHTS)).toBe(0);
  expect(cost).toMatchObject({ state: 'new', dtype: 'q4', storage: { fits: true }, device: { webgpu: false } });
  fixture.hub.traffic.clear();
  const added = await page.evaluate(
    async ([source, hubUrl]) => {
      const { models } = (await import('/package/lib/index.js' as string)) as typeof import('../src/index');
      await models.add(source, { hubUrl, dtype: 'q4' });
      return models.list();
    },
    [ADAPTER, fixture.hub.url] as const,
  );
  expect(added).toMatchObject([{ name: cost.name, dtype: 'q4' }]);
  const figures = [cost.download, fixture.hub.traffic.bytes(), cost.store, added[0]!.bytes];
  process.stdout.write(
    `      download: ${figures[0]} told, ${figures[1]} came; store: ${figures[2]} told, ${figures[3]} taken\n`,
  );
  expect(Math.abs(cost.download / fixture.hub.traffic.bytes() - 1)).toBeLessThan(0.05);
  expect(cost.store / added[0]!.bytes).toBeGreaterThanOrEqual(1);
  expect(cost.store / added[0]!.bytes).toBeLessThan(1.1);
});

test('a second pass in the browser gives the same vectors as one in Node', async ({ page }) => {
  const [checkpoint, adapter] = ['checkpoints/tiny-tied', 'adapters/dora'].map((name) => `reference/fixtures/${name}`);
  const command = ['convert', checkpoint!, '--adapter', adapter!, '--dtype', 'q4', '--effort', 'best'];
  const out = `.cache/e2e-bundles/${OF_NODE}`;
  execFileSync(process.execPath, ['dist/lib/cli.js', ...command, '--out', out], { stdio: 'pipe' });
  await openBlank(page);
  await loadIn(page, { source: ADAPTER, hubUrl: fixture.hub.url, dtype: 'q4', effort: 'best' });
  const [stored] = await storedManifests(page);
  expect([stored!.dtype, stored!.rounding, fixture.cli.rounding]).toEqual(['q4', 'feedback', undefined]);
  // As many bytes as the command line's first pass makes, but different ones.
  const weights = [stored!, fixture.cli].map(({ stages }) => stages.map((stage) => stage.weights));
  const [sizes, sizesOnce] = weights.map((of) => of.map(({ bytes }) => bytes));
  expect(sizes).toEqual(sizesOnce);
  expect(weights[0]![0]!.sha256).not.toBe(weights[1]![0]!.sha256);
  const embed = (source: string | { name: string }) =>
    page.evaluate(async (source) => {
      const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as typeof import('../src/index');
      const model = await VLM2Vec.load(source, { device: 'wasm' });
      const vectors = await model.embed(['a cat on a sofa', 'Find a picture of this dish.\nlasagne', 'blue']);
      await model.dispose();
      return vectors.map((vector) => [...vector]);
    }, source);
  const [name] = await storedNames(page);
  const ofNode = await embed(bundleUrl(OF_NODE));
  const least = (vectors: number[][]) =>
    Math.min(...vectors.map((vector, i) => compare(vector, Float32Array.from(ofNode[i]!)).cosine));
  const [twice, once] = [least(await embed({ name: name! })), least(await embed(bundleUrl('cli-dora-q4')))];
  process.stdout.write(`      cosine to Node's: ${twice.toFixed(6)}; rounded once ${once.toFixed(6)}\n`);
  // Moments are sums in float32, so a few codes differ between two builds of ONNX Runtime.
  expect(twice).toBeGreaterThan(0.9999);
  expect(once).toBeLessThan(0.999);
});
