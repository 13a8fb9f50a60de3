import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { probePicture } from './probe-picture';

const hash = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');

test('the picture of a seed never changes: published bundles hold embeddings of it', () => {
  const { width, height, data } = probePicture({ width: 112, height: 84, seed: 1 });
  expect([width, height, data.length]).toEqual([112, 84, 112 * 84 * 3]);
  expect(hash(data)).toBe('ee8f513615e3c5bbb2580fb62335dbc4189be5b55868643e42c2d0af123e38c8');
});

test('seeds and sizes give other pictures, with light and dark in them', () => {
  const pictures = [1, 2, 3].map((seed) => probePicture({ width: 56, height: 56, seed }).data);
  expect(new Set(pictures.map(hash)).size).toBe(3);
  for (const data of pictures) {
    expect(Math.max(...data) - Math.min(...data)).toBeGreaterThan(100);
    expect(new Set(data).size).toBeGreaterThan(50);
  }
  expect(probePicture({ width: 1, height: 1, seed: 0 }).data).toHaveLength(3);
});
