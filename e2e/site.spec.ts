/**
 * @file The site as a whole: accessible in both themes, usable by keyboard and on a phone, light to load, restricted by
 * its policies, and available without a network after the first visit.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test, type Page, type Response } from '@playwright/test';
import sharp from 'sharp';
import { looksRight } from './layout';
import { openWatched, ranked, rankUrl, siteFolderOf, siteOf, violations } from './site-pages';
import { startStaticSite } from './static-site';

test.beforeEach(({}, { project }) => test.skip(project.name !== 'wasm', 'nothing here depends on the GPU'));

const PAGES = ['', 'search.html', 'models.html', 'eval.html'];
const ALLOWED_JS_BYTES = 250_000;

// search.spec.ts covers the views of the search page.
test('pages: no violations of accessibility rules in either theme, no motion on request, nothing overlaps at 200 % and on a phone', async ({
  page,
}, info) => {
  await page.goto(`${siteOf(info)}/models.html`);
  await expect(page.locator('#none')).toBeVisible();
  await looksRight(page, 'models');
  await page.goto(`${siteOf(info)}/eval.html?device=wasm`);
  await expect(page.locator('#status-text')).toContainText('Runs on');
  await looksRight(page, 'eval');

  await page.goto(`${siteOf(info)}/?device=wasm`);
  await expect(ranked(page)).toHaveCount(7);
  await looksRight(page, 'rank');
  await page.locator('label', { hasText: 'Find in picture' }).click();
  await expect(ranked(page)).toHaveCount(3);
  await page.getByRole('radio', { name: 'Softmax' }).check();
  await page.getByText('The same in code').click();
  await page.locator('#instruction').fill('nothing');
  await expect(page.getByRole('alert')).toBeVisible();
  expect(await violations(page), 'softmax, boxes, an error, the code').toEqual([]);
});

/** The size of the scripts requested before the engine, in bytes after gzip. */
async function scriptBytes(responses: readonly Response[]): Promise<number> {
  const scripts = responses.filter(
    (response) => response.request().resourceType() === 'script' || response.url().endsWith('.js'),
  );
  const bodies = await Promise.all(scripts.map((response) => response.body()));
  return bodies.reduce((sum, body) => sum + gzipSync(body).length, 0);
}

test('the first paint and the model come quickly, with little script; then everything works by keyboard', async ({
  page,
  context,
}, info) => {
  const before: Response[] = [];
  let isEngine = false;
  context.on('request', (request) => (isEngine ||= request.url().endsWith('.wasm')));
  context.on('response', (response) => void (isEngine || before.push(response)));
  await page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(globalThis, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.push((entry as PerformanceEntry & { value: number }).value);
    }).observe({ type: 'layout-shift', buffered: true });
  });
  const start = Date.now();
  await page.goto(`${siteOf(info)}/?device=wasm`);
  await expect(page.locator('#status-text')).toContainText('Runs on');
  const ready = Date.now() - start;
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]!.startTime);
  const bytes = await scriptBytes(before);
  expect(isEngine).toBe(true);
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThanOrEqual(ALLOWED_JS_BYTES);
  const figures = `first contentful paint ${paint.toFixed(0)} ms, nano ready after ${ready} ms, ${bytes} bytes of script (gzip) before the engine`;
  info.annotations.push({ type: 'figures', description: figures });
  process.stdout.write(`${figures}\n`);

  // Skip to the content, choose a task and a picture, write, switch the theme.
  await expect(ranked(page)).toHaveCount(7);
  expect(await page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts), 'nothing jumps').toEqual(
    [],
  );
  const row = (await page.locator('.matrix tbody tr').nth(3).boundingBox())!;
  expect(row.y + row.height, 'the table is in the first screen').toBeLessThan(page.viewportSize()!.height);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('main')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('radio', { checked: true }).first()).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('radio', { name: 'Classification' })).toBeChecked();
  await expect(page.locator('#instruction')).toHaveValue('Represent the given image for classification');

  await page.locator('.matrix thead .thumb').nth(1).focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('.matrix thead .thumb').nth(1)).toHaveAttribute('aria-pressed', 'true');
  await page.locator('.matrix .text').first().focus();
  await page.keyboard.press('Enter');
  await page.keyboard.type('a walrus');
  await expect(page.locator('#ranking .caption', { hasText: 'a walrus' })).toBeVisible();

  const theme = page.getByRole('button', { name: /^Colours:/ });
  await theme.focus();
  await page.keyboard.press('Enter');
  await expect(theme).toHaveAccessibleName('Colours: light');
  await page.keyboard.press('Enter');
  await page.setViewportSize({ width: 390, height: 844 });
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.locator('.matrix .cell.best').first()).toBeInViewport();
  // A third of what it was on a phone.
  expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThan(3461 / 3);
});

