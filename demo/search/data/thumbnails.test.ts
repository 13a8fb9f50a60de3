import { expect, test } from 'vitest';
import { Thumbnails } from './thumbnails';

/** Thumbnails whose loading the test controls. */
function setUp(options = {}) {
  const asked: number[] = [];
  const settle = new Map<number, { resolve(blob: Blob): void; reject(error: Error): void }>();
  const live = new Set<string>();
  let made = 0;
  const thumbnails = new Thumbnails(
    (id) => {
      asked.push(id);
      return new Promise((resolve, reject) => settle.set(id, { resolve, reject }));
    },
    {
      ...options,
      urls: {
        create: () => {
          const url = `blob:${made++}`;
          live.add(url);
          return url;
        },
        revoke: (url) => live.delete(url),
      },
    },
  );
  const arrive = async (id: number) => {
    settle.get(id)!.resolve(new Blob());
    await new Promise((done) => setTimeout(done));
  };
  return { thumbnails, asked, settle, live, arrive };
}

test('a thumbnail that leaves the view before its turn is never loaded; the newest comes first', async () => {
  const { thumbnails, asked, arrive } = setUp({ atOnce: 1 });
  const ends = [1, 2, 3, 4].map((id) => thumbnails.watch(id, () => undefined));
  ends[2]!();
  await arrive(1);
  await arrive(4);
  await arrive(2);
  expect(asked).toEqual([1, 4, 2]);
});

test('one load serves several watchers, and a return to view needs none', async () => {
  const { thumbnails, asked, arrive } = setUp();
  const seen: (string | null)[] = [];
  const ends = [thumbnails.watch(7, (url) => seen.push(url)), thumbnails.watch(7, (url) => seen.push(url))];
  await arrive(7);
  ends.forEach((end) => end());
  thumbnails.watch(7, (url) => seen.push(url));
  expect(seen).toEqual(['blob:0', 'blob:0', 'blob:0']);
  expect(asked).toEqual([7]);
});

test('addresses are released: the oldest beyond the limit, all at the end', async () => {
  const { thumbnails, live, arrive } = setUp({ kept: 2 });
  for (const id of [1, 2, 3]) {
    const end = thumbnails.watch(id, () => undefined);
    await arrive(id);
    end();
  }
  expect([...live]).toEqual(['blob:1', 'blob:2']);
  thumbnails.watch(4, () => undefined);
  thumbnails.close();
  await arrive(4);
  expect([...live]).toEqual([]);
});

test('a missing one is reported, and does not stop the others', async () => {
  const { thumbnails, settle, arrive } = setUp({ atOnce: 1 });
  const seen: (string | null)[] = [];
  thumbnails.watch(1, (url) => seen.push(url));
  thumbnails.watch(2, (url) => seen.push(url));
  settle.get(1)!.reject(new Error('gone'));
  await new Promise((done) => setTimeout(done));
  await arrive(2);
  expect(seen).toEqual([null, 'blob:0']);
});
