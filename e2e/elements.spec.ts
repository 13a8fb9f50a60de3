/** @file The elements of the built package, on a plain host under a path, with an index made by the command. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { build } from 'esbuild';
import { startHost, type Host } from '../scripts/bundlers/host';
import { layoutFaults } from './layout';
import type { VLM2VecRank } from '../src/elements/rank-element';
import type { VLM2VecRankProps } from '../src/elements/react';
import type { VLM2VecSearch } from '../src/elements/search-element';
import { WASM_ONLY } from './only';

const ROOT = path.resolve(import.meta.dirname, '..');
const NAMES = ['penguin', 'guitar', 'umbrella', 'strawberry', 'elephant'];
const folder = mkdtempSync(path.join(tmpdir(), 'vlm2vec-elements-'));
let host: Host;

// All tests share one preparation.
test.describe.configure({ mode: 'default' });

test.beforeAll(async () => {
  const photos = path.join(folder, 'photos');
  mkdirSync(photos);
  for (const name of NAMES) cpSync(path.join(ROOT, `public/samples/${name}.png`), path.join(photos, `${name}.png`));
  const cli = path.join(ROOT, 'dist/lib/cli.js');
  execFileSync(process.execPath, [cli, 'index', photos, '--out', path.join(folder, 'index'), '--model', 'nano']);
  mkdirSync(path.join(folder, 'trips'));
  cpSync(path.join(ROOT, 'reference/fixtures/photos/jpeg.jpg'), path.join(folder, 'trips/harbour.jpg'));
  cpSync(path.join(ROOT, 'public/samples/penguin.png'), path.join(folder, 'trips/penguin.png'));
  const trips = ['index', path.join(folder, 'trips'), '--out', path.join(folder, 'trips.index'), '--model', 'nano'];
  execFileSync(process.execPath, [cli, ...trips]);
  symlinkSync(path.join(ROOT, 'dist'), path.join(folder, 'vlm2vec'));
  writeFileSync(
    path.join(folder, 'index.html'),
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Elements</title><body><main><h1>Elements</h1>
     <form id="form"><vlm2vec-rank name="best" image="photos/penguin.png" required>
       <option value="fox">a fox</option><option value="bird">a penguin</option></vlm2vec-rank></form>
     <vlm2vec-search src="index" browse originals="./"></vlm2vec-search></main>
     <script>document.querySelector('vlm2vec-search').modelOptions = { probe: 'never' };</script>
     <script type="module" src="vlm2vec/lib/elements.js"></script></body></html>`,
  );
  host = await startHost(folder, { base: '/some/folder/' });
});
test.afterAll(() => {
  host.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('search by words, more like this, keyboard, and a ranking in a form', WASM_ONLY, async ({ page }) => {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(host.url);
  const search = page.locator('vlm2vec-search');
  const results = search.getByRole('list').getByRole('listitem');
  await expect(results).toHaveCount(NAMES.length);
  await expect(search.getByRole('status')).toHaveText(/5 pictures/);
  // No part of the model, and no script of ONNX Runtime, is loaded before the first query.
  expect(host.asked.filter(({ file }) => /\.wasm|\.bin$/.test(file) && file.startsWith('vlm2vec/'))).toEqual([]);

  await search.getByRole('searchbox').fill('a guitar');
  await search.getByRole('searchbox').press('Enter');
  await expect(search.getByRole('status')).toHaveText(/best first|Nothing stands out/);
  const first = results.first().getByRole('link');
  await expect(first).toHaveText('guitar.png');
  await expect(first).toHaveAttribute('href', `${host.url}photos/guitar.png`);
  await expect
    .poll(() => first.locator('img').evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBeGreaterThan(0);
  expect(host.asked.filter(({ file }) => /nano\/vision/.test(file))).toEqual([]); // only the text tower

  await first.focus();
  await page.keyboard.press('ArrowRight');
  await expect(results.nth(1).getByRole('link')).toBeFocused();
  await page.keyboard.press('Home');
  await results.first().getByRole('button', { name: 'More like guitar.png' }).click();
  await expect(results).toHaveCount(NAMES.length - 1);
  await expect(results.getByText('guitar.png')).toHaveCount(0);

  const rank = page.locator('vlm2vec-rank');
  const sent = () => page.evaluate(() => new FormData(document.querySelector<HTMLFormElement>('#form')!).get('best'));
  const valid = () => page.evaluate(() => document.querySelector<HTMLFormElement>('#form')!.checkValidity());
  expect([await sent(), await valid()]).toEqual([null, false]);
  await rank.getByRole('button', { name: 'Rank' }).click();
  await expect(rank.getByRole('status')).toHaveText('Best: a penguin.');
  expect([await sent(), await valid()]).toEqual(['bird', true]);

  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  expect(await layoutFaults(page)).toEqual([]);
  // On a phone, from right to left, on a dark page.
  await page.setViewportSize({ width: 360, height: 844 });
  await page.evaluate(() => {
    document.documentElement.dir = 'rtl';
    document.documentElement.style.colorScheme = 'dark';
  });
  expect(await layoutFaults(page), 'from right to left, on a phone').toEqual([]);
  expect((await new AxeBuilder({ page }).analyze()).violations, 'the same, dark').toEqual([]);
  const [right, left] = [(await results.first().boundingBox())!, (await results.nth(1).boundingBox())!];
  expect([right.y, right.x > left.x]).toEqual([left.y, true]);
  await results.first().getByRole('link').focus();
  await page.keyboard.press('ArrowLeft');
  await expect(results.nth(1).getByRole('link')).toBeFocused();
  // A query before the index is open: the newest pictures do not replace its results.
  const early = await search.evaluate(async (element: VLM2VecSearch) => {
    element.src = 'index/';
    return (await element.search('a guitar'))?.items[0]?.name;
  });
  expect(early).toBe('guitar.png');
  await expect(results.first().getByRole('link')).toHaveText('guitar.png');
  await page.evaluate(() => document.querySelector('vlm2vec-search')!.setAttribute('src', 'nowhere'));
  await expect(search.getByRole('status')).toHaveText(/is not there/);
  expect(problems).toEqual([]);
});

test(
  'names of places filter where the page says where they are, and a wrong address is told',
  WASM_ONLY,
  async ({ page }) => {
    writeFileSync(
      path.join(folder, 'trips.html'),
      `<!doctype html><html lang="de"><meta charset="utf-8"><title>Trips</title><body>
     <vlm2vec-search src="trips.index" places="vlm2vec/places/"></vlm2vec-search>
     <script type="module" src="vlm2vec/lib/elements.js"></script></body></html>`,
    );
    await page.goto(`${host.url}trips.html`);
    const found = await page.locator('vlm2vec-search').evaluate(async (element: VLM2VecSearch) => {
      const meant = async (typed: string) => {
        const result = await element.search(typed);
        return [
          ...result!.items.map(({ name }) => name),
          ...result!.understood!.recognised.map(({ meaning }) => meaning),
        ];
      };
      const all = [await meant('in Sydney'), await meant('im März 2018')];
      element.places = 'nowhere';
      const told = new Promise<string>((resolve) =>
        element.addEventListener('vlm2vec-error', (event) =>
          resolve((event as CustomEvent<{ error: Error }>).detail.error.message),
        ),
      );
      void element.search('in Sydney');
      return [...all, await told];
    });
    expect(found).toEqual([
      ['harbour.jpg', 'Sydney, Australia'],
      ['harbour.jpg', '2018-03-01 – 2018-03-31'],
      expect.stringMatching(/places.*nowhere\/places\.bin.*404/),
    ]);
  },
);

/** Components that a test gives new properties by `show`. */
const APPS = `
  import { createElement, StrictMode } from 'react';
  import { createRoot } from 'react-dom/client';
  import { createApp, h, shallowRef } from 'vue';
  import * as forReact from './dist/lib/react.js';
  import * as forVue from './dist/lib/vue.js';
  const root = createRoot(document.querySelector('#react'));
  const given = shallowRef({});
  createApp({ render: () => h(forVue.VLM2VecRank, given.value) }).mount('#vue');
  window.show = (props) => {
    given.value = props;
    root.render(createElement(StrictMode, null, createElement(forReact.VLM2VecRank, props)));
  };`;

