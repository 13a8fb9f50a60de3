/**
 * @file The photo index in a real browser: nothing is lost and nothing occurs twice, whatever ends when; folders that
 * change; two tabs; export and import.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import { openBlank } from './fixture-pages';
import { samplePhotos } from './search-photos';

test.beforeEach(({}, { project }) => test.skip(project.name !== 'wasm', 'no GPU is involved: once is enough'));

/** Set by `npm run test:full`. */
const isFull = process.env.VLM2VEC_FULL_TESTS === '1';

type Tools = typeof import('./search-index/page');

/** Runs in the page, with the tools available. */
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

const numbered = (i: number) => `IMG_${String(i).padStart(4, '0')}.bmp`;
const paths = (count: number) => Array.from({ length: count }, (_, i) => `Pictures/${i % 7}/${numbered(i)}`).sort();

test('300 pictures: index, pause, reload, resume; then long calls are stopped', async ({ page }) => {
  await openBlank(page);
  const before = await inPage(page, async ({ openPhotoIndex, fakeEmbedder, folder, smallFiles, until, writeAll }) => {
    const pictures = await folder('Pictures');
    await writeAll(pictures, smallFiles(300));
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
    let survey: Worker;
    const surveyWorker = () => {
      survey = new Worker(new URL('/package/lib/survey.worker.js', location.href), {
        type: 'module',
      });
      return survey;
    };
    const index = await openPhotoIndex({ embedder, surveyWorker });
    const opened = index.state;
    await index.start();
    const done = await idle(index);
    const all = { opened, done, embedded: embedder.embedded, ...(await outcomes(index)) };

    const blob = await index.export();
    const ends = async (call: (signal: AbortSignal, stop: () => void) => Promise<unknown>) => {
      const controller = new AbortController();
      const stop = () => controller.abort(new Error('enough'));
      return call(controller.signal, stop).then(
        () => 'done',
        (error: Error) => error.message,
      );
    };
    const atOnce = (call: (signal: AbortSignal) => Promise<unknown>) =>
      ends((signal, stop) => {
        const result = call(signal);
        stop();
        return result;
      });
    const stopped = {
      groups: await atOnce((signal) => index.groups({ signal })),
      map: await ends((signal, stop) => index.map({ signal, onProgress: stop })),
      killed: await ends(() => index.map({ onProgress: () => survey.terminate() })),
      waiting: await atOnce(async (signal) => {
        const first = index.groups().then(() => 'done');
        await index.map({ signal });
        return first;
      }),
    };
    // These may have ended before they are stopped; either way, the result must be all or nothing.
    const either = [
      await atOnce((signal) => index.export({ signal })),
      await atOnce((signal) => index.exportParquet({ signal })),
      await atOnce((signal) => index.import(blob, { signal })),
    ];
    const last = (await outcomes(index)).pictures.length;
    return { ...all, stopped, either, last, map: (await index.map()).ids.length };
  });
  expect(after.opened).toMatchObject({ phase: 'paused', indexed: before.state.indexed });
  expect(after.done).toMatchObject({
    indexed: 300,
    problems: 0,
    folders: [{ name: 'Pictures', found: 300, indexed: 300 }],
  });
  expect(after.pictures).toEqual(paths(300));
  expect(after.embedded).toBe(300 - before.state.indexed);
  expect(after.stopped).toEqual({
    groups: 'enough',
    map: 'enough',
    killed: expect.stringMatching(/survey worker ended/),
    waiting: 'enough',
  });
  for (const end of after.either) expect(['done', 'enough']).toContain(end);
  expect([after.last, after.map]).toEqual([300, 300]);
});

test('workers killed at random: no picture lost, duplicated or wrongly failed, and the poisonous one has failed', async ({
  page,
}) => {
  const [count, kills] = isFull ? [3000, 100] : [300, 20];
  await openBlank(page);
  const seen = await inPage(
    page,
    async (
      { openPhotoIndex, fakeEmbedder, idle, inspect, outcomes, small, smallFiles, uniforms },
      [count, kills, seed],
    ) => {
      const random = uniforms(seed);
      const between = (from: number, to: number) => from + Math.floor(random() * (to - from));
      const embedder = fakeEmbedder({ milliseconds: 5 });
      const url = new URL('/package/lib/search.worker.js', location.href);
      let worker: Worker;
      const index = await openPhotoIndex({
        embedder,
        worker: () => (worker = new Worker(url, { type: 'module' })),
      });
      const files = smallFiles(count);
      const poison = between(0, count);
      files[poison] = { path: files[poison]!.path, file: small(poison, 'POISON') };
      await index.add({ name: 'Pictures', files });
      // Each comes some pictures and milliseconds after the one before; the last ones while suspects are tried alone.
      const early = 0.8 * kills;
      let killed = 0;
      let alone = 0;
      let next = between(1, 14);
      embedder.onEmbedded = (embedded) => {
        alone = embedded === 1 ? alone + 1 : 0;
        next -= embedded;
        if (killed === kills || next > 0 || (killed >= early && alone < 3)) return;
        next = killed < early ? between(1, 14) : between(1, 4);
        const kill = killed++ % 3 === 0 ? () => worker.terminate() : () => embedder.kill();
        setTimeout(kill, random() * 30);
      };
      await index.start();
      await idle(index);
      const ended = { ...(await outcomes(index)), reasons: (await index.problems()).map(({ reason }) => reason) };
      const state = index.state;
      await index.close();
      return { killed, poison, ended, state, files: await inspect() };
    },
    [count, kills, isFull ? Date.now() % 2 ** 31 : 1] as const,
  );
  expect(seen.killed).toBe(kills);
  const poison = `Pictures/${seen.poison % 7}/${numbered(seen.poison)}`;
  expect(seen.ended).toEqual({
    pictures: paths(count).filter((path) => path !== poison),
    problems: [`failed ${poison}`],
    reasons: [expect.stringMatching(/ended twice/)],
  });
  expect(seen.state).toMatchObject({ phase: 'idle', indexed: count - 1, problems: 1, error: null });
  const { rows, pictures, slots, recordsEnd, thumbsEnd, sizes } = seen.files;
  expect([rows, pictures, slots]).toEqual([count, count - 1, count - 1]);
  expect(sizes).toEqual([recordsEnd, thumbsEnd]);
});

