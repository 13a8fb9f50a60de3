import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PackedVectors } from '../vectors/index';
import { Attempts } from './attempts';
import { Catalog } from '../library/catalog';
import type { Committer, Outcome } from './committer';
import { openBrowserStorage } from '../library/browser-storage';
import { deleteDatabase } from '../library/database';
import type { IndexStorage } from '../library/storage';
import { READER, type FileRow } from '../library/rows';
import type { Library } from '../library/library';
import { Pipeline, type PipelineHost } from './pipeline';
import type { EmbedOutcome } from '../library/protocol';
import { VLM2VecError } from '../../errors';
import { errorToWire } from '../../remote/error-wire';
import { MOST_PIXELS } from './pixels';
import type { Work } from './work';

vi.mock('../../image', () => ({ decodePicture: (bytes: Uint8Array) => decode(bytes[60]!) }));

/** A PNG as far as its headers go; decoding is simulated below. */
function png(number: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(64);
  bytes.set([
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 2, 0, 0, 0, 2,
  ]);
  bytes.set([8, 2], 24);
  bytes[60] = number;
  return bytes;
}

function work(number: number, folderId = 1): Work {
  const path = `${number}.png`;
  return { folderId, path, key: `${folderId}\0${path}`, file: new File([png(number)], path), unreadable: false };
}

const never = () => new Promise<never>(() => undefined);
/** Pixels, or a promise that hangs, by the picture's number. */
let decode: (number: number) => Promise<unknown>;
let storage: IndexStorage;
let attempts: Attempts;
let ended: Outcome[];
let suspects: Work[];
let dropped: number;
let embed: (count: number) => Promise<EmbedOutcome>;
let present: (folderId: number) => boolean;
const asked: number[] = [];
/** What the model was given. */
const images: unknown[] = [];
let decodeSeconds: number;
let takesPixels: boolean;
let streamed: boolean;
/** Already in the index. */
let rows: FileRow[];

beforeEach(async () => {
  storage = await openBrowserStorage('pipeline', () => undefined);
  attempts = await Attempts.open(storage, () => null);
  [ended, suspects, dropped] = [[], [], 0];
  asked.length = 0;
  images.length = 0;
  decodeSeconds = 60;
  takesPixels = false;
  streamed = false;
  rows = [];
  decode = async () => ({ image: { width: 2, height: 2, data: new Uint8Array(12) }, size: { width: 2, height: 2 } });
  embed = async (count) => ({ kind: 'done', vectors: Array.from({ length: count }, () => Float32Array.of(1, 0)) });
  present = () => true;
});
afterEach(async () => {
  await storage.close();
  await deleteDatabase('pipeline');
});

function pipeline(signal = new AbortController().signal): Pipeline {
  const committer = { add: (outcome: Outcome) => ended.push(outcome), finish: async () => undefined };
  const vectors = new PackedVectors({ dims: 2, model: 'm' });
  for (const _ of rows) vectors.add(Float32Array.of(1, 0));
  const host: PipelineHost = {
    library: { catalog: new Catalog(vectors, [], rows) } as unknown as Library,
    attempts,
    committer: committer as unknown as Committer,
    limits: { fileBytes: 1e6, pixels: 1e6, decodeSeconds, embedSeconds: 10 },
    makeThumbnail: async () => ({ bytes: new Uint8Array(9), type: 'image/webp' }),
    takesPixels,
    transparency: 'drop',
    streamed,
    embed: (inputs) => {
      asked.push(inputs.length);
      images.push(...inputs.map(({ image }) => image));
      return embed(inputs.length);
    },
    onDecoding: () => undefined,
    onSuspect: (each) => suspects.push(each),
    checkFolder: async (folderId) => present(folderId),
    onDropped: (count) => (dropped += count),
  };
  return new Pipeline(host, signal);
}

const outcomes = () =>
  Object.fromEntries(
    ended.map(({ addition: { row } }) => [row.path, row.kind === 'picture' ? row.kind : `${row.kind}: ${row.reason}`]),
  );
const works = (count: number, folderId = 1) => Array.from({ length: count }, (_, i) => work(i, folderId));

test('every picture once', async () => {
  await pipeline().run(works(20));
  expect(Object.values(outcomes())).toEqual(Array(20).fill('picture'));
  expect(ended).toHaveLength(20);
});

