import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DisposedError, InvalidInputError, UnsupportedError } from '../../errors';
import { VLM2Vec } from '../../index';
import { linkedWorker } from '../../testing/linked-worker';
import { memoryStorage } from '../../testing/memory-opfs';
import { madeUp, png, type MadeUp } from '../deep/two-models';
import type { OpenOptions, PhotoIndex } from '../types';
import { openPhotoIndex } from './photo-index';
import { SearchService } from './service';
import { deletePhotoIndex, listPhotoIndexes } from './stored';

vi.mock('../../image', async (original) => ({
  ...(await original<object>()),
  decodePicture: async () => ({
    image: { width: 2, height: 2, data: new Uint8Array(12) },
    size: { width: 2, height: 2 },
  }),
}));
vi.mock('../indexing/thumbnail', () => ({
  makeThumbnail: async () => ({ bytes: new Uint8Array(9), type: 'image/webp' }),
}));

/** A file as `<input>` returns it. */
function fileList(files: readonly File[]): FileList {
  return { ...files, length: files.length, item: (i: number) => files[i] ?? null } as unknown as FileList;
}

/** A file as `<input webkitdirectory>` returns it. */
function relative(number: number, webkitRelativePath: string): File {
  const { file } = png(number, webkitRelativePath.split('/').at(-1));
  return Object.defineProperty(file, 'webkitRelativePath', { value: webkitRelativePath });
}

let embedder: MadeUp;
const indexes: PhotoIndex[] = [];

beforeEach(() => {
  vi.stubGlobal('navigator', { storage: memoryStorage() });
  embedder = madeUp('first', 8);
});
afterEach(async () => {
  for (const index of indexes.splice(0)) await index.close();
  for (const { place } of await listPhotoIndexes()) await deletePhotoIndex(place);
  vi.unstubAllGlobals();
});

async function open(options: Partial<OpenOptions> = {}): Promise<PhotoIndex> {
  const worker = () => linkedWorker(new SearchService());
  const index = await openPhotoIndex({ embedder, worker, ...options });
  indexes.push(index);
  return index;
}

async function paths(index: PhotoIndex): Promise<string[]> {
  return (await index.items(await index.list({ order: 'path' }))).map((item) => item!.path);
}

describe('the model', () => {
  const unopened = (given: unknown) =>
    openPhotoIndex({ embedder: given as MadeUp, worker: () => expect.unreachable('no worker is started') });

  test('one with several vectors per input is refused by name, before anything is opened', async () => {
    const opening = unopened({ ...embedder, recipe: { title: 'ColQwen2', isRaw: false, pooling: 'all' } });
    await expect(opening).rejects.toThrow(UnsupportedError);
    await expect(opening).rejects.toThrow('ColQwen2 gives several vectors');
  });

  const embed = async () => [];
  test.each([
    ['nothing', undefined, 'embedder', /^embedder is undefined; it must be a loaded model/],
    ['no id', { dims: 8, embed }, 'embedder.id', /as model\.id/],
    ['an empty id', { id: '', dims: 8, embed }, 'embedder.id', /embedder\.id is ''/],
    ['no dims', { id: 'x', embed }, 'embedder.dims', /embedder\.dims is undefined/],
    ['no embed', { id: 'x', dims: 8 }, 'embedder.embed', /embedder\.embed is undefined/],
    ['a promise', Promise.resolve(), 'embedder', /is a promise; wait for the model/],
    ['a wrong restart', { id: 'x', dims: 8, embed, restart: true }, 'embedder.restart', /a function/],
  ])('%s is refused', async (_name, given, option, message) => {
    const error = await unopened(given).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toMatchObject({ message: expect.stringMatching(message), details: { option } });
  });

  test('a loaded model is used as it is: with its id, its recipe, and the kinds of input it takes', async () => {
    await using model = await VLM2Vec.load('nano');
    expect(model.id).toBe(model.info.id);
    const index = await open({ embedder: model });
    const [stored] = await listPhotoIndexes();
    expect(stored).toMatchObject({ modelId: model.info.id, modelName: expect.stringMatching(/./) });
    await index.add({ name: 'Photos', files: [png(1).file] });
    // The pictures of this test are only headers, which no model can embed: they become problems, not wrong vectors.
    await index.start();
    await index.finished();
    expect((await index.problems()).length + (await index.list()).length).toBe(1);
    expect((await index.search({ text: 'a fox' })).phase).toBe('idle');
  });
});

