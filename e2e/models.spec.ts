/**
 * @file The page of models as a visitor uses it, on the built site: asks first, then downloads, stores, uses and
 * deletes.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test, type Page } from '@playwright/test';
import { serveFolder } from '../scripts/serve-folder.ts';
import { ADAPTER, BASE, CLI_BUNDLE, GATED, useFixtureHub, watchOrigins, WEIGHTS } from './hub-pages';
import { startMirrorSite, type MirrorSite } from './mirror-site';

test.use({ serviceWorkers: 'block' }); // site.spec.ts tests it

const fixture = useFixtureHub();
let site: MirrorSite;
test.beforeAll(async () => {
  if (test.info().project.name !== 'wasm') return;
  site = await startMirrorSite(test.info().project.metadata.siteURL as string, fixture.hub);
});
test.afterAll(() => site?.stop());

/** Opens the page and records what goes wrong in it. */
async function openModels(page: Page): Promise<string[]> {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(`${site.url}/models.html`);
  return problems;
}

async function lookUp(page: Page, repo: string): Promise<void> {
  await page.locator('#repo').fill(repo);
  await page.getByRole('button', { name: 'See what it costs' }).click();
}

/** A user's own host, with a bundle at its root. */
async function startOther(): Promise<{ url: string; server: Server }> {
  const server = createServer(
    serveFolder(CLI_BUNDLE, { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': '*' }),
  );
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, server };
}

/** Which of the Hub, its CDN and another host the page itself may talk to. */
function reached(page: Page, other: string): Promise<boolean[]> {
  const { url, cdnUrl } = fixture.hub;
  return page.evaluate(
    (urls) =>
      Promise.all(
        urls.map((url) =>
          fetch(url).then(
            () => true,
            () => false,
          ),
        ),
      ),
    [`${url}/nothing`, `${cdnUrl}/nothing`, `${other}/bundle.json`],
  );
}

const figures = (page: Page) => page.locator('#figures dd').allTextContents();

test('asks first, downloads, verifies, is used with the Hub off, is deleted', async ({ page, context }) => {
  const origins = watchOrigins(context);
  const problems = await openModels(page);
  await expect(page.locator('#none')).toBeVisible();
  await page.locator('.family > summary').click();
  await page.getByRole('button', { name: 'Choose TIGER-Lab/VLM2Vec-LLaVa-Next' }).click();
  await expect(page.locator('#repo')).toHaveValue('TIGER-Lab/VLM2Vec-LLaVa-Next');
  await page.locator('#family').selectOption('TIGER-Lab/VLM2Vec-Qwen2VL-7B');
  await expect(page.locator('#repo')).toHaveValue('TIGER-Lab/VLM2Vec-Qwen2VL-7B');
  await expect(page.locator('#repo-recipe')).toContainText(/VLM2Vec · licence Apache-2.0 · MMEB.* 65.4 for 7B/);
  await lookUp(page, ADAPTER);
  await expect(page.locator('#cost-title')).toHaveText(ADAPTER);
  const [download, store, free, gpu] = await figures(page);
  expect([download, store]).toEqual([
    expect.stringMatching(/^5\.\d MB$/),
    expect.stringMatching(/^\d\.\d MB of q4 weights$/),
  ]);
  expect([free, gpu]).toEqual([
    expect.stringMatching(/^[\d.]+ GB$/),
    expect.stringMatching(/^This browser (offers no|has) WebGPU/),
  ]);
  expect(
    fixture.hub.traffic.sent.filter(({ file }) => WEIGHTS.test(file)),
    'before the answer',
  ).toEqual([]);

  // Paused as soon as weights are converted; then the page is left, and the model is resumed from the list on the page
  // that may reach the Hub, since this page may not.
  await page.evaluate(() => {
    const watch = new MutationObserver(() => {
      const figures = document.querySelector('.job-figures')?.textContent ?? '';
      if (!/ of \d+ rows/.test(figures)) return;
      watch.disconnect();
      document.documentElement.dataset.figures = figures;
      document.querySelector<HTMLButtonElement>('#jobs button[aria-label^="Pause"]')!.click();
    });
    watch.observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  await page.getByRole('button', { name: 'Download and store' }).click();
  await expect(page.locator('.job-phase')).toContainText('Paused.');
  const shown = await page.evaluate(() => document.documentElement.dataset.figures);
  expect(shown).toMatch(/^[\d.]+ [kM]?B of \d\.\d MB · \d+ of \d+ rows/);
  await page.getByRole('link', { name: 'Models' }).click();
  await expect(page).toHaveURL(/\/models\.html$/);
  await expect(page.locator('#stored li')).toContainText('unfinished');
  await page.getByRole('button', { name: /^Resume/ }).click();
  await expect(page).toHaveURL(/\/models-hub\.html$/);

  const item = page.locator('#stored li');
  await expect(item).toContainText(' · ready');
  await expect(item.locator('strong')).toHaveText(ADAPTER);
  await expect(item).toContainText(/\d\.\d MB · q4 · from localhost:\d+, commit [0-9a-f]{7} · ready/);
  await page.getByText('More', { exact: true }).click();
  await page.getByRole('button', { name: /^Verify/ }).click();
  await expect(item).toContainText('Every byte is correct.');
  expect([...origins].sort()).toEqual([site.url, fixture.hub.url, fixture.hub.cdnUrl].sort());

  await fixture.hub.stop();
  origins.clear();
  await page.getByRole('link', { name: /^Use in Rank:/ }).click();
  await expect(page.locator('#status-text')).toContainText(
    new RegExp(`^${ADAPTER}, q4: [\\d.]+ MB of q4 weights, 256 numbers`),
  );
  await expect(page.locator('#ranking li').first()).toBeVisible();
  await expect(page.locator('#model option:checked')).toHaveText(`${ADAPTER}, q4`);
  expect([...origins]).toEqual([site.url]);

  await page.getByRole('link', { name: 'Models' }).click();
  await page.getByRole('button', { name: /^Delete:/ }).click();
  await page.getByRole('button', { name: 'Keep' }).click();
  await page.getByRole('button', { name: /^Delete:/ }).click();
  await page.getByRole('button', { name: 'Delete permanently' }).click();
  await expect(page.locator('#none')).toBeVisible();
  await expect(item).toHaveCount(0);
  expect(problems).toEqual([]);
});

test('best four-bit quality, chosen in the form: carried to the page of the Hub, where the second pass begins', async ({
  page,
}) => {
  await openModels(page);
  await page.locator('#effort').selectOption({ label: 'Best four-bit quality, several minutes more' });
  await lookUp(page, ADAPTER);
  await expect(page.locator('#cost-title')).toHaveText(ADAPTER);
  await expect(page.locator('#effort')).toHaveValue('best');
  await page.getByRole('button', { name: 'Download and store' }).click();
  // What becomes of it: hub.spec.ts. Without a second pass there is no such phase.
  await expect(page.locator('.job-phase')).toContainText('Measuring the inputs of the weights');
});

test('paused, resumed, cancelled: nothing is left', async ({ page }) => {
  await openModels(page);
  await lookUp(page, BASE);
  let barrier = fixture.hub.faults.stopAfter(3_000_000);
  await page.getByRole('button', { name: 'Download and store' }).click();
  await barrier.reached;
  await page.getByRole('button', { name: /^Pause/ }).click();
  barrier.lift();
  await expect(page.locator('.job-phase')).toContainText('Paused.');
  barrier = fixture.hub.faults.stopAfter(100_000);
  await page.getByRole('button', { name: /^Resume/ }).click();
  await barrier.reached;
  await page.getByRole('button', { name: /^Cancel and delete/ }).click();
  barrier.lift();
  await expect(page.locator('#jobs')).toHaveCount(0);
  await expect(page.locator('#none')).toBeVisible();
  const left = await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('vlm2vec').catch(() => null);
    const names: string[] = [];
    if (folder) for await (const name of folder.keys()) names.push(name);
    return names;
  });
  expect(left).toEqual([]);
});

test('a gated repository with its token, after another model in the queue', async ({ page, context }) => {
  const permits = new Set<string>();
  context.on('request', (request) => {
    if (request.headers().authorization !== undefined) permits.add(new URL(request.url()).origin);
  });
  await openModels(page);
  await lookUp(page, GATED.repo);
  await expect(page.getByRole('alert')).toContainText('is gated');
  await lookUp(page, BASE);
  const barrier = fixture.hub.faults.stopAfter(3_000_000);
  await page.getByRole('button', { name: 'Download and store' }).click();
  await barrier.reached;
  await page.getByText('Access token').click();
  await page.locator('#token').fill(GATED.token);
  const looked = lookUp(page, GATED.repo);
  barrier.lift();
  await looked;
  await page.getByRole('button', { name: 'Download and store' }).click();
  await expect(page.locator('#stored li')).toHaveCount(2);
  await expect(page.locator('#jobs')).toHaveCount(0);
  await expect(page.locator('#stored')).toContainText(GATED.repo);
  expect([...permits]).toEqual([fixture.hub.url]);
  await page.reload();
  await page.getByText('Access token').click();
  await expect(page.locator('#token')).toHaveValue('');
});

test('a folder; then the Hub, contacted only on request, and an address, likewise', async ({ page, context }) => {
  const other = await startOther();
  try {
    await openModels(page);
    expect(await reached(page, other.url), 'before any choice').toEqual([false, false, false]);
    await page.locator('#kind').selectOption('folder');
    await page.locator('#folder').setInputFiles('reference/fixtures/adapters/dora');
    await page.locator('#folder-base').setInputFiles('reference/fixtures/checkpoints/tiny-tied');
    await page.locator('#dtype').selectOption('q8');
    await page.getByRole('button', { name: 'See what it costs' }).click();
    await expect(page.locator('#figures dt').first()).toHaveText('To read');
    await page.getByRole('button', { name: 'Convert and store' }).click();
    await expect(page.locator('#stored li')).toContainText(/MB · q8 · from a folder · ready/);
    await expect(page.locator('#stored li strong')).toHaveText('dora');
    expect(fixture.hub.traffic.sent).toEqual([]);

    await page.locator('#kind').selectOption('hub');
    await expect(page.locator('#opens-anew')).toContainText('permission to connect to the Hub');
    await lookUp(page, ADAPTER);
    await expect(page.locator('#cost-title')).toHaveText(ADAPTER);
    await expect(page).toHaveURL(/\/models-hub\.html$/);
    await expect(page.locator('#opens-anew')).toHaveCount(0);
    expect(await reached(page, other.url), 'the Hub and its files').toEqual([true, true, false]);

    await page.locator('#kind').selectOption('url');
    await page.locator('#url').fill(`${other.url}/`);
    await expect(page.locator('#opens-anew')).toContainText('permission to connect to that one');
    await page.getByRole('button', { name: 'See what it costs' }).click();
    await page.getByRole('button', { name: 'Download and store' }).click();
    await expect(page).toHaveURL(/\/models-address\.html$/);
    await expect(page.locator('#stored li')).toHaveCount(2);
    await expect(page.locator('#stored')).toContainText(`q4 · from ${other.url}/ · ready`);
    expect(await reached(page, other.url), 'that address alone').toEqual([false, false, true]);
    await expect(page.locator('.colophon')).toContainText(
      `fetch models from ${new URL(other.url).host}, and connect to no other site`,
    );
    await page.getByRole('button', { name: 'See what it costs' }).click();
    await expect(page.locator('#cost-note')).toHaveText('It is already stored in this browser.');

    // Neither permission lasts: not on the way back, and not if somebody else's link opens the page.
    await page.getByRole('link', { name: 'Models' }).click();
    await expect(page.locator('#stored li')).toHaveCount(2);
    expect(await reached(page, other.url), 'come back').toEqual([false, false, false]);
    const linked = await context.newPage();
    await linked.goto(`${site.url}/models-address.html`);
    expect(await reached(linked, other.url), 'linked to').toEqual([false, false, false]);
  } finally {
    other.server.close();
    other.server.closeAllConnections();
  }
});

test('failures are explained in words', async ({ page }) => {
  await openModels(page);
  const alert = page.getByRole('alert');
  await lookUp(page, 'nobody/nothing');
  await expect(alert).toContainText('This was not found.');
  await lookUp(page, 'two words');
  await expect(alert).toContainText('“two words” is not a repository name');
  await lookUp(page, 'owner/name/checkpoint-2000');
  await expect(alert).toContainText('names a folder inside a repository');
  await page.locator('#kind').selectOption('folder');
  await page.getByRole('button', { name: 'See what it costs' }).click();
  await expect(alert).toHaveText('Choose a folder first.');
  await page.locator('#kind').selectOption('url');
  await page.locator('#url').fill('ftp://localhost/bundle/');
  await page.getByRole('button', { name: 'See what it costs' }).click();
  await expect(alert).toContainText('is not a valid address');
  await page.locator('#kind').selectOption('hub');
  await fixture.hub.stop();
  await lookUp(page, ADAPTER);
  await expect(alert).toContainText('The network failed.');
  // If the Hub may not be reached yet, an adapter's base model may have to come from there.
  await page.getByRole('link', { name: 'Models' }).click();
  await expect(page).toHaveURL(/\/models\.html$/);
  await page.locator('#kind').selectOption('folder');
  await page.locator('#folder').setInputFiles('reference/fixtures/adapters/dora');
  await page.getByRole('button', { name: 'See what it costs' }).click();
  await expect(alert).toContainText('The base model of this adapter is on the Hub');
  await page.getByRole('button', { name: 'Open the page that connects to the Hub' }).click();
  await expect(page).toHaveURL(/\/models-hub\.html$/);
  await expect(page.locator('#kind')).toHaveValue('folder');
  await page.goto(`${site.url}/?stored=gone`);
  await expect(alert).toHaveText('No model named gone is stored in this browser.');
  await page.locator('#model').selectOption('nano');
  await expect(page.locator('#ranking li').first()).toBeVisible();
  await expect(alert).toBeHidden();
});