test('decoding that hangs, and a file that cannot be read to its end, become problems and hold nothing up', async () => {
  decodeSeconds = 0.5;
  decode = (number) => (number === 3 ? never() : Promise.resolve({ width: 2, height: 2, close: () => undefined }));
  const all = works(12);
  all[7]!.file.arrayBuffer = never;
  await pipeline().run(all);
  const { '3.png': hangs, '7.png': unread, ...rest } = outcomes();
  expect(hangs).toMatch(/^failed: .*longer than 0\.5 seconds/);
  expect(unread).toMatch(/^failed: .*longer than 0\.5 seconds/);
  expect(Object.values(rest)).toEqual(Array(10).fill('picture'));
  expect(ended).toHaveLength(12);
});

test('a drive that is disconnected midway: its pictures are left for later and are not problems; other folders continue', async () => {
  const gone = () => Promise.reject(new DOMException('gone', 'NotFoundError'));
  const all = Array.from({ length: 36 }, (_, i) => work(i, i < 3 || i >= 33 ? 1 : 2));
  for (const each of all.slice(8, 33)) each.file.arrayBuffer = gone;
  present = (folderId) => folderId === 1;
  const run = pipeline();
  await run.run(all);
  expect(ended.map(({ addition: { row } }) => row.kind).every((kind) => kind === 'picture')).toBe(true);
  expect(ended.length + dropped).toBe(36);
  expect(dropped).toBe(25);
  expect(await run.takeBack()).toEqual([]);
});

test('a file that was deleted meanwhile is not a problem; one that was changed is', async () => {
  const all = works(3);
  const refuse = (file: File, name: string) => {
    file.arrayBuffer = () => Promise.reject(new DOMException(name, name));
    file.slice = () => file;
  };
  refuse(all[1]!.file, 'NotFoundError');
  refuse(all[2]!.file, 'NotReadableError');
  await pipeline().run(all);
  expect(outcomes()).toEqual({
    '0.png': 'picture',
    '2.png': expect.stringMatching(/^skipped: .*changed, moved or deleted/),
  });
  expect(dropped).toBe(1);
});

test('a model that dies makes its pictures suspects, and a run of one is evidence', async () => {
  const died = { kind: 'died', error: { name: 'DisposedError', message: 'x', isDom: false }, restarted: true } as const;
  const answer = embed;
  let deaths = 0;
  embed = async (count) => (deaths++ === 0 ? { ...died, death: 'first' } : answer(count));
  const run = pipeline();
  await run.run(works(8));
  expect(suspects.length).toBeGreaterThan(0);
  expect(ended.length + suspects.length).toBe(8);
  expect(suspects.every(({ key }) => attempts.deathsAlone(key) === 0)).toBe(true);
  deaths = 0;
  const [first] = suspects;
  await run.run([first!]);
  expect(attempts.hasFailed(first!.key)).toBe(true);
  const tries = asked.length;
  await run.run([first!]);
  expect(asked.length).toBe(tries);
  expect(outcomes()).toMatchObject({ [first!.path]: expect.stringMatching(/^failed: .*ended twice/) });
});

test('interrupted calls are repeated, but not for ever', async () => {
  const error = { name: 'DisposedError', message: 'taken away', details: {}, isDom: false };
  const answer = embed;
  let interruptions = 0;
  embed = async (count) => (interruptions++ < 3 ? { kind: 'interrupted', error, restarted: true } : answer(count));
  await pipeline().run(works(8));
  expect(Object.values(outcomes())).toEqual(Array(8).fill('picture'));
  embed = async () => ({ kind: 'interrupted', error, restarted: true });
  const run = pipeline();
  await expect(run.run(works(8))).rejects.toThrow('taken away');
  expect(await run.takeBack()).toHaveLength(8);
  expect([...works(8)].some(({ key }) => attempts.isSuspect(key))).toBe(false);
});

test('when stopped, it returns what it did not finish', async () => {
  const stop = new AbortController();
  embed = async () => {
    stop.abort();
    return { kind: 'aborted' };
  };
  const run = pipeline(stop.signal);
  await run.run(works(30));
  const left = await run.takeBack();
  expect(left.length + ended.length).toBe(30);
  expect(new Set(left.map(({ key }) => key)).size).toBe(left.length);
});

const decoded = (width: number, height: number) => ({
  image: { width, height, data: new Uint8Array(3) },
  size: { width, height },
});