test('a picture that ends the model fails after two deaths, and no other; removing the model does not count as a death', async ({
  page,
}) => {
  await openBlank(page);
  const seen = await inPage(page, async ({ openPhotoIndex, fakeEmbedder, idle, outcomes, small, smallFiles }) => {
    const embedder = fakeEmbedder();
    const index = await openPhotoIndex({ embedder });
    const files = smallFiles(60);
    files[20] = { path: files[20]!.path, file: small(20, 'POISON') };
    await index.add({ name: 'Pictures', files });
    await index.start();
    await idle(index);
    const first = { ...(await outcomes(index)), restarts: embedder.restarts, problems: await index.problems() };
    await index.start();
    await idle(index);
    const again = embedder.restarts;

    await index.add({
      name: 'More',
      files: Array.from({ length: 40 }, (_, i) => ({ path: `${i}.bmp`, file: small(100 + i) })),
    });
    let taken = 0;
    embedder.onEmbedded = () => {
      if (taken++ < 4) embedder.dispose();
    };
    await index.start();
    await idle(index);
    return { first, again, later: embedder.restarts, indexed: index.state.indexed, problems: index.state.problems };
  });
  expect(seen.first.pictures).toEqual(paths(60).filter((path) => !path.includes('IMG_0020')));
  expect(seen.first.problems).toEqual([
    {
      id: expect.any(Number),
      pass: 'first',
      path: `Pictures/6/${numbered(20)}`,
      kind: 'failed',
      reason: expect.stringMatching(/ended twice/),
    },
  ]);
  expect(seen.first.restarts).toBe(2);
  expect(seen.again).toBe(2); // it is not tried a third time
  expect(seen.later).toBe(2 + 4);
  expect([seen.indexed, seen.problems]).toEqual([59 + 40, 1]);
});

test('a page that crashes keeps everything that was committed; a picture that crashes it alone has failed', async ({
  page,
  context,
}) => {
  await openBlank(page);
  const indexed = await inPage(
    page,
    async ({ openPhotoIndex, fakeEmbedder, folder, small, smallFiles, until, writeAll }) => {
      const pictures = await folder('Pictures');
      const files = smallFiles(150);
      files[7] = { path: files[7]!.path, file: small(7, 'HANG') }; // among the first; in progress whenever the page ends
      await writeAll(pictures, files);
      const index = await openPhotoIndex({ embedder: fakeEmbedder() });
      await index.add({ handle: pictures });
      await index.start();
      return (await until(index, (state) => state.indexed >= 30)).indexed;
    },
  );
  const crash = async (crashing: Page) => {
    await crashing.goto('chrome://crash').catch(() => undefined);
    const next = await context.newPage();
    await openBlank(next);
    return next;
  };
  /** Opens the index and starts it; resolves once the picture is requested, alone. */
  const untilAlone = (at: Page) =>
    inPage(at, async ({ openPhotoIndex, fakeEmbedder }) => {
      const embedder = fakeEmbedder();
      const alone = new Promise<number>((resolve) => {
        const { embed } = embedder;
        embedder.embed = async (inputs, options) => {
          const result = embed(inputs, options);
          if ((await (inputs[0]!.image as Blob).text()).includes('HANG')) resolve(inputs.length);
          return result;
        };
      });
      const index = await openPhotoIndex({ embedder });
      const opened = index.state;
      await index.start();
      return { opened, inputs: await alone };
    });
  const second = await crash(page);
  const seen = await untilAlone(second);
  expect(seen.opened.phase).toBe('paused');
  expect(seen.opened.indexed).toBeGreaterThanOrEqual(indexed);
  expect(seen.inputs).toBe(1);
  await second.reload(); // this is not evidence, so it is tried again
  expect((await untilAlone(second)).inputs).toBe(1);
  const third = await crash(second);
  const last = await inPage(third, async ({ openPhotoIndex, fakeEmbedder, idle, inspect, outcomes }) => {
    const index = await openPhotoIndex({ embedder: fakeEmbedder() });
    await index.start();
    await idle(index);
    return { ...(await outcomes(index)), files: await inspect() };
  });
  expect(last.problems).toEqual([`failed Pictures/0/${numbered(7)}`]);
  expect(last.pictures).toEqual(paths(150).filter((path) => !path.includes('IMG_0007')));
  expect(last.files.sizes).toEqual([last.files.recordsEnd, last.files.thumbsEnd]);
});