test('as components of React and Vue: every property is set, and reset', WASM_ONLY, async ({ page }) => {
  await build({
    ...{ stdin: { contents: APPS, resolveDir: ROOT }, outdir: path.join(folder, 'apps'), logLevel: 'error' },
    ...{ bundle: true, format: 'esm', splitting: true, platform: 'browser', external: ['node:*'] },
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  writeFileSync(
    path.join(folder, 'apps.html'),
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Apps</title><body><div id="react"></div>
     <div id="vue"></div><script type="module" src="apps/stdin.js"></script></body></html>`,
  );
  await page.goto(`${host.url}apps.html`);
  const show = async (props: Partial<VLM2VecRankProps>) => {
    await page.waitForFunction('window.show');
    await page.evaluate((given) => (window as unknown as { show: (props: object) => void }).show(given), props);
    await page.waitForTimeout(50);
    return page.evaluate(() =>
      ['react', 'vue'].map((id) => {
        const element = document.querySelector<VLM2VecRank>(`#${id} vlm2vec-rank`)!;
        const { disabled, required, readOnly, model, text, choices } = element;
        return { disabled, required, readOnly, model, text, choices: choices.length };
      }),
    );
  };
  const choices = [{ text: 'a fox' }, { text: 'a dog' }];
  const full = { disabled: true, required: true, readOnly: true, model: 'nano', text: 'a pet' };
  const bare = { disabled: false, required: false, readOnly: false, model: '', text: '' };
  const both = <T>(value: T) => [value, value];
  expect(await show({ ...full, choices })).toEqual(both({ ...full, choices: 2 }));
  expect(await show({})).toEqual(both({ ...bare, choices: 0 }));
  expect(await show({ ...full, required: false })).toEqual(both({ ...full, required: false, choices: 0 }));
  expect(await show({ disabled: false })).toEqual(both({ ...bare, choices: 0 }));
});