test('a model that takes pixels gets those of the thumbnail, once; what is retried is read from its file', async () => {
  takesPixels = true;
  const given = Array.from({ length: 6 }, () => decoded(2, 2));
  decode = async (number) => given[number];
  let calls = 0;
  const done = embed;
  const interrupted: EmbedOutcome = { kind: 'interrupted', error: errorToWire(new Error('gone')), restarted: true };
  embed = async (count) => (calls++ === 0 ? interrupted : done(count));
  const all = works(6);
  await pipeline().run(all);
  expect(Object.values(outcomes())).toEqual(Array(6).fill('picture'));
  const first = images.slice(0, asked[0]);
  expect(first).toEqual(given.slice(0, asked[0]).map(({ image }) => image));
  const again = images.slice(asked[0]).filter((image) => image instanceof File);
  expect(new Set(again)).toEqual(new Set(all.slice(0, asked[0]).map(({ file }) => file)));
  expect(images).toHaveLength(6 + asked[0]!);
});

test('a model that takes files gets files, and so does one that takes pixels, for a picture too large to hold', async () => {
  await pipeline().run(works(5));
  expect(images.every((image) => image instanceof File)).toBe(true);
  images.length = 0;
  takesPixels = true;
  decode = async (number) => (number === 7 ? decoded(9000, 9000) : decoded(2, 2));
  await pipeline().run(works(5).concat(work(7)));
  expect(images.filter((image) => image instanceof File).map((file) => (file as File).name)).toEqual(['7.png']);
});

test('few pixels wait for the model, since decoding waits instead', async () => {
  takesPixels = true;
  let [held, most] = [0, 0];
  decode = async () => {
    most = Math.max(most, ++held);
    return decoded(4000, 3000);
  };
  const done = embed;
  embed = async (count) => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    held -= count;
    return done(count);
  };
  await pipeline().run(works(40));
  expect(Object.values(outcomes())).toEqual(Array(40).fill('picture'));
  expect(most).toBeGreaterThan(1);
  // Two decoders may each be working on one more when the limit is reached.
  expect(most).toBeLessThanOrEqual(Math.ceil(MOST_PIXELS / 12e6) + 1);
});

test('a model whose weights are streamed gets many pictures in each call, as files, and the rest at the end', async () => {
  [streamed, takesPixels] = [true, true];
  await pipeline().run(works(75));
  expect(asked).toEqual([32, 32, 11]);
  expect(images.every((image) => image instanceof Blob)).toBe(true);
  expect(Object.values(outcomes())).toEqual(Array(75).fill('picture'));
});

test('when a call fails, its halves are tried again until it is clear which picture is at fault', async () => {
  streamed = true;
  const bad = new Blob(['bad']);
  const all = works(32);
  (all[5] as { file: Blob }).file = Object.assign(bad, { lastModified: 1 }) as File;
  embed = async (count) =>
    images.slice(-count).includes(bad)
      ? { kind: 'failed', error: errorToWire(new VLM2VecError('no')) }
      : { kind: 'done', vectors: Array.from({ length: count }, () => Float32Array.of(1, 0)) };
  await pipeline().run(all);
  expect(Object.values(outcomes()).filter((outcome) => outcome === 'picture')).toHaveLength(31);
  expect(asked.length).toBeLessThanOrEqual(1 + 2 * 5);
});

test('the metadata of a picture that an earlier version indexed is read again: no decoding, no model, no loss', async () => {
  const facts = { taken: 5, dated: true, camera: 'old', place: null, width: 2, height: 2, hash: 'h' };
  const all = works(3).map((each) => ({ ...each, unchanged: true }));
  rows = all.map(({ path, file }, slot) => ({
    ...{ id: slot + 1, folderId: 1, path, size: file.size, modified: file.lastModified, ...facts },
    ...{ kind: 'picture' as const, slot, thumb: null, deep: { deep: { slot: 9 } } },
  }));
  decode = never;
  all[1]!.file.arrayBuffer = () => Promise.reject(new DOMException('busy', 'NotReadableError'));
  await attempts.begin([all[2]!.key]);
  await attempts.died([all[2]!.key], { death: 'of another', alone: true });
  await attempts.died([all[2]!.key], { death: 'once more', alone: true });
  await pipeline().run(all);
  expect(asked).toEqual([]);
  expect(dropped, 'it stays as it was, for another time').toBe(1);
  const read = Object.fromEntries(ended.map(({ addition: { row } }) => [row.id, row]));
  const kept = { kind: 'picture', slot: 0, deep: { deep: { slot: 9 } }, hash: 'h', reader: READER };
  expect(read).toMatchObject({ 1: { ...kept, camera: null }, 3: { ...kept, slot: 2, camera: 'old' } });
  expect(Object.keys(read)).toEqual(['1', '3']);
});
