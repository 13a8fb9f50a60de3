import { signal } from '@preact/signals';
import { afterEach, expect, test } from 'vitest';
import { FAVOURITES, type IndexState, type PhotoIndex } from '../../../src/search';
import { fakeIndex } from '../testing/fake-index';
import { AlbumState } from './album-state';

let end = () => undefined as void;
afterEach(() => end());

function following(index: PhotoIndex) {
  const open = signal<{ index: PhotoIndex } | null>({ index });
  const state = signal<IndexState | null>(index.state);
  index.subscribe((now) => (state.value = now));
  const albums = new AlbumState({ open, state, with: async (run) => run(open.value!.index).catch(() => null) });
  end = albums.follow();
  return { albums, open };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test('they are known at once, follow changes made anywhere, and are forgotten with the index', async () => {
  const index = fakeIndex({ count: 9 });
  const { albums, open } = following(index);
  await settled();
  expect(albums.all.value.map(({ id }) => id)).toEqual([FAVOURITES]);
  await index.createAlbum('Rome', [3, 4]);
  await settled();
  expect(albums.all.value).toMatchObject([{ id: FAVOURITES }, { name: 'Rome', pictures: 2 }]);
  open.value = null;
  expect(albums.all.value).toEqual([]);
});

test('several pictures are made favourites unless all of them are; a failure changes nothing', async () => {
  const index = fakeIndex({ count: 9 });
  const { albums } = following(index);
  expect(await albums.toggleFavourites([1])).toBe(1);
  expect(await albums.toggleFavourites([1, 2, 3])).toBe(2);
  expect([...albums.favourites.value]).toEqual([1, 2, 3]);
  expect(await albums.toggleFavourites([2, 3])).toBe(-2);
  expect([...albums.favourites.value]).toEqual([1]);
  index.changeAlbum = () => Promise.reject(new Error('another tab'));
  expect(await albums.toggleFavourites([2])).toBeNull();
  expect([...albums.favourites.value]).toEqual([1]);
});