test('bytes that the browser lost are computed again, and no row is left over', async ({ page }) => {
  await openBlank(page);
  const seen = await inPage(
    page,
    async ({ openPhotoIndex, fakeEmbedder, idle, inspect, outcomes, shorten, smallFiles }) => {
      const embedder = fakeEmbedder();
      const counts: number[] = [];
      const run = async () => {
        const index = await openPhotoIndex({ embedder });
        counts.push(index.state.indexed);
        await index.add({ name: 'Pictures', files: smallFiles(40) });
        await index.start();
        await idle(index);
        const { pictures } = await outcomes(index);
        await index.close();
        return pictures;
      };
      await run();
      await shorten('vectors', 1024 + 10 * 132 + 5);
      await run();
      await shorten('thumbnails', 100);
      const pictures = await run();
      const extra = new Uint8Array(1000).fill(7);
      await shorten('vectors', Infinity, extra); // what a crash leaves after the last row
      await run();
      return { counts, pictures, files: await inspect(), embedded: embedder.embedded };
    },
  );
  expect(seen.counts).toEqual([0, 10, 0, 40]);
  expect(seen.pictures).toEqual(paths(40));
  expect(seen.embedded).toBe(40 + 30 + 40);
  const { rows, slots, recordsEnd, thumbsEnd, sizes } = seen.files;
  expect([rows, slots]).toEqual([40, 40]);
  expect(sizes).toEqual([recordsEnd, thumbsEnd]);
});

test('changed, moved, copied and deleted files', async ({ page }) => {
  await openBlank(page);
  const seen = await inPage(
    page,
    async ({ openPhotoIndex, fakeEmbedder, folder, idle, outcomes, small, smallFiles, write, writeAll }) => {
      const pictures = await folder('Pictures');
      await writeAll(pictures, smallFiles(20));
      const embedder = fakeEmbedder();
      const index = await openPhotoIndex({ embedder });
      await index.add({ handle: pictures });
      const run = async () => {
        await index.start();
        await idle(index);
        const { embedded, reused, removed, problems } = index.state.run!;
        return { embedded, reused, removed, problems, calls: embedder.embedded, indexed: index.state.indexed };
      };
      const first = await run();
      const idOf = async (path: string) => {
        const items = await index.items(await index.list());
        return items.find((item) => item!.path === path)?.id ?? null;
      };
      const moved = await idOf('Pictures/0/IMG_0000.bmp');
      const again = await run();

      await (await pictures.getDirectoryHandle('0')).removeEntry('IMG_0000.bmp');
      await write(pictures, 'new place/zero.bmp', small(0)); // moved
      await write(pictures, 'copy of one.bmp', small(1)); // copied
      await write(pictures, '2/IMG_0002.bmp', small(200)); // changed
      await (await pictures.getDirectoryHandle('3')).removeEntry('IMG_0003.bmp'); // deleted
      await write(pictures, 'broken.jpg', 'no picture');
      await write(pictures, 'empty.png', '');
      await write(pictures, 'raw.tif', 'II*');
      await write(pictures, 'IMG.cr2', 'raw beside');
      await write(pictures, 'IMG.bmp', small(300)); // the same picture as the raw one
      await write(pictures, 'notes.txt', 'not a picture');
      await write(pictures, '.hidden/x.bmp', small(301));
      const changed = await run();
      const groups = await index.groups();
      const items = await index.items(groups.exact.flat());
      const after = {
        ...(await outcomes(index)),
        moved: await idOf('Pictures/new place/zero.bmp'),
        exact: items.map((item) => item!.path).sort(),
      };
      const problems = await index.problems();

      await write(pictures, 'broken.jpg', small(302));
      const mended = await run();
      await index.removeFolder(index.state.folders[0]!.id);
      return {
        first,
        again,
        moved,
        changed,
        after,
        problems,
        mended,
        left: (await index.list()).length,
        folders: index.state.folders,
      };
    },
  );
  expect(seen.first).toEqual({ embedded: 20, reused: 0, removed: 0, problems: 0, calls: 20, indexed: 20 });
  expect(seen.again).toMatchObject({ embedded: 0, reused: 0, removed: 0, calls: 20 });
  // Embedded: the changed one and the one beside the raw file.
  expect(seen.changed).toEqual({ embedded: 2, reused: 2, removed: 1, problems: 3, calls: 22, indexed: 21 });
  expect(seen.after.moved).toBe(seen.moved);
  expect(seen.after.exact).toEqual(['Pictures/1/IMG_0001.bmp', 'Pictures/copy of one.bmp']);
  expect(seen.after.problems).toEqual([
    'skipped Pictures/broken.jpg',
    'skipped Pictures/empty.png',
    'skipped Pictures/raw.tif',
  ]);
  expect(seen.after.pictures).not.toContain('Pictures/3/IMG_0003.bmp');
  expect(seen.problems.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/not a picture in a format/),
    expect.stringMatching(/empty/),
    expect.stringMatching(/TIF/),
  ]);
  expect(seen.mended).toMatchObject({ embedded: 1, calls: 23, indexed: 22 });
  expect([seen.left, seen.folders]).toEqual([0, []]);
});

