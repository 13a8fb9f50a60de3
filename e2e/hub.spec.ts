/** @file An official model straight from a Hub into the browser's storage, and from there without any network. */
import { expect, test } from '@playwright/test';
import type { BundleManifest } from '../src/bundle/manifest';
import type { HubServer } from '../src/testing/hub-server';
import { bundleUrl, openBlank } from './fixture-pages';
import { ADAPTER, convertByCli, hashesOf, loadIn, startFixtureHub, storedManifests, storedNames, watchOrigins } from './hub-pages';

test.beforeEach(() => test.skip(test.info().project.name !== 'wasm', 'no GPU is involved: once is enough'));

let cli: BundleManifest;
let hub: HubServer;
test.beforeAll(async () => {
  if (test.info().project.name !== 'wasm') return;
  cli = convertByCli();
  hub = await startFixtureHub();
});
test.afterEach(async () => {
  hub.faults.clear();
  hub.traffic.clear();
  await hub.start();
});
test.afterAll(() => hub?.stop());

test('by its name: converted in the worker, then at hand with the Hub off', async ({ page, context }) => {
  const origins = watchOrigins(context);
  await openBlank(page);
  const first = await loadIn(page, { source: ADAPTER, hubUrl: hub.url, dtype: 'q4' });
  expect(first.phases).toEqual(expect.arrayContaining(['convert', 'probe', 'load']));
  const own = new URL(page.url()).origin;
  expect([...origins].sort(), 'hosts that were asked').toEqual([own, hub.url, hub.cdnUrl].sort());
  const [stored, ...others] = await storedManifests(page);
  expect(others).toEqual([]);
  expect(hashesOf(stored!)).toEqual(hashesOf(cli));
  expect(stored!.source.adapter).toMatchObject({ id: ADAPTER, revision: hub.repos.get(ADAPTER)!.head });

  await hub.stop();
  origins.clear();
  await page.reload();
  const [name] = await storedNames(page);
  const again = await loadIn(page, { source: { name: name! } });
  expect(again.phases).not.toContain('convert');
  const ofCli = await loadIn(page, { source: bundleUrl('cli-dora-q4') });
  expect([again.vectors, again.ranked]).toEqual([ofCli.vectors, ofCli.ranked]);
  expect(again.vectors).toEqual(first.vectors);
  expect([...origins]).toEqual([own]);
});
