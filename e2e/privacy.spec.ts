/**
 * @file The policies that docs/privacy.md gives: a site with exactly them runs the built package, and its worker
 * reaches nobody else. Without a policy it would, which proves that the test can fail.
 */
import { expect, test, type Page } from '@playwright/test';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { serveFolder } from '../scripts/serve-folder.ts';
import { WASM_ONLY } from './only';
import { IS_FULL } from './site-pages';

const guide = readFileSync('docs/privacy.md', 'utf8');
const HEADER = /^Content-Security-Policy: (.+?)\n```/ms.exec(guide)![1]!.replace(/\s+/g, ' ');
const META = /<meta\s+http-equiv="Content-Security-Policy".+?\/>/s.exec(guide)![0];
const RECIPE = /^function confinedWorker.+?^}/ms.exec(guide)![0].replace('(): Worker', '()');

const packageFiles = serveFolder(path.resolve('dist'));
const picture = readFileSync('reference/fixtures/images/cat.png');
let open: Server[] = [];
/** Requests to the other server. */
let asked: string[];
let other: string;

test.beforeEach(({}, { project }) => {
  test.skip(project.name !== 'wasm' && !IS_FULL, 'the policy does not depend on the device');
});
test.beforeEach(async () => {
  open = [];
  asked = [];
  other = await listen((request, response) => {
    asked.push(request.url!);
    response.writeHead(200, { 'Access-Control-Allow-Origin': '*', 'Content-Type': 'image/png' }).end(picture);
  });
});
test.afterEach(() => {
  for (const server of open) {
    server.close();
    server.closeAllConnections();
  }
});

async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  open.push(server);
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

/** A site with the package in `vlm2vec/`. */
function site({
  header,
  head = '',
  script = '',
}: {
  header?: string;
  head?: string;
  script?: string;
}): Promise<string> {
  return listen((request, response) => {
    if (header) response.setHeader('Content-Security-Policy', header);
    if (request.url === '/') {
      const page = `<!doctype html><html><head>${head}<script type="module" src="page.js"></script></head></html>`;
      return void response.setHeader('Content-Type', 'text/html').end(page);
    }
    if (request.url === '/page.js') return void response.setHeader('Content-Type', 'text/javascript').end(script);
    request.url = request.url!.replace('/vlm2vec/', '/');
    packageFiles(request, response);
  });
}

/** Embeds a text and a picture, then a picture of the other server. */
function embed(page: Page): Promise<{ device: string; lengths: number[]; refusal: string | null }> {
  return page.evaluate(
    async ({ bytes, elsewhere }) => {
      const url = '/vlm2vec/lib/index.js';
      const { VLM2Vec } = (await import(url)) as typeof import('../src/index');
      const { confinedWorker } = window as unknown as { confinedWorker?: () => Worker };
      const model = await VLM2Vec.load('nano', { worker: confinedWorker ?? true });
      const { device } = model;
      const vectors = await model.embed(['a cat', { image: new Blob([new Uint8Array(bytes)]) }]);
      const lengths = vectors.map(({ length }) => length);
      const refusal = await model.embed({ image: elsewhere }).then(
        () => null,
        (error: Error) => error.name,
      );
      await model.dispose();
      return { device, lengths, refusal };
    },
    { bytes: [...picture], elsewhere: `${other}/picture.png` },
  );
}

const works = (name: string) => ({ device: name, lengths: [192, 192] });

test('the header of docs/privacy.md lets the package run and its worker reach nobody', async ({ page }, info) => {
  await page.goto(await site({ header: HEADER }));
  expect(await embed(page)).toEqual({ ...works(info.project.name), refusal: 'SourceNotFoundError' });
  expect(asked).toEqual([]);
});

test('so does the policy in HTML with a confined worker, and only with that', WASM_ONLY, async ({ page }) => {
  await page.goto(await site({ head: META, script: `${RECIPE} window.confinedWorker = confinedWorker;` }));
  await page.waitForFunction(() => 'confinedWorker' in window);
  expect(await embed(page)).toEqual({ ...works('wasm'), refusal: 'SourceNotFoundError' });
  expect(asked).toEqual([]);

  await page.goto(await site({ head: META }));
  expect(await embed(page)).toEqual({ ...works('wasm'), refusal: null });
  expect(asked).toEqual(['/picture.png']);
});