/** The hosts that each page's policy names in `connect-src`, besides its own site. */
const NAMED: Record<string, string[]> = {
  'models-hub.html': ['https://huggingface.co', 'https://*.huggingface.co', 'https://*.hf.co'],
  // Narrowed to one site, or to none, by its first script: models.spec.ts.
  'models-address.html': ['https:', 'http:'],
};

test('each page’s policy allows its own site only; the Hub has a separate page', async ({ page }, info) => {
  for (const name of [...PAGES, ...Object.keys(NAMED)]) {
    const html = await (await page.request.get(`${siteOf(info)}/${name}`)).text();
    const [, policy] = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(html) ?? [];
    expect(html.indexOf(policy!), 'before anything is loaded').toBeLessThan(html.search(/<(script|link)/));
    const directives = new Map(
      policy!
        .split(';')
        .map((part) => part.trim().split(/\s+/))
        .map(([key, ...values]) => [key!, values]),
    );
    expect(directives.get('default-src')).toEqual(["'none'"]);
    for (const [directive, sources] of directives) {
      const hosts = sources.filter((source) => !/^('none'|'self'|'wasm-unsafe-eval'|blob:|data:)$/.test(source));
      expect(hosts, `${name} ${directive}`).toEqual(directive === 'connect-src' ? (NAMED[name] ?? []) : []);
    }
  }
});

test('workers are restricted by the page’s policy too', async ({ page }, info) => {
  await page.routeWebSocket('**', () => undefined); // the dev server must not reload the page because a file was saved
  await page.goto('/search.html');
  const other = `${siteOf(info)}/`;
  const answers = await page.evaluate(async (url) => {
    const { startConfined } = (await import(
      new URL('/demo/shell/worker.ts', location.href).href
    )) as typeof import('../demo/shell/worker');
    const ask = (worker: Worker) =>
      new Promise<string>((resolve) => {
        worker.onmessage = ({ data }: MessageEvent<string>) => {
          if (data === 'ready') worker.postMessage(url);
          else resolve(data);
        };
      });
    const script = new URL('/e2e/probe.js', location.href).href;
    return [await ask(new Worker(script, { type: 'module' })), await ask(startConfined(script))];
  }, other);
  expect(answers, 'a plain worker, and one of ours').toEqual(['reached', 'blocked']);
});

/** What the service worker stores, by path in the site. */
function keptFiles(page: Page, site: string): Promise<string[]> {
  return page.evaluate(async (site) => {
    const requests = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
    return requests.flat().map(({ url }) => url.slice(site.length).split('?')[0]!);
  }, site);
}

/** In the built site: all pages and nano, one build of the engine, and nothing that few visitors need. */
function checkKept(kept: readonly string[], folder: string): void {
  const built = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const pages = built.filter((file) => /^[\w-]+\.html$/.test(file));
  const nano = built.filter((file) => /^models\/nano\/.*\.(bin|json|txt)$/.test(file));
  expect([pages.length, nano.length > 3]).toEqual([8, true]);
  expect(kept).toEqual(
    expect.arrayContaining([...pages, ...nano, 'theme.js', 'models-address.js', 'samples/samples.json']),
  );
  expect(kept.filter((file) => file.endsWith('.wasm'))).toEqual([
    expect.stringMatching(/ort-wasm-simd-threaded-[^.]+\.wasm$/),
  ]);
  expect(
    built.filter((file) => /heif/.test(file)),
    'the decoder is built',
  ).not.toEqual([]);
  expect(kept.filter((file) => /heif|^eval\/|^models\/(?!nano\/)|service-worker/.test(file))).toEqual([]);
}

