/**
 * @file The photo index in a real browser: nothing is lost and nothing there twice, whatever ends when; folders that
 * change; two tabs; export and import.
 */
import { expect, test, type Page } from '@playwright/test';
import { openBlank } from './fixture-pages';

test.beforeEach(({}, { project }) => test.skip(project.name !== 'wasm', 'no GPU is involved: once is enough'));

type Tools = typeof import('./search-index/page');

/** Runs in the page, with the tools at hand. */
async function inPage<T, A>(page: Page, run: (tools: Tools, argument: A) => Promise<T>, argument?: A): Promise<T> {
  return page.evaluate(
    async ([code, argument]) => {
      const tools = (await import(new URL('/e2e/search-index/page.ts', location.href).href)) as Tools;
      const run = new Function(`return ${code as string}`)() as (tools: Tools, argument: A) => Promise<T>;
      return run(tools, argument as A);
    },
    [run.toString(), argument] as const,
  );
}

const paths = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${name}/${i % 7}/${String(i).padStart(3, '0')}.png`).sort();

test('300 pictures: index, pause, reload, resume', async ({ page }) => {
  await openBlank(page);
  const before = await inPage(page, async ({ openPhotoIndex, fakeEmbedder, fill, folder, until }) => {
    const pictures = await folder('Pictures');
    await fill(pictures, 300);
    const index = await openPhotoIndex({ embedder: fakeEmbedder() });
    await index.add({ handle: pictures });
    await index.start();
    await until(index, ({ indexed }) => indexed >= 50);
    const searched = await index.search({ text: 'while it runs', limit: 5 });
    await index.pause();
    return { state: index.state, hits: searched.hits.length, listed: (await index.list()).length };
  });
  expect(before.hits).toBe(5);
  expect(before.state.phase).toBe('paused');
  expect(before.state.indexed).toBeGreaterThanOrEqual(50);
  expect(before.state.indexed).toBeLessThan(300);
  expect(before.listed).toBe(before.state.indexed);
  await page.reload();
  const after = await inPage(page, async ({ openPhotoIndex, fakeEmbedder, idle, outcomes }) => {
    const embedder = fakeEmbedder();
    const index = await openPhotoIndex({ embedder });
    const opened = index.state;
    await index.start();
    const done = await idle(index);
    return { opened, done, embedded: embedder.embedded, ...(await outcomes(index)) };
  });
  expect(after.opened).toMatchObject({ phase: 'paused', indexed: before.state.indexed });
  expect(after.done).toMatchObject({ indexed: 300, problems: 0, folders: [{ name: 'Pictures', found: 300, indexed: 300 }] });
  expect(after.pictures).toEqual(paths('Pictures', 300));
  expect(after.embedded).toBe(300 - before.state.indexed);
});