test('a folder that vanishes, midway or before, loses no picture, and the problem is reported', async ({ page }) => {
  await openBlank(page);
  const seen = await inPage(
    page,
    async ({ openPhotoIndex, fakeEmbedder, folder, idle, smallFiles, until, writeAll }) => {
      const files = smallFiles(80);
      const fill = async () => {
        const pictures = await folder('Pictures');
        await writeAll(pictures, files);
        return pictures;
      };
      const root = await navigator.storage.getDirectory();
      const remove = () => root.removeEntry('Pictures', { recursive: true });
      const embedder = fakeEmbedder();
      let index = await openPhotoIndex({ embedder });
      const now = () => ({ problems: index.state.problems, ...index.state.folders[0]! });
      const run = async () => {
        await index.start();
        await idle(index);
        return { ...now(), error: index.state.error, removed: index.state.run!.removed };
      };
      await index.add({ handle: await fill() });
      embedder.onEmbedded = () => {
        if (embedder.embedded >= 10) embedder.gate ??= remove();
      };
      await run();
      const midway = now();
      const gone = await run();
      const { hits } = await index.search({ text: 'still there', limit: 100 });
      const file = await index.file(hits[0]!.id).then(
        () => '',
        (error: Error) => error.name,
      );
      await index.close();
      index = await openPhotoIndex({ embedder });
      await until(index, ({ folders }) => folders[0]!.problem !== null);
      const reopened = now();
      await index.add({ handle: await fill() }); // the drive is back
      const back = await run();
      for await (const name of (await folder('Pictures')).keys()) {
        await (await folder('Pictures')).removeEntry(name, { recursive: true });
      }
      const empty = await run();
      return { midway, gone, hits: hits.length, file, reopened, back, empty };
    },
  );
  const { indexed } = seen.midway;
  expect(indexed).toBeGreaterThanOrEqual(10);
  expect(indexed).toBeLessThan(80);
  const problem = { kind: 'gone', path: 'Pictures', reason: expect.stringMatching(/“Pictures” is not there/) };
  expect(seen.midway).toMatchObject({ problems: 0, problem });
  expect(seen.gone).toMatchObject({ indexed, problems: 0, problem, error: null, removed: 0 });
  expect([seen.hits, seen.file]).toEqual([indexed, 'SourceNotFoundError']);
  expect(seen.reopened).toMatchObject({ indexed, problem });
  expect(seen.back).toMatchObject({ indexed: 80, found: 80, problem: null });
  expect(seen.empty).toMatchObject({ indexed: 80, removed: 0, problem: { kind: 'empty' } });
});

test('a second tab searches while the first one writes, and takes over when that one closes', async ({
  page,
  context,
}) => {
  await openBlank(page);
  await inPage(page, async ({ openPhotoIndex, fakeEmbedder, idle, smallFiles }) => {
    const index = await openPhotoIndex({ embedder: fakeEmbedder() });
    await index.add({ name: 'Pictures', files: smallFiles(20) });
    await index.start();
    await idle(index);
    Object.assign(globalThis, { index });
  });
  const other = await context.newPage();
  await openBlank(other);
  const reader = await inPage(other, async ({ openPhotoIndex, fakeEmbedder }) => {
    const index = await openPhotoIndex({ embedder: fakeEmbedder() });
    Object.assign(globalThis, { index });
    const refused = await index.start().then(
      () => '',
      (error: Error) => error.name,
    );
    const hits = await index.search({ text: 'x', limit: 3 });
    const thumbnail = await index.thumbnail(hits.hits[0]!.id);
    return { state: index.state, refused, hits: hits.hits, bytes: thumbnail.size };
  });
  expect(reader.state).toMatchObject({ readOnly: true, indexed: 20 });
  expect(reader.refused).toBe('UnsupportedError');
  expect(reader.hits).toHaveLength(3);
  expect(reader.bytes).toBeGreaterThan(0);
  // The first tab continues, and the second one sees it.
  await inPage(page, async ({ idle, small }) => {
    const { index } = globalThis as unknown as { index: import('../src/search').PhotoIndex };
    await index.add({
      name: 'More',
      files: [
        { path: 'a.bmp', file: small(500) },
        { path: 'b.bmp', file: small(501) },
      ],
    });
    await index.start();
    await idle(index);
  });
  const seen = await inPage(other, async ({ until, outcomes }) => {
    const { index } = globalThis as unknown as { index: import('../src/search').PhotoIndex };
    await until(index, ({ indexed }) => indexed === 22);
    return { ...(await outcomes(index)), hits: (await index.search({ text: 'x' })).hits.length };
  });
  expect(seen.pictures).toContain('More/b.bmp');
  expect(seen.hits).toBe(22);
  await page.close();
  const taken = await inPage(other, async ({ until, idle, small }) => {
    const { index } = globalThis as unknown as { index: import('../src/search').PhotoIndex };
    await until(index, ({ readOnly }) => !readOnly);
    await index.add({ name: 'Third', files: [{ path: 'c.bmp', file: small(502) }] });
    await index.start();
    return (await idle(index)).indexed;
  });
  expect(taken).toBe(23);
});