test('without a network after the first visit, in any folder of a plain host; updates wait for a request', async ({
  page,
  context,
}, info) => {
  const site = await startStaticSite(siteFolderOf(info));
  try {
    // Any page starts it, even the page of models, which loads none.
    const { foreign, problems } = await openWatched(page, `${site.url}models.html`);
    await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
    await page.goto(rankUrl(site.url.replace(/\/$/, '')));
    await expect(ranked(page)).toHaveCount(7);
    await expect(page.locator('html')).toHaveAttribute('data-offline', 'ready');
    await expect(page.getByRole('status').filter({ hasText: 'Saved for use without a network.' })).toBeVisible();
    checkKept(await keptFiles(page, site.url), siteFolderOf(info));

    await context.setOffline(true);
    site.asked.length = 0;
    await page.reload();
    await expect(ranked(page)).toHaveCount(7);
    await page.locator('.matrix .text').first().fill('a walrus');
    await expect(page.locator('#ranking .caption', { hasText: 'a walrus' })).toBeVisible();
    for (const name of ['search', 'models']) {
      await page.goto(`${site.url}${name}.html`);
      await expect(page.locator('h1')).toBeVisible();
    }
    // The browser itself looks for a newer service worker; the pages do not.
    expect(site.asked.filter((path) => !path.endsWith('/service-worker.js'))).toEqual([]);
    expect(foreign).toEqual([]);

    // A new version: it is offered, nothing happens by itself, and it is installed on request.
    await context.setOffline(false);
    site.update();
    await page.goto(`${site.url}?device=wasm`);
    await expect(page.getByText('A new version of this site is available.')).toBeVisible();
    await page.evaluate(() => (document.documentElement.dataset.mark = 'here'));
    await page.getByRole('button', { name: 'Reload now' }).click();
    await expect(page.locator('html')).not.toHaveAttribute('data-mark');
    await expect(ranked(page)).toHaveCount(7);
    await expect(page.getByText('A new version of this site is available.')).toHaveCount(0);
    expect(problems).toEqual([]);
  } finally {
    site.stop();
  }
});

test('the service worker stores the bytes that were built, and no others', async ({ page }, info) => {
  const folder = siteFolderOf(info);
  const files = readdirSync(`${folder}/assets`).map((name) => `assets/${name}`);
  const decoder = files.find((file) => /heif/.test(file))!;
  const site = await startStaticSite(folder);
  const tryFetch = (file: string) =>
    page.evaluate(
      (file) =>
        fetch(file)
          .then(({ status }) => status)
          .catch((error: Error) => error.name),
      file,
    );
  try {
    site.wrong.add('search.html');
    await page.goto(`${site.url}models.html`);
    const ended = await page.evaluate(async () => {
      for (;;) {
        const { installing, active } = await navigator.serviceWorker.register('service-worker.js');
        if (active) return active.state;
        if (!installing) continue; // the page's own attempt, which has ended in the meantime
        return new Promise((resolve) => installing.addEventListener('statechange', () => resolve(installing.state)));
      }
    });
    expect(ended, 'a page that is another').toBe('redundant');
    expect(await keptFiles(page, site.url)).not.toContain('search.html');

    site.wrong.clear();
    await page.reload();
    await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null)).toBe(true);
    site.wrong.add(decoder);
    expect(await tryFetch(decoder), 'a large file that is another').toBe('TypeError');
    expect(await keptFiles(page, site.url)).not.toContain(decoder);
    site.wrong.clear();
    expect(await tryFetch(decoder)).toBe(200);
    expect(await keptFiles(page, site.url)).toContain(decoder);
  } finally {
    site.stop();
  }
});

test('a second visit with a host that compresses and a browser that caches, without a service worker', async ({
  page,
}, info) => {
  const site = await startStaticSite(siteFolderOf(info));
  try {
    await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'serviceWorker'));
    for (let visit = 1; visit <= 2; visit++) {
      await page.goto(rankUrl(site.url.replace(/\/$/, '')));
      await expect(page.locator('#status-text')).toContainText('Runs on');
      // The browser now has it compressed, and would return ranges of the compressed bytes.
      await page.evaluate(() => fetch('models/nano/tokenizer.json').then((response) => response.blob()));
    }
  } finally {
    site.stop();
  }
});

test('it can be installed: a manifest whose icons exist, in the sizes that it states', async ({ page }, info) => {
  await page.goto(`${siteOf(info)}/`);
  const href = await page.locator('link[rel=manifest]').getAttribute('href');
  const manifest = JSON.parse(readFileSync(`${siteFolderOf(info)}/${href}`, 'utf8')) as {
    start_url: string;
    display: string;
    icons: { src: string; sizes: string; purpose?: string }[];
  };
  expect(manifest).toMatchObject({ start_url: './', display: 'standalone' });
  expect(manifest.icons.some(({ purpose }) => purpose === 'maskable')).toBe(true);
  for (const { src, sizes } of manifest.icons) {
    const { width, height } = await sharp(`${siteFolderOf(info)}/${src}`).metadata();
    if (sizes !== 'any') expect(`${width}x${height}`).toBe(sizes);
  }
});
