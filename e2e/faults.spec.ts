/**
 * @file Faults while a model is downloaded: connections that break, wrong bytes, tabs that are reloaded, a full
 * disk, a second tab, a worker that dies. Each test prints what was lost, which must be nothing that was finished, and
 * ends with exactly the bundle that the command line makes from the same checkpoint.
 *
 * The Hub is `src/testing/hub-server.ts`; its counts show what was sent twice. Random positions come from a fixed seed.
 * `VLM2VEC_FULL_TESTS=1` tries more of them.
 */
import { expect, test, type Page } from '@playwright/test';
import { bundleFiles } from '../src/bundle/validate';
import type { HubRepository } from '../src/testing/hub-repository';
import { openBlank } from './fixture-pages';
import {
  ADAPTER,
  BASE,
  downloadIn,
  hashesOf,
  journalNotes,
  loadIn,
  seededRandom,
  storedManifests,
  storedNames,
  tryLoadIn,
  useFixtureHub,
  WEIGHTS,
} from './hub-pages';

const FULL = process.env.VLM2VEC_FULL_TESTS === '1';

const fixture = useFixtureHub();

const load = () => ({ source: ADAPTER, hubUrl: fixture.hub.url, dtype: 'q4', internal: { retryDelay: 50 } }) as const;
/**
 * Reads the base's weights by ranges, as for a real model; otherwise they are small enough to be fetched in one piece.
 */
const loadByRanges = () => ({ ...load(), internal: { retryDelay: 50, wholeBytes: 500_000, blockBytes: 200_000 } });

/** Opening a checkpoint reads the list of tensors at the start of each file, and the rest of that request. */
const HEADER_BYTES = 64 * 1024;

/** Records which files of the checkpoint the journal lists as finished, and how much of them was sent afterwards. */
class Finished {
  readonly files = new Set<string>();
  /** Bytes of finished files that were sent again, except for their headers. */
  lost = 0;

  /** Called after each attempt. */
  async note(page: Page): Promise<void> {
    for (const { file, start, bytes } of fixture.hub.traffic.sent) {
      if (this.files.has(file)) this.lost += Math.max(0, start + bytes - Math.max(start, HEADER_BYTES));
    }
    fixture.hub.traffic.clear();
    for (const { checked } of await journalNotes(page)) if (checked !== undefined) this.files.add(String(checked));
  }
}

/** What is stored equals the command line's bundle, and there is nothing else. */
async function expectWhole(page: Page): Promise<void> {
  const stored = await storedManifests(page);
  expect(stored.map(hashesOf)).toEqual([hashesOf(fixture.cli)]);
}

/** Files one after another: converts a distance from the start into a position. */
function placesIn(repositories: Iterable<HubRepository>, kind: RegExp, prefix = '') {
  const files = [...repositories].flatMap((repository) =>
    [...repository.at('main')!.files.values()]
      .filter(({ path }) => kind.test(path))
      .map(({ path, size }) => ({ name: `${prefix}${repository.name}/${path}`, size })),
  );
  return {
    total: files.reduce((sum, { size }) => sum + size, 0),
    place: (at: number): { file: RegExp; at: number } => {
      let file = 0;
      for (; at >= files[file]!.size; file++) at -= files[file]!.size;
      return { file: new RegExp(`^${files[file]!.name.replaceAll('.', '\\.')}$`), at };
    },
  };
}

/** The weights of the checkpoint and its adapter. */
const placesInWeights = () => placesIn([fixture.hub.repos.get(ADAPTER)!, fixture.hub.repos.get(BASE)!], WEIGHTS);

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;

function say(what: string): void {
  process.stdout.write(`      ${what}\n`);
}

