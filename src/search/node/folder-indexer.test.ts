import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inflateSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { countingEmbedder, smallBmp, writePictures } from '../../testing/small-pictures';
import { expectedOverWhite, fixtureBytes, sha256 } from '../../testing/fixtures';
import type { RgbImage } from '../../image';
import { listPictures } from '../library/find';
import type { FolderManifest } from '../library/folder-manifest';
import type { PhotoEmbedder } from '../types';
import { FolderIndexer } from './folder-indexer.node.js';
import { openIndex, placeOf } from './open-index.node.js';

let work: string;
let photos: string;
let out: string;
beforeEach(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'index-'));
  photos = path.join(work, 'Photos');
  out = path.join(work, 'index');
});
afterEach(async () => {
  expect(openFiles(), 'nothing is left open, whatever went wrong').toEqual([]);
  await rm(work, { recursive: true });
});

/** Files below `work` that this process has open; where the system does not tell, none. */
function openFiles(): string[] {
  if (!existsSync('/proc/self/fd')) return [];
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // the listing's own
    }
  });
  return links.filter((link) => link.startsWith(work));
}

const numbered = (count: number, first = 0) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i % 3}/${first + i}.bmp`, smallBmp(first + i)]));

async function index(folders: string[] = [], embedder: PhotoEmbedder = countingEmbedder(), thumbnails = true) {
  const indexer = await FolderIndexer.open(out, { embedder, model: 'm', thumbnails });
  try {
    for (const folder of folders) await indexer.add(folder);
    const { embedded, reused, removed } = await indexer.run();
    return { embedded, reused, removed, problems: indexer.problems, folders: indexer.folders };
  } finally {
    await indexer.close();
  }
}

/** Paths within the folder of photos, as a search would print them. */
async function paths(): Promise<string[]> {
  const { library } = await openIndex(out);
  try {
    const ids = listPictures(library.catalog, { order: 'path' });
    const found = Array.from(ids, (id) => placeOf(library, library.catalog.picture(id)!));
    for (const id of ids) await library.readThumbnail(library.catalog.picture(id)!);
    return found.map((each) => path.relative(photos, each));
  } finally {
    await library.close();
  }
}

test('a second run embeds what is new or changed and forgets what is gone; renames and copies cost nothing', async () => {
  await writePictures(photos, numbered(9));
  expect(await index([photos])).toMatchObject({ embedded: 9, reused: 0, removed: 0, problems: [] });
  expect(await index()).toMatchObject({ embedded: 0, reused: 0, removed: 0 });
  await writePictures(photos, { 'new.bmp': smallBmp(50), '0/0.bmp': smallBmp(51), 'copy.bmp': smallBmp(3) });
  await appendFile(path.join(photos, '0/0.bmp'), 'x');
  await rename(path.join(photos, '1/1.bmp'), path.join(photos, 'renamed.bmp'));
  await rm(path.join(photos, '2/2.bmp'));
  expect(await index([photos])).toMatchObject({ embedded: 2, reused: 2, removed: 1 });
  expect(await paths()).toEqual([
    '0/0.bmp',
    '0/3.bmp',
    '0/6.bmp',
    '1/4.bmp',
    '1/7.bmp',
    '2/5.bmp',
    '2/8.bmp',
    'copy.bmp',
    'new.bmp',
    'renamed.bmp',
  ]);
});

test('one bad picture is noted with its reason and affects no other', async () => {
  await writePictures(photos, {
    ...numbered(5),
    'torn.bmp': smallBmp(9).subarray(0, 100),
    'text.jpg': Buffer.from('no'),
  });
  const { embedded, problems } = await index([photos]);
  expect(embedded).toBe(5);
  expect(problems).toMatchObject([
    { path: 'Photos/text.jpg', kind: 'skipped' },
    { path: 'Photos/torn.bmp', kind: 'skipped' },
  ]);
  expect((await index()).problems, 'they stay on record').toHaveLength(2);
  const indexer = await FolderIndexer.open(out, { embedder: countingEmbedder(), model: 'm' });
  await writePictures(photos, { 'text.jpg': smallBmp(70) });
  await indexer.retry();
  expect(await indexer.run()).toMatchObject({ embedded: 1, problems: 1 });
  await indexer.close();
});

test('circular and broken links, pipes, hidden folders, and folders that are reached twice', async () => {
  await writePictures(photos, { 'a.bmp': smallBmp(1), 'b/c.bmp': smallBmp(2), '.hidden/d.bmp': smallBmp(3) });
  await writePictures(path.join(work, 'Elsewhere'), { 'e.bmp': smallBmp(4), 'f/g.bmp': smallBmp(5) });
  await symlink('..', path.join(photos, 'b/up'));
  await symlink('../../Elsewhere', path.join(photos, 'b/x'));
  await symlink('../../Elsewhere/f', path.join(photos, 'b/y'));
  await symlink('../Photos', path.join(work, 'Elsewhere/back'));
  await symlink('nowhere', path.join(photos, 'broken.bmp'));
  execFileSync('mkfifo', [path.join(photos, 'pipe.bmp')]);
  await mkdir(path.join(photos, 'folder.bmp'));
  expect(await index([photos])).toMatchObject({ embedded: 4, problems: [], folders: [{ problem: null, found: 4 }] });
  expect(await paths()).toEqual(['a.bmp', 'b/c.bmp', 'b/x/e.bmp', 'b/y/g.bmp']);
});

test('a folder that is gone, or was emptied, keeps its pictures and is reported', async () => {
  await writePictures(photos, numbered(3));
  await index([photos]);
  await rename(photos, path.join(work, 'Moved'));
  expect((await index()).folders).toMatchObject([{ indexed: 3, problem: { kind: 'gone' } }]);
  await mkdir(photos);
  expect((await index()).folders).toMatchObject([{ indexed: 3, problem: { kind: 'empty' } }]);
  await rm(photos, { recursive: true });
  await mkdir(path.join(work, 'new'));
  await rename(path.join(work, 'Moved'), path.join(work, 'new/Photos'));
  expect(await index([path.join(work, 'new/Photos')]), 'named where it is now').toMatchObject({
    embedded: 0,
    folders: [{ name: 'Photos', problem: null, indexed: 3 }],
  });
});

test('a folder that disappears after it was listed in part loses no picture', async () => {
  await writePictures(photos, numbered(4));
  await index([photos]);
  await rm(path.join(photos, '0/0.bmp'));
  await writePictures(photos, { 'new.bmp': smallBmp(9) });
  const embedder = countingEmbedder();
  const embed = embedder.embed.bind(embedder);
  embedder.embed = async (...call) => {
    await rm(photos, { recursive: true, force: true });
    return embed(...call);
  };
  expect(await index([], embedder)).toMatchObject({ removed: 0, folders: [{ indexed: 4, problem: { kind: 'gone' } }] });
});

test.skipIf(process.getuid?.() === 0)('files without permission are named', async () => {
  await writePictures(photos, { ...numbered(3), 'closed/x.bmp': smallBmp(7), 'secret.bmp': smallBmp(8) });
  execFileSync('chmod', ['000', path.join(photos, 'closed'), path.join(photos, 'secret.bmp')]);
  const { folders, problems } = await index([photos]);
  execFileSync('chmod', ['700', path.join(photos, 'closed')]);
  expect(folders).toMatchObject([{ problem: { kind: 'partial', path: 'Photos/closed/' } }]);
  expect(problems).toMatchObject([{ path: 'Photos/secret.bmp', reason: expect.stringContaining('may not be read') }]);
});

test.runIf(process.platform === 'linux')(
  'names that are not UTF-8 are problems; the folder counts as read, and removed pictures are noticed',
  async () => {
    await writePictures(photos, numbered(4));
    const bytes = (name: string) => Buffer.concat([Buffer.from(`${photos}/`), Buffer.from(name, 'latin1')]);
    await mkdir(bytes('old\xe9'));
    for (const name of ['old\xe9/x.bmp', 'a\xff.bmp', 'notes\xff.txt']) await writeFile(bytes(name), smallBmp(9));
    const reason = (what: string) => `${what} has a name that is not UTF-8 (\\x precedes its bytes): rename it.`;
    const expected = {
      problems: [
        { path: 'Photos/a\\xff.bmp', kind: 'skipped', reason: reason('This file') },
        { path: 'Photos/old\\xe9', kind: 'skipped', reason: reason('This folder') },
      ],
      folders: [{ problem: null, indexed: 4 }],
    };
    expect(await index([photos])).toMatchObject({ embedded: 4, ...expected });
    await rm(path.join(photos, '0/0.bmp'));
    expect(await index()).toMatchObject({ embedded: 0, removed: 1, problems: expected.problems });
    await rename(bytes('a\xff.bmp'), path.join(photos, 'a.bmp'));
    await rename(bytes('old\xe9'), path.join(photos, 'old'));
    expect(await index(), 'once renamed').toMatchObject({ embedded: 1, reused: 1, removed: 2, problems: [] });
  },
);

test('after being stopped, it continues where it was', async () => {
  await writePictures(photos, numbered(30));
  const controller = new AbortController();
  const embedder = countingEmbedder({ milliseconds: 2 });
  const embed = embedder.embed.bind(embedder);
  embedder.embed = async (...call) => {
    if (embedder.embedded >= 8) controller.abort(new Error('enough'));
    return embed(...call);
  };
  const indexer = await FolderIndexer.open(out, { embedder, model: 'm' });
  await indexer.add(photos);
  await expect(indexer.run(controller.signal)).rejects.toThrow('enough');
  await indexer.close();
  expect(embedder.embedded).toBeLessThan(30);
  const { library } = await openIndex(out);
  const { pictures } = library.catalog;
  await library.close();
  expect(await index()).toMatchObject({ embedded: 30 - pictures });
  expect(await paths()).toHaveLength(30);
});

test('two at once: the second is told which process has it; a reader is not affected', async () => {
  await writePictures(photos, numbered(3));
  const first = await FolderIndexer.open(out, { embedder: countingEmbedder(), model: 'm' });
  await first.add(photos);
  await expect(index()).rejects.toThrow(new RegExp(`Another process \\(${process.pid}\\) is writing the index`));
  await first.run();
  expect((await paths()).length).toBe(3);
  await first.close();
  expect(await index()).toMatchObject({ embedded: 0 });
  expect(await readdir(path.join(out, 'local')), 'no lock is left').not.toContain('lock');
});

test('the lock of a process that is gone does not count, nor does an old empty one', async () => {
  await writePictures(photos, numbered(2));
  await index([photos]);
  const gone = execFileSync(process.execPath, ['-p', 'process.pid']).toString().trim();
  await writeFile(path.join(out, 'local/lock'), gone);
  expect(await index()).toMatchObject({ embedded: 0 });
  await writeFile(path.join(out, 'local/lock'), '');
  await expect(index()).rejects.toThrow(/is writing the index/);
  execFileSync('touch', ['-d', '1 minute ago', path.join(out, 'local/lock')]);
  expect(await index()).toMatchObject({ embedded: 0 });
});

test('an index of another model, and a folder with other contents, are left alone', async () => {
  await writePictures(photos, numbered(2));
  await index([photos]);
  await expect(index([], countingEmbedder({ id: 'other', name: 'Other' }))).rejects.toThrow(
    /made with a different model from the one given: Counting \(counting\), not Other \(other\)/,
  );
  await expect(index([], { ...countingEmbedder(), dims: 8 })).rejects.toThrow(/32 dimensions, not 8/);
  out = photos;
  await expect(index([photos])).rejects.toThrow(/contains 0 and no index, so it is left alone/);
  expect((await readdir(photos)).sort()).toEqual(['0', '1']);
  out = path.join(photos, '0/0.bmp');
  await expect(index([photos])).rejects.toThrow(/is a file/);
});

test('without thumbnails there are none, but pictures are still found', async () => {
  await writePictures(photos, numbered(2));
  await index([photos], countingEmbedder(), false);
  await expect(paths()).rejects.toThrow(/without a thumbnail/);
  const { library } = await openIndex(out);
  expect(library.catalog.pictures).toBe(2);
  await library.close();
});

/** A file of the index by the start of its name. */
async function fileOf(start: string): Promise<string> {
  const names = (await readdir(out, { recursive: true })).filter((name) => name.startsWith(start));
  expect(names).toHaveLength(1);
  return path.join(out, names[0]!);
}

test('damage: each file is named, with advice', async () => {
  await writePictures(photos, numbered(4));
  await index([photos]);
  const before = await readFile(await fileOf('index.json'), 'utf8');
  const change = async (start: string, write: (file: string) => Promise<void>) => {
    const file = await fileOf(start);
    const bytes = await readFile(file);
    await write(file);
    const outcome = await openIndex(out).catch((error: Error) => `${error.name}: ${error.message}`);
    await writeFile(file, bytes);
    return outcome;
  };
  expect(await change('index.json', (file) => truncate(file, 50))).toMatch(
    /IndexFormatError: .*index\.json is not JSON.*index the folders again/,
  );
  expect(
    await change('index.json', (file) => writeFile(file, before.replace('thumbnails-1.bin', '../../etc/passwd'))),
  ).toMatch(/IndexFormatError: .*thumbnails\.path: it is not a plain path/);
  expect(await change('index.json', (file) => writeFile(file, before.replace('"version": 1', '"version": 3')))).toMatch(
    /UnsupportedError: .*version 3/,
  );
  expect(await change('rows-2.json', (file) => appendFile(file, ' '))).toMatch(
    /IntegrityError: .*rows-.*does not match its hash/,
  );
  expect(await change('rows-2.json', (file) => rm(file))).toMatch(/SourceNotFoundError: .*rows-.*missing/);
  expect(await change('local/places', (file) => writeFile(file, '{'))).toMatch(/IndexFormatError: .*places/);
  expect(await openIndex(path.join(work, 'none')).catch((error: Error) => error.message)).toMatch(
    /There is no index at/,
  );
  const coarse = (await readdir(path.join(out, 'vectors'))).find((name) => name.includes('coarse'))!;
  await rm(path.join(out, 'vectors', coarse));
  await mkdir(path.join(out, 'vectors', coarse)); // can be opened, but not read
  await expect(openIndex(out)).rejects.toThrow(/EISDIR/);
});

test('rows are written compressed too, in an index of an earlier version and where they are missing by the next run', async () => {
  await writePictures(photos, numbered(4));
  await index([photos]);
  const manifestOf = async () => JSON.parse(await readFile(await fileOf('index.json'), 'utf8')) as FolderManifest;
  const expectBoth = async () => {
    const { rows } = await manifestOf();
    const names = (await readdir(out)).filter((name) => name.startsWith('rows-')).sort();
    expect(names).toEqual([rows.packed!.path, rows.path].sort());
    const packed = await readFile(path.join(out, rows.packed!.path));
    expect(packed).toHaveLength(rows.packed!.bytes);
    expect(inflateSync(packed)).toEqual(await readFile(path.join(out, rows.path)));
    expect(await paths()).toHaveLength(4);
  };
  await expectBoth();
  const manifest = await manifestOf();
  await rm(path.join(out, manifest.rows.packed!.path));
  delete manifest.rows.packed;
  await writeFile(await fileOf('index.json'), JSON.stringify(manifest));
  expect(await paths()).toHaveLength(4);
  expect(await index([photos])).toMatchObject({ embedded: 0, removed: 0 });
  await expectBoth();
  await rm(path.join(out, (await manifestOf()).rows.packed!.path));
  await index([photos]);
  await expectBoth();
});

test('missing bytes are computed again by the next run', async () => {
  await writePictures(photos, numbered(6));
  await index([photos]);
  const coarse = (await readdir(path.join(out, 'vectors'))).find((name) => name.includes('coarse'))!;
  await truncate(path.join(out, 'vectors', coarse), 1024 + 2 * 36);
  expect(await index()).toMatchObject({ embedded: 4 });
  await rm(await fileOf('thumbnails'));
  await expect(openIndex(out)).rejects.toThrow(/thumbnails-1\.bin is not there.*vlm2vec index again/);
  expect(await index()).toMatchObject({ embedded: 6 });
  expect(await paths()).toHaveLength(6);
});

test('a model that wants transparent pictures over white gets them so; others get them as they are stored', async () => {
  const given: unknown[] = [];
  const embedderOf = (id: string, transparency?: 'white'): PhotoEmbedder => {
    const counting = countingEmbedder({ id });
    const embed: PhotoEmbedder['embed'] = (inputs, options) => {
      given.push(inputs[0]!.image);
      return counting.embed(inputs, options);
    };
    const recipe = { title: 'A recipe', isRaw: false, pooling: 'last', ...(transparency && { transparency }) } as const;
    return { ...counting, recipe, embed };
  };
  await writePictures(photos, { 'clear.png': fixtureBytes('images/rgba.png') });
  await index([photos], embedderOf('white', 'white'));
  await rm(out, { recursive: true });
  await index([photos], embedderOf('drop'));
  const [white, dropped] = given as RgbImage[];
  const expected = expectedOverWhite().find(({ image }) => image === 'images/rgba.png')!;
  expect(sha256(white!.data)).toBe(expected.sha256);
  expect(sha256(dropped!.data)).not.toBe(expected.sha256);
});