describe('opening', () => {
  test.each([
    [{ nane: 'x' }, 'nane', /openPhotoIndex has no option 'nane'\. Did you mean 'name'\?/],
    [{ name: 5 }, 'name', /name is 5; it must be a string/],
    [{ limits: { pixel: 1 } }, 'limits.pixel', /Did you mean 'limits\.pixels'\?/],
    [{ limits: { pixels: '1' } }, 'limits.pixels', /a number above 0/],
    [{ worker: {} }, 'worker', /a function that starts a worker/],
    [{ surveyWorker: 1 }, 'surveyWorker', /a function that starts a worker/],
    [{ deep: { embedder: madeUp('deep', 8), secs: 1 } }, 'deep.secs', /has no option 'deep\.secs'/],
    [
      { deep: { embedder: { id: '', dims: 8, embed: async () => [] } } },
      'deep.embedder.id',
      /deep\.embedder\.id is ''/,
    ],
  ])('%o is refused', async (wrong, option, message) => {
    const error = await open(wrong as never).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toMatchObject({ message: expect.stringMatching(message), details: { option } });
    expect(await listPhotoIndexes()).toEqual([]);
  });

  test('without workers, as in Node, it says what to do instead', async () => {
    await expect(openPhotoIndex({ embedder })).rejects.toThrow(UnsupportedError);
    await expect(openPhotoIndex({ embedder })).rejects.toThrow('vlm2vec index');
  });
});

describe('files', () => {
  test('from <input webkitdirectory>, unchanged: the folder keeps its name', async () => {
    const index = await open();
    const files = fileList([relative(1, 'Holidays/a.png'), relative(2, 'Holidays/2024/b.png')]);
    expect((await index.add(files)).name).toBe('Holidays');
    await index.start();
    await index.finished();
    expect(await paths(index)).toEqual(['Holidays/2024/b.png', 'Holidays/a.png']);
  });

  test('without a path, under a given name: they keep their own names', async () => {
    const index = await open();
    await index.add({ name: 'Chosen', files: fileList([png(1, 'a.png').file, png(2, 'b.png').file]) });
    await index.add({ name: 'Mixed', files: [png(3, 'c.png').file, png(4, '2024/d.png')] });
    await index.start();
    await index.finished();
    expect(await paths(index)).toEqual(['Chosen/a.png', 'Chosen/b.png', 'Mixed/2024/d.png', 'Mixed/c.png']);
  });

  const { file } = png(1, 'a.png');
  test.each([
    ['loose files without a name', fileList([file]), 'name', /They do not name a folder: give the files with a name/],
    ['no file', fileList([]), 'name', /There are no files/],
    ['files of two folders', [relative(1, 'A/a.png'), relative(2, 'B/b.png')], 'name', /from several folders/],
    ['nothing', undefined, 'source', /source is undefined/],
    ['a handle as it is', { kind: 'directory' }, 'source', /give it as \{ handle \}/],
    ["a file's handle", { handle: { kind: 'file', name: 'a.png' } }, 'handle', /belongs to a file, a\.png/],
    ['no handle', { handle: 'photos' }, 'handle', /as returned by showDirectoryPicker\(\)/],
    ['no name', { files: [file] }, 'name', /name is undefined/],
    ['an unknown option', { name: 'x', file: [file] }, 'file', /Did you mean 'files'\?/],
    ['one file', { name: 'x', files: file }, 'files', /an array of files/],
    ['a Blob', { name: 'x', files: [new Blob()] }, 'files[0]', /files\[0\] is/],
    ['no path', { name: 'x', files: [{ file }] }, 'files[0].path', /files\[0\]\.path is undefined/],
    ['an empty name', { name: 'x', files: [{ path: 'a//b.png', file }] }, 'files[0].path', /path within the folder/],
    [
      'twice the same path',
      { name: 'x', files: [file, { path: 'a.png', file }] },
      'files[1]',
      /have the same path, a\.png/,
    ],
  ])('%s: refused, and nothing is added', async (_name, given, option, message) => {
    const index = await open();
    const error = await index.add(given as never).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toMatchObject({ message: expect.stringMatching(message), details: { option } });
    expect(index.state.folders).toEqual([]);
  });
});