test.describe('a checkpoint from the Hub', () => {
  test('an undisturbed load requests every byte of the weights at most once', async ({ page }) => {
    await openBlank(page);
    await loadIn(page, load());
    await expectWhole(page);
    const { total } = placesInWeights();
    say(
      `${kilobytes(fixture.hub.traffic.bytes(WEIGHTS))} of ${kilobytes(total)} in ${fixture.hub.traffic.requests(WEIGHTS)} requests`,
    );
    expect(fixture.hub.traffic.repeated(WEIGHTS)).toBe(0);
  });

  test('the connection is cut at random positions', async ({ page }) => {
    const random = seededRandom(20);
    const { total, place } = placesInWeights();
    const count = FULL ? 100 : 20;
    const cuts = Array.from({ length: count }, () =>
      fixture.hub.faults.inject({ kind: 'cut', times: 1, ...place(Math.floor(random() * total)) }),
    );
    await openBlank(page);
    await loadIn(page, load());
    await expectWhole(page);
    const struck = cuts.filter((cut) => cut.struck > 0).length;
    say(`${struck} cuts, ${kilobytes(fixture.hub.traffic.repeated(WEIGHTS))} of ${kilobytes(total)} fetched again`);
    expect(struck).toBeGreaterThanOrEqual(count * 0.9);
    expect(fixture.hub.traffic.repeated(WEIGHTS)).toBe(0);
  });

  test('busy and failing servers, and links that expire', async ({ page }) => {
    const { faults } = fixture.hub;
    faults.inject({ kind: 'status', status: 429, headers: { 'Retry-After': '1' }, place: 'api', times: 1 });
    faults.inject({ kind: 'status', status: 500, place: 'resolve', times: 1 });
    faults.inject({ kind: 'status', status: 429, headers: { 'Retry-After': '1' }, times: 1, file: WEIGHTS });
    faults.inject({ kind: 'status', status: 403, times: 1, file: /model-00003/ });
    faults.inject({ kind: 'cut', place: 'resolve', times: 1, file: /model-00002/ });
    await openBlank(page);
    await loadIn(page, load());
    await expectWhole(page);
    expect(fixture.hub.traffic.repeated(WEIGHTS)).toBe(0);
  });

  test('wrong bytes once are noticed and fetched again', async ({ page }) => {
    const wrong = fixture.hub.faults.inject({ kind: 'corrupt', at: 1_000_000, file: /model-00002/, times: 1 });
    await openBlank(page);
    await loadIn(page, load());
    await expectWhole(page);
    say(`${kilobytes(fixture.hub.traffic.repeated(WEIGHTS))} fetched again`);
    expect(wrong.struck).toBe(1);
  });

  test('wrong bytes every time are an error with a name, and none of them are kept', async ({ page }) => {
    fixture.hub.faults.inject({ kind: 'corrupt', at: 1_000_000, file: /model-00002/ });
    await openBlank(page);
    expect(await tryLoadIn(page, load())).toEqual({ error: expect.stringMatching(/^IntegrityError: .*model-00002/) });
    expect(await storedNames(page)).toEqual([]);
    fixture.hub.faults.clear();
    await loadIn(page, load());
    await expectWhole(page);
  });

  test('the tab is reloaded at random moments', async ({ page }) => {
    const random = seededRandom(10);
    const { total } = placesInWeights();
    const count = FULL ? 30 : 6;
    const finished = new Finished();
    await openBlank(page);
    for (let i = 0; i < count; i++) {
      const barrier = fixture.hub.faults.stopAfter(Math.ceil(random() * total));
      const loading = tryLoadIn(page, loadByRanges()).catch(() => null); // the page that would answer disappears
      await Promise.race([barrier.reached, loading]);
      await page.reload();
      barrier.lift();
      await loading;
      await finished.note(page);
    }
    const before = finished.files.size;
    await loadIn(page, loadByRanges());
    await finished.note(page);
    await expectWhole(page);
    say(`${count} reloads: ${before} files were finished by then, ${kilobytes(finished.lost)} of them fetched again`);
    expect(before).toBeGreaterThan(0);
    expect(finished.lost).toBe(0);
  });

  test('a file that was half read when the tab was closed is continued in its middle', async ({ page }) => {
    const { hub } = fixture;
    const internal = { retryDelay: 50, wholeBytes: 500_000, blockBytes: 100_000, noteBytes: 50_000 };
    const load = () => ({ source: ADAPTER, hubUrl: hub.url, dtype: 'q4', internal }) as const;
    /** How much of each file is done according to the journal. */
    const reached = async () => {
      const notes = (await journalNotes(page)) as {
        pass?: { file: string; from: { position: number } };
        checked?: string;
      }[];
      const checked = new Set(notes.map((note) => note.checked));
      const passes = notes.flatMap(({ pass }) => (pass && !checked.has(pass.file) ? [pass] : []));
      return passes.at(-1) ?? null;
    };
    await openBlank(page);
    let half: Awaited<ReturnType<typeof reached>> = null;
    // Each attempt gets a little further.
    let bytes = 4_000_000;
    for (let tries = 1; !half; tries++) {
      const barrier = hub.faults.stopAfter(bytes);
      const loading = tryLoadIn(page, load()).catch(() => null);
      await Promise.race([barrier.reached, loading]);
      await page.reload();
      barrier.lift();
      await loading;
      half = await reached();
      bytes = (await journalNotes(page)).length > 0 ? 1_400_000 : bytes + 200_000;
      expect(tries).toBeLessThan(15);
    }
    hub.traffic.clear();
    await loadIn(page, load());
    await expectWhole(page);
    const { file, from } = half;
    const again = hub.traffic.sent
      .filter((sent) => file.endsWith(sent.file) || sent.file.endsWith(file))
      .reduce(
        (sum, { start, bytes }) =>
          sum + Math.max(0, Math.min(start + bytes, from.position) - Math.max(start, HEADER_BYTES)),
        0,
      );
    say(`${file} was read to byte ${from.position}; ${kilobytes(again)} of that fetched again`);
    expect(from.position).toBeGreaterThan(HEADER_BYTES + internal.blockBytes);
    expect(again).toBe(0);
  });

  test('the worker is killed midway', async ({ page }) => {
    const { total } = placesInWeights();
    const finished = new Finished();
    await openBlank(page);
    const barrier = fixture.hub.faults.stopAfter(total * 0.6);
    const failure = page.evaluate(async ({ source, ...options }) => {
      const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as typeof import('../src/index');
      const worker = new Worker('/package/lib/vlm2vec.worker.js', { type: 'module' });
      (globalThis as unknown as { doomed: Worker }).doomed = worker;
      return VLM2Vec.load(source, { ...options, device: 'wasm', worker }).then(
        () => 'no error',
        (error: Error) => error.name,
      );
    }, loadByRanges());
    await Promise.race([barrier.reached, failure]);
    await page.evaluate(() => (globalThis as unknown as { doomed: Worker }).doomed.terminate());
    expect(await failure).toBe('DisposedError');
    barrier.lift();
    await finished.note(page);
    await loadIn(page, loadByRanges());
    await finished.note(page);
    await expectWhole(page);
    say(`${finished.files.size} files were finished by then, ${kilobytes(finished.lost)} of them fetched again`);
    expect(finished.lost).toBe(0);
  });

  test('the Hub becomes unreachable midway, and returns', async ({ page }) => {
    const { total } = placesInWeights();
    const finished = new Finished();
    await openBlank(page);
    const barrier = fixture.hub.faults.stopAfter(total * 0.6);
    const loading = tryLoadIn(page, loadByRanges());
    await Promise.race([barrier.reached, loading]);
    await fixture.hub.stop();
    barrier.lift();
    expect(await loading).toEqual({ error: expect.stringMatching(/^NetworkError: .*cannot be reached/) });
    await finished.note(page);
    await fixture.hub.start();
    await loadIn(page, loadByRanges());
    await finished.note(page);
    await expectWhole(page);
    say(`${finished.files.size} files were finished by then, ${kilobytes(finished.lost)} of them fetched again`);
    expect(finished.lost).toBe(0);
  });

  test('a new commit midway is not mixed in', async ({ page }) => {
    const base = fixture.hub.repos.get(BASE)!;
    const before = base.head;
    await openBlank(page);
    const barrier = fixture.hub.faults.stopAfter(placesInWeights().total / 3);
    const loading = loadIn(page, load());
    await Promise.race([barrier.reached, loading]);
    for (const shard of [2, 3, 4]) base.change(`model-0000${shard}-of-00004.safetensors`, new Uint8Array(1000));
    barrier.lift();
    await loading;
    base.head = before;
    await expectWhole(page);
    expect(fixture.hub.traffic.repeated(WEIGHTS)).toBe(0);
  });

  test('the quota is used up: from the start, and midway', async ({ page, context }) => {
    const cdp = await context.newCDPSession(page);
    await openBlank(page);
    const { origin } = new URL(page.url());
    const quota = (quotaSize?: number) => cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
    await quota(600_000);
    const first = await tryLoadIn(page, loadByRanges());
    expect(first).toEqual({ error: expect.stringMatching(/^StorageFullError: .* What was already stored is kept/) });
    expect(await storedNames(page)).toEqual([]);
    await quota();

    const finished = new Finished();
    // The measurements from before are kept: this attempt starts with the first file.
    const barrier = fixture.hub.faults.stopAfter(placesInWeights().total * 0.8);
    const loading = tryLoadIn(page, loadByRanges());
    await Promise.race([barrier.reached, loading]);
    await quota(1);
    barrier.lift();
    const second = await loading;
    expect(second).toEqual({ error: expect.stringMatching(/^StorageFullError: /) });
    await finished.note(page);
    await quota();
    await loadIn(page, loadByRanges());
    await finished.note(page);
    await expectWhole(page);
    say(`${finished.files.size} files were finished by then, ${kilobytes(finished.lost)} of them fetched again`);
    expect(finished.lost).toBe(0);
  });

  test('two tabs at once', async ({ page, context }) => {
    const other = await context.newPage();
    await Promise.all([openBlank(page), openBlank(other)]);
    const both = await Promise.all([tryLoadIn(page, load()), tryLoadIn(other, load())]);
    for (const outcome of both) {
      if ('error' in outcome) expect(outcome.error).toMatch(/^InvalidInputError: Another tab/);
    }
    expect(both.some((outcome) => !('error' in outcome))).toBe(true);
    const again = await Promise.all([loadIn(page, load()), loadIn(other, load())]);
    expect(again[0].vectors).toEqual(again[1].vectors);
    await expectWhole(page);
    say(`${both.map((outcome) => ('error' in outcome ? outcome.error : 'loaded')).join(' | ')}`);
    expect(fixture.hub.traffic.repeated(WEIGHTS)).toBe(0);
  });
});