test('an export transfers everything to another profile, and a hostile one changes nothing', async ({
  page,
  browser,
}) => {
  await openBlank(page);
  const exported = await inPage(page, async ({ openPhotoIndex, fakeEmbedder, idle, outcomes, smallFiles, toText }) => {
    const index = await openPhotoIndex({ embedder: fakeEmbedder() });
    const files = smallFiles(30);
    files.push({ path: 'copy.bmp', file: files[4]!.file }, { path: 'bad.png', file: new File(['x'], 'bad.png') });
    await index.add({ name: 'Pictures', files });
    await index.start();
    await idle(index);
    const found = await index.search({ text: 'hello', limit: 10 });
    return { text: await toText(await index.export()), ...(await outcomes(index)), hits: found.hits };
  });

  const context = await browser.newContext({ baseURL: new URL(page.url()).origin });
  const other = await context.newPage();
  await openBlank(other);
  const seen = await inPage(
    other,
    async ({ openPhotoIndex, fakeEmbedder, fromText, hostile, idle, outcomes, small, smallFiles }, text) => {
      const embedder = fakeEmbedder();
      const index = await openPhotoIndex({ embedder });
      await index.add({ name: 'Mine', files: [{ path: 'a.bmp', file: small(900) }] });
      await index.start();
      await idle(index);
      const mine = await outcomes(index);
      const refused: Record<string, string> = {};
      for (const [name, blob] of await hostile(fromText(text))) {
        refused[name] = await index.import(blob).then(
          () => 'imported',
          (error: Error) => error.name,
        );
        if (JSON.stringify(await outcomes(index)) !== JSON.stringify(mine)) refused[name] += ', and changed';
      }
      const model = await openPhotoIndex({ name: 'other', embedder: fakeEmbedder({ id: 'another' }) });
      refused['another model'] = await model.import(fromText(text)).then(
        () => 'imported',
        (error: Error) => error.name,
      );

      await index.import(fromText(text));
      const found = await index.search({ text: 'hello', limit: 10 });
      const all = await outcomes(index);
      const item = (await index.items([found.hits[0]!.id]))[0]!;
      const thumbnail = (await index.thumbnail(item.id)).size;
      const noFile = await index.file(item.id).then(
        () => '',
        (error: Error) => error.name,
      );
      const { folders } = index.state;
      // The same folder chosen again: nothing has to be embedded.
      const before = embedder.embedded;
      await index.add({ name: 'Pictures', files: smallFiles(30) });
      await index.start();
      await idle(index);
      const file = (await index.file(item.id)).size;
      const again = { embedded: embedder.embedded - before, folders: index.state.folders.length };
      await index.close();
      return { refused, all, hits: found.hits, thumbnail, noFile, folders, again, file, size: item.size };
    },
    exported.text,
  );
  await context.close();
  expect(seen.refused).toEqual({
    'not an export': 'IndexFormatError',
    empty: 'IndexFormatError',
    'cut short': 'IndexFormatError',
    'longer than it says': 'IndexFormatError',
    'a later version': 'UnsupportedError',
    'a bit of the rows': 'IntegrityError',
    'a bit of the vectors': 'IntegrityError',
    'a bit of the thumbnails': 'IntegrityError',
    'a vector that is not there': 'IndexFormatError',
    'one vector for two': 'IndexFormatError',
    'a thumbnail beyond the end': 'IndexFormatError',
    'a path out of its folder': 'IndexFormatError',
    'a folder that is not there': 'IndexFormatError',
    'a vector of NaN': 'IndexFormatError',
    'another model': 'UnsupportedError',
  });
  expect(seen.all).toEqual({ pictures: exported.pictures, problems: exported.problems });
  expect(seen.hits.map(({ score }) => score)).toEqual(exported.hits.map(({ score }) => score));
  expect(seen.thumbnail).toBeGreaterThan(0);
  expect(seen.noFile).toBe('SourceNotFoundError');
  expect(seen.folders).toMatchObject([{ name: 'Pictures', access: 'choose', indexed: 31 }]);
  expect(seen.again).toEqual({ embedded: 0, folders: 1 });
  expect(seen.file).toBe(seen.size);
});