describe('queries', () => {
  test.each([
    ['a dog', 'query', /query is a dog; it must be \{ text \}/],
    [new Blob(), 'query', /\{ image \}/],
    [{}, 'query', /The query is empty/],
    [{ text: '' }, 'query', /The query is empty/],
    [{ txt: 'a' }, 'txt', /A query has no option 'txt'\. Did you mean 'text'\?/],
    [{ text: 5 }, 'text', /a string/],
    [{ image: 'a.jpg' }, 'image', /a Blob, or \{ id \}/],
    [{ text: 'a', limit: 0 }, 'limit', /a whole number, 1 or more/],
    [{ text: 'a', combine: { text: 'b' } }, 'combine', /an array/],
    [{ text: 'a', combine: [{}] }, 'combine[0]', /combine\[0\] is empty/],
    [{ text: 'a', exclude: [{ text: 'b', wieght: 2 }] }, 'exclude[0].wieght', /Did you mean 'exclude\[0\]\.weight'\?/],
    [{ text: 'a', combine: [{ text: 'b', weight: -1 }] }, 'combine[0].weight', /above 0/],
    [{ text: 'a', filter: { form: 1 } }, 'filter.form', /Did you mean 'filter\.from'\?/],
    [{ text: 'a', filter: { from: new Date(Date.UTC(2024, 4, 1)) } }, 'filter.from', /daysFilter\('2024-05-01'/],
    [{ text: 'a', filter: { to: new Date(NaN) } }, 'filter.to', /of class Date/],
    [{ text: 'a', filter: { to: NaN } }, 'filter.to', /filter\.to is NaN/],
    [{ text: 'a', filter: { to: '2024-05-01' } }, 'filter.to', /milliseconds/],
    [{ text: 'a', filter: { camera: [1] } }, 'filter.camera', /array of strings/],
    [{ text: 'a', filter: { folder: 1 } }, 'filter.folder', /a string/],
  ])('%o is refused', async (query, option, message) => {
    const index = await open();
    const error = await index.search(query as never).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toMatchObject({ message: expect.stringMatching(message), details: { option } });
    expect(embedder.texts).toEqual([]);
  });

  test('options of calls, too', async () => {
    const index = await open();
    const wrong: [Promise<unknown>, RegExp][] = [];
    for (const options of [{ signal: 5 }, { sygnal: 5 }, null, 5] as never[]) {
      const calls = [
        index.search({ text: 'a' }, options),
        ...[index.list(options), index.groups(options), index.map(options), index.finished(options)],
        ...[index.export(options), index.exportParquet(options), index.import(new Blob(), options)],
      ];
      wrong.push(...calls.map((call): [Promise<unknown>, RegExp] => [call, /signal|sygnal|options/]));
    }
    wrong.push([index.search({ text: 'a' }, { onFirst: 1 as never }), /onFirst is 1/]);
    wrong.push([index.search({ text: 'a' }, { onProgress: 1 as never }), /onProgress is 1/]);
    wrong.push([index.search({ text: 'a' }, { pass: 'second' as never }), /pass is second; it must be first or deep/]);
    wrong.push([index.search({ text: 'a' }, { limit: 5 } as never), /no option 'limit'/]);
    wrong.push([index.list({ order: 'random' as never }), /order is random/]);
    wrong.push([index.list({ filter: { from: new Date() as never } }), /filter\.from is of class Date/]);
    wrong.push([index.groups({ threshold: 2 }), /threshold is 2; it must be a cosine/]);
    wrong.push([index.map({ onProgress: 1 as never }), /onProgress is 1/]);
    wrong.push([index.import('file' as never), /blob is file/]);
    wrong.push([index.finished({ pass: 'deep' }), /no deep model/]);
    for (const [call, message] of wrong) {
      const error = await call.catch((error: unknown) => error);
      expect(error).toBeInstanceOf(InvalidInputError);
      expect((error as Error).message).toMatch(message);
    }
  });
});

describe('a run', () => {
  const files = Array.from({ length: 12 }, (_, i) => png(i + 1));

  test('a search right after the start says that pictures may be missing; at the end all are there', async () => {
    const index = await open();
    await index.add({ name: 'Photos', files });
    await index.start();
    const early = await index.search({ text: 'like 3' });
    expect(early.phase).not.toBe('idle');
    expect((await index.finished()).indexed).toBe(12);
    const late = await index.search({ text: 'like 3' });
    expect(late).toMatchObject({ phase: 'idle', candidates: 12 });
    expect((await index.items([late.hits[0]!.id]))[0]!.name).toBe('3.png');
  });

  test('finished waits for a start in progress, and resolves at once if nothing is running', async () => {
    const index = await open();
    expect((await index.finished()).phase).toBe('idle');
    await index.add({ name: 'Photos', files });
    void index.start();
    expect(await index.finished()).toMatchObject({ phase: 'idle', indexed: 12 });
  });

  test('a paused run has ended; start continues it', async () => {
    const index = await open();
    await index.add({ name: 'Photos', files });
    embedder.before = (numbers) => {
      if (embedder.counts.size >= 4 && numbers.length > 0) void index.pause();
    };
    await index.start();
    expect((await index.finished()).phase).toBe('paused');
    embedder.before = () => undefined;
    await index.start();
    expect(await index.finished()).toMatchObject({ phase: 'idle', indexed: 12 });
  });

  test('an error that pauses it is thrown: a disposed model', async () => {
    const index = await open();
    await index.add({ name: 'Photos', files });
    embedder.before = () => {
      throw new DisposedError('The model was disposed of.');
    };
    await index.start();
    await expect(index.finished()).rejects.toThrow(DisposedError);
    expect(index.state.phase).toBe('paused');
    embedder.before = () => undefined;
    await index.start();
    expect((await index.finished()).indexed).toBe(12);
  });

  test('a signal, or closing the index, ends the wait, and leaves no one waiting', async () => {
    const index = await open();
    await index.add({ name: 'Photos', files });
    embedder.before = (_numbers, signal) =>
      new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason as Error)));
    await index.start();
    const stop = new AbortController();
    const stopped = index.finished({ signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    // This is awaited from the start, since it is refused while `close` still waits for the worker.
    const refused = expect(index.finished()).rejects.toThrow(DisposedError);
    await index.close();
    await refused;
    await expect(index.finished()).rejects.toThrow(DisposedError);
    await expect(index.search({ text: 'a' })).rejects.toThrow(DisposedError);
    await index.close();
  });

  test('the deep pass: it waits for the first one', async () => {
    const deep = madeUp('deep', 16);
    const index = await open({ deep: { embedder: deep } });
    await index.add({ name: 'Photos', files });
    await index.start();
    await index.startDeep();
    expect((await index.finished({ pass: 'deep' })).deep).toMatchObject({ phase: 'idle', done: 12 });
    expect(deep.counts.size).toBe(12);
  });
});

test('await using closes the index before the model, and what was indexed is kept', async () => {
  const order: string[] = [];
  {
    await using _model = { [Symbol.asyncDispose]: async () => void order.push('model') };
    await using index = await open();
    indexes.pop();
    const close = vi.spyOn(index, 'close');
    await index.add({ name: 'Photos', files: [png(1)] });
    await index.start();
    await index.finished();
    close.mockImplementationOnce(async () => void order.push('index'));
    indexes.push(index);
  }
  expect(order).toEqual(['index', 'model']);
  for (const index of indexes.splice(0)) await index.close();
  const again = await open();
  expect(again.state.indexed).toBe(1);
});