test.describe('a ready bundle from a static host', () => {
  const url = () => `${fixture.hub.url}/static/ready/`;
  /** All files but the manifest, which every attempt requests again. */
  const FILES = /\.(bin|onnx|json|txt)$(?<!bundle\.json)/;
  const places = () => placesIn(fixture.hub.folders.values(), FILES, 'static/');

  test('cut, busy, failing and wrong once', async ({ page }) => {
    const random = seededRandom(21);
    const { total, place } = places();
    const cuts = Array.from({ length: 20 }, () =>
      fixture.hub.faults.inject({ kind: 'cut', times: 1, ...place(Math.floor(random() * total)) }),
    );
    fixture.hub.faults.inject({
      kind: 'status',
      status: 429,
      headers: { 'Retry-After': '1' },
      times: 1,
      file: /vision\.0\.bin/,
    });
    fixture.hub.faults.inject({ kind: 'status', status: 500, times: 1, file: /text\.0\.bin/ });
    await openBlank(page);
    expect(await downloadIn(page, url(), 'ready')).toBe('ok');
    await expectWhole(page);
    const struck = cuts.filter((cut) => cut.struck > 0).length;
    say(`${struck} cuts, ${kilobytes(fixture.hub.traffic.repeated(FILES))} of ${kilobytes(total)} fetched again`);
    expect(struck).toBeGreaterThanOrEqual(18);
    // On a busy machine, a cut may end what has been sent and not yet been read.
    expect(fixture.hub.traffic.repeated(FILES)).toBeLessThan(64 << 10);
  });

  test('wrong bytes: once, then every time', async ({ page }) => {
    const once = fixture.hub.faults.inject({ kind: 'corrupt', at: 500_000, file: /vision\.0\.bin/, times: 1 });
    await openBlank(page);
    expect(await downloadIn(page, url(), 'ready')).toBe('ok');
    await expectWhole(page);
    expect(once.struck).toBe(1);
    say(`${kilobytes(fixture.hub.traffic.repeated(FILES))} fetched again`);

    fixture.hub.faults.inject({ kind: 'corrupt', at: 500_000, file: /vision\.0\.bin/ });
    expect(await downloadIn(page, url(), 'other')).toMatch(/^IntegrityError: .*vision\.0\.bin/);
    expect(await storedNames(page)).toEqual(['ready']);
    fixture.hub.faults.clear();
    fixture.hub.traffic.clear();
    expect(await downloadIn(page, url(), 'other')).toBe('ok');
    say(`${kilobytes(fixture.hub.traffic.bytes(FILES))} of ${kilobytes(places().total)} fetched by the next try`);
    expect(fixture.hub.traffic.files()).toContain('static/ready/vision.0.bin');
  });

  test('reloaded at random moments, and offline', async ({ page }) => {
    const random = seededRandom(11);
    const { total } = places();
    const files = bundleFiles(fixture.cli);
    /** Files (of one chunk each) that an earlier attempt finished. */
    const finished = new Set<string>();
    let lost = 0;
    await openBlank(page);
    for (let i = 0; i < 10; i++) {
      fixture.hub.traffic.clear();
      const barrier = fixture.hub.faults.stopAfter(Math.ceil(random() * total * 0.4));
      const loading = downloadIn(page, url(), 'ready').catch(() => null);
      await Promise.race([barrier.reached, loading]);
      if (i === 5) await fixture.hub.stop();
      await page.reload();
      barrier.lift();
      await loading;
      await fixture.hub.start();
      for (const { file, bytes } of fixture.hub.traffic.sent) if (finished.has(file)) lost += bytes;
      for (const { chunk } of await journalNotes(page)) {
        if (chunk) finished.add(`static/ready/${files[(chunk as number[])[0]!]!.path}`);
      }
    }
    const before = finished.size;
    expect(await downloadIn(page, url(), 'ready')).toBe('ok');
    await expectWhole(page);
    say(`10 reloads, ${before} of ${files.length} files done by then, ${kilobytes(lost)} of them fetched again`);
    expect(before).toBeGreaterThan(files.length / 2);
    expect(lost).toBe(0);
  });

  test('replaced on the server midway: never a mixture', async ({ page }) => {
    await openBlank(page);
    const folder = fixture.hub.folders.get('ready')!;
    const before = folder.head;
    // Four files are downloaded at a time. After so few bytes they are earlier ones: the weights have not been
    // requested yet.
    const barrier = fixture.hub.faults.stopAfter(folder.at('main')!.files.get('bundle.json')!.size + 10_000);
    const loading = downloadIn(page, url(), 'ready');
    await Promise.race([barrier.reached, loading]);
    folder.change('vision.0.bin', new Uint8Array(776_576));
    folder.change('text.0.bin', new Uint8Array(738_304));
    barrier.lift();
    expect(await loading).toMatch(/^IntegrityError: /);
    expect(await storedNames(page)).toEqual([]);
    folder.head = before;
    expect(await downloadIn(page, url(), 'ready')).toBe('ok');
    await expectWhole(page);
  });
});
