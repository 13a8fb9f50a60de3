import { expect, test } from 'vitest';
import { UnsupportedError } from '../../errors';
import { openPhotoIndex } from './photo-index';

test('a model with several vectors per input is refused by name, before anything is opened', async () => {
  const opening = openPhotoIndex({
    embedder: {
      id: 'many',
      dims: 128,
      recipe: { title: 'ColQwen2', isRaw: false, pooling: 'all' },
      embed: () => Promise.reject(new Error('not asked')),
    },
    worker: () => expect.unreachable('no worker is started'),
  });
  await expect(opening).rejects.toThrow(UnsupportedError);
  await expect(opening).rejects.toThrow('ColQwen2 gives several vectors');
});