test('with nano: results equal those of the vectors themselves', async ({ page }) => {
  await openBlank(page);
  const seen = await inPage(
    page,
    async ({ folder, fill, idle, openPhotoIndex, openNano, picture, prompts, combined }) => {
      const model = await openNano();
      const pictures = await folder('Pictures');
      await fill(pictures, 12);
      const index = await openPhotoIndex({
        embedder: { id: 'nano', dims: model.dims, embed: (inputs, options) => model.embed(inputs, options) },
      });
      await index.add({ handle: pictures });
      await index.start();
      await idle(index);

      const items = (await index.items(await index.list({ order: 'path' }))).map((item) => item!);
      const vectors = await model.embed(
        await Promise.all(items.map(async ({ id }) => ({ image: await index.file(id) }))),
      );
      const query = await picture(99);
      const { queryPrompt, queryTemplate } = prompts;
      const text = (words: string) => model.embed({ text: queryPrompt(queryTemplate('text'), words) });
      const expected = {
        text: await text('a green square'),
        picture: await model.embed({ image: query, text: queryPrompt(queryTemplate('image')) }),
        both: await model.embed({ image: query, text: queryPrompt(queryTemplate('both'), 'but red') }),
        without: combined({ include: [{ vector: await text('a square') }], exclude: [{ vector: await text('red') }] }),
        like: vectors[3]!,
      };
      const asked = {
        text: { text: 'a green square' },
        picture: { image: query },
        both: { image: query, text: 'but red' },
        without: { text: 'a square', exclude: [{ text: 'red' }] },
        like: { image: { id: items[3]!.id } },
      };
      let worst = 0;
      const results: Record<string, number> = {};
      for (const [name, ask] of Object.entries(asked)) {
        const { hits } = await index.search(ask);
        results[name] = hits.length;
        const scores = new Map(hits.map(({ id, score }) => [id, score]));
        for (const [i, { id }] of items.entries()) {
          const score = scores.get(id);
          if (score === undefined) continue;
          const exact = vectors[i]!.reduce(
            (sum, value, j) => sum + value * expected[name as keyof typeof expected][j]!,
            0,
          );
          worst = Math.max(worst, Math.abs(score - exact));
        }
      }
      const early = items.map(({ taken }) => taken).sort((a, b) => a - b)[5]!;
      const filtered = await index.search({ text: 'a green square', filter: { to: early } });
      const kept = (await index.items(filtered.hits.map(({ id }) => id))).every((item) => item!.taken < early);
      const inFolder = await index.search({ text: 'a green square', filter: { folder: 'Pictures/3' } });
      await model.dispose();
      return {
        results,
        worst,
        filtered: filtered.candidates,
        kept,
        inFolder: inFolder.hits.length,
        best: (await index.groups()).exact,
      };
    },
  );
  expect(seen.results).toEqual({ text: 12, picture: 12, both: 12, without: 12, like: 11 });
  expect(seen.worst).toBeLessThan(2e-4);
  expect(seen.kept).toBe(true);
  expect(seen.filtered).toBeLessThanOrEqual(5);
  expect(seen.inFolder).toBe(2);
});

test('with nano: the command and the page find the same in each other’s exports, in the same order', async ({
  page,
}, info) => {
  const at = (name: string) => info.outputPath(name);
  const run = (...args: string[]) =>
    execFileSync(process.execPath, ['dist/lib/cli.js', ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  const words = 'a green frog';
  const ordered = (place: string) => {
    const args = ['search', place, words, '--model', 'nano', '--top', '40', '--json', '--relative'];
    return (JSON.parse(run(...args)) as { hits: { path: string }[] }).hits.map((hit) => hit.path);
  };
  await mkdir(at('samples'));
  for (const { path, bytes } of await samplePhotos())
    await writeFile(at(`samples/${path.replaceAll('/', ' ')}`), bytes);
  run('index', at('samples'), '--out', at('index'), '--model', 'nano', '--export', at('command.bin'));
  await openBlank(page);
  const seen = await inPage(
    page,
    async ({ openPhotoIndex, openNano, fill, folder, fromText, idle, toText }, { words, text }) => {
      const model = await openNano();
      const embedder = {
        ...{ id: model.info.id, dims: model.dims, recipe: model.info.recipe },
        embed: model.embed.bind(model) as import('../src/search').PhotoEmbedder['embed'],
      };
      const index = await openPhotoIndex({ embedder });
      const ordered = async () => {
        const { hits } = await index.search({ text: words, limit: 40 });
        return (await index.items(hits.map(({ id }) => id))).map((item) => item!.path);
      };
      await index.import(fromText(text));
      const imported = await ordered();
      for (const { id } of index.state.folders) await index.removeFolder(id);
      const pictures = await folder('Pictures');
      await fill(pictures, 12);
      await index.add({ handle: pictures });
      await index.start();
      await idle(index);
      const own = await ordered();
      const exported = await toText(await index.export());
      await model.dispose();
      return { imported, own, exported };
    },
    { words, text: (await readFile(at('command.bin'))).toString('base64') },
  );
  await writeFile(at('page.bin'), Buffer.from(seen.exported, 'base64'));
  expect(seen.imported).toHaveLength(24);
  expect(seen.imported).toEqual(ordered(at('index')));
  expect(seen.own).toHaveLength(12);
  expect(seen.own).toEqual(ordered(at('page.bin')));
});

test('an index for each model: they are listed, and all but the one in use can be deleted', async ({ page }) => {
  await openBlank(page);
  const seen = await inPage(
    page,
    async ({ deletePhotoIndex, fakeEmbedder, idle, listPhotoIndexes, openPhotoIndex, smallFiles }) => {
      const began = Date.now();
      const open = async (id: string, count: number) => {
        const index = await openPhotoIndex({ name: 'mine', embedder: fakeEmbedder({ id, name: `Model ${id}` }) });
        const bad = { path: 'bad.png', file: new File(['x'], 'bad.png') };
        await index.add({ name: 'Pictures', files: [...smallFiles(count), bad] });
        await index.start();
        await idle(index);
        return index;
      };
      const first = await open('a', 3);
      const second = await open('b', 2);
      const listed = await listPhotoIndexes();
      const refused = await deletePhotoIndex(listed[1]!.place).then(
        () => '',
        (error: Error) => error.name,
      );
      await first.close();
      await deletePhotoIndex(listed[0]!.place);
      const left = await listPhotoIndexes();
      const again = await openPhotoIndex({ name: 'mine', embedder: fakeEmbedder({ id: 'a' }) });
      return { began, listed, refused, left, again: again.state.indexed, second: second.state.indexed };
    },
  );
  expect(seen.listed).toMatchObject([
    { name: 'mine', modelId: 'a', modelName: 'Model a', pictures: 3, problems: 1 },
    { name: 'mine', modelId: 'b', modelName: 'Model b', pictures: 2, problems: 1 },
  ]);
  const [first, second] = seen.listed.map(({ lastUsed }) => lastUsed) as [number, number];
  expect(first).toBeGreaterThanOrEqual(seen.began);
  expect(second).toBeGreaterThan(first);
  expect(seen.listed[0]!.bytes).toBeGreaterThan(1024 + 3 * 132);
  expect(seen.refused).toBe('InvalidInputError');
  expect(seen.left).toMatchObject([{ modelId: 'b' }]);
  expect([seen.again, seen.second]).toEqual([0, 2]);
});

test('HEIC, with a decoder that is loaded only then; files that are damaged, too large or too slow hold nothing up', async ({
  page,
}) => {
  await openBlank(page);
  const decoders: string[] = [];
  page.on('request', (request) => {
    if (/libheif/.test(request.url())) decoders.push(request.url());
  });
  const limited = await inPage(page, async ({ openPhotoIndex, fakeEmbedder, idle, picture, small, smallFiles }) => {
    const limits = { fileBytes: 5000, pixels: 10_000, embedSeconds: 0.2 };
    const index = await openPhotoIndex({ embedder: fakeEmbedder(), limits });
    const files = smallFiles(10);
    files.push({ path: 'hangs.bmp', file: small(50, 'HANG') });
    files.push({ path: 'many bytes.png', file: new File([new Uint8Array(6000)], 'many bytes.png') });
    files.push({ path: 'many pixels.png', file: new File([await picture(1, 101)], 'many pixels.png') });
    await index.add({ name: 'Pictures', files });
    await index.start();
    await idle(index);
    Object.assign(globalThis, { index });
    return { indexed: index.state.indexed, problems: await index.problems() };
  });
  expect(limited.indexed).toBe(10);
  expect(limited.problems.map(({ path, kind, reason }) => [path, kind, reason])).toEqual([
    ['Pictures/hangs.bmp', 'failed', expect.stringMatching(/took longer than/)],
    ['Pictures/many bytes.png', 'skipped', expect.stringMatching(/MB/)],
    ['Pictures/many pixels.png', 'skipped', expect.stringMatching(/pixels/)],
  ]);
  expect(decoders).toEqual([]);
  const seen = await inPage(page, async ({ colourAt, idle }) => {
    const { index } = globalThis as unknown as { index: import('../src/search').PhotoIndex };
    const bytes = await (await fetch('/e2e/search-index/red-blue.heic')).arrayBuffer();
    await index.add({
      name: 'Phone',
      files: [
        { path: 'a.heic', file: new File([bytes], 'a.heic') },
        { path: 'b.heic', file: new File([bytes.slice(0, 300)], 'b.heic') },
      ],
    });
    await index.start();
    await idle(index);
    const item = (await index.items(await index.list())).find((each) => each!.name === 'a.heic')!;
    const thumbnail = await index.thumbnail(item.id);
    return {
      size: [item.width, item.height],
      colours: [await colourAt(thumbnail, 0.25), await colourAt(thumbnail, 0.75)],
      problems: (await index.problems()).flatMap(({ path, kind }) =>
        path.startsWith('Phone/') ? `${kind} ${path}` : [],
      ),
    };
  });
  expect(decoders.length).toBeGreaterThan(0);
  expect(seen.size).toEqual([96, 64]);
  const [red, blue] = seen.colours as [number[], number[]];
  expect(red[0]! - red[2]!).toBeGreaterThan(100);
  expect(blue[2]! - blue[0]!).toBeGreaterThan(100);
  expect(seen.problems).toEqual(['skipped Phone/b.heic']);
});

test('two passes: search after the first, deep vectors survive a reload and a killed worker, none is computed twice', async ({
  page,
}) => {
  await openBlank(page);
  const before = await inPage(
    page,
    async ({ countingEmbedder, fill, folder, idle, openNano, openPhotoIndex, openSmall, until }) => {
      const pictures = await folder('Pictures');
      await fill(pictures, 12);
      const [small, nano] = [await openSmall(), await openNano()];
      const [first, deep] = [countingEmbedder(small), countingEmbedder(nano)];
      let worker: Worker;
      const url = new URL('/package/lib/search.worker.js', location.href);
      const index = await openPhotoIndex({
        ...{ embedder: first, deep: { embedder: deep, shortlist: 3 } },
        worker: () => (worker = new Worker(url, { type: 'module' })),
      });
      await index.add({ handle: pictures });
      await index.start();
      await idle(index);
      const firstAlone = await index.search({ text: 'a red circle' }, { pass: 'first' });
      const both = await index.search({ text: 'a red circle' });
      await index.startDeep();
      await until(index, (state) => state.deep!.done >= 5);
      worker!.terminate();
      await until(index, (state) => state.deep!.done >= 8);
      await index.pauseDeep();
      return {
        inputs: [small.info.inputs, nano.info.inputs],
        firstAlone: firstAlone.hits.map(({ pass }) => pass),
        both: { deep: both.deep, passes: both.hits.map(({ pass }) => pass) },
        images: [first.images, deep.images],
        done: index.state.deep!.done,
      };
    },
  );
  expect(before.inputs).toEqual([
    { together: false, instruction: false },
    { together: true, instruction: true },
  ]);
  expect(before.firstAlone).toEqual(Array(12).fill('first'));
  expect(before.both.deep).toEqual({ wanted: 3, embedded: 3, left: 0 });
  expect(before.both.passes.filter((pass) => pass === 'deep')).toHaveLength(3);
  await page.reload();
  const after = await inPage(
    page,
    async ({ countingEmbedder, folder, openNano, openPhotoIndex, openSmall, picture, until }) => {
      const [small, nano] = [await openSmall(), await openNano()];
      const [first, deep] = [countingEmbedder(small), countingEmbedder(nano)];
      const index = await openPhotoIndex({ embedder: first, deep: { embedder: deep } });
      const opened = index.state.deep!.done;
      await index.startDeep();
      await until(index, (state) => state.deep!.phase === 'idle');
      const query = { text: 'the same in blue', image: await picture(3) };
      const two = await index.search(query);
      await index.close();
      const alone = await openPhotoIndex({ name: 'alone', embedder: deep });
      await alone.add({ handle: await folder('Pictures') });
      await alone.start();
      await until(alone, ({ phase, indexed }) => phase === 'idle' && indexed === 12);
      const one = await alone.search(query);
      const items = async (of: typeof alone, hits: { id: number }[]) =>
        (await of.items(hits.map(({ id }) => id))).map((item) => item!.path);
      const paths = await items(alone, one.hits);
      await alone.close();
      const again = await openPhotoIndex({ embedder: first });
      return {
        opened,
        images: first.images,
        two: {
          scores: two.hits.map(({ score }) => score),
          paths: await items(again, two.hits),
          relevant: two.relevantCount,
        },
        one: { scores: one.hits.map(({ score }) => score), paths, relevant: one.relevantCount },
        deepImages: deep.images,
      };
    },
  );
  expect(after.opened).toBeGreaterThanOrEqual(before.done);
  expect([before.images[0], after.images]).toEqual([12, 0]);
  // The index of nano alone computes its 12, and the deep pass each of its own once; a killed worker may lose two in
  // progress.
  const deepImages = before.images[1]! + after.deepImages - 12;
  expect(deepImages).toBeGreaterThanOrEqual(12);
  expect(deepImages).toBeLessThanOrEqual(12 + 16);
  expect(after.two.paths).toEqual(after.one.paths);
  expect(after.two.relevant).toBe(after.one.relevant);
  for (const [i, score] of after.two.scores.entries()) expect(score).toBeCloseTo(after.one.scores[i]!, 4);
});
