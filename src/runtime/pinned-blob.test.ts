import { expect, test } from 'vitest';
import { pinStreams } from './pinned-blob';

test('a pinned Blob is the same Blob, and its slices read as before', async () => {
  const blob = new Blob([Uint8Array.of(1, 2, 3, 4, 5)]);
  const pinned = pinStreams(blob);
  expect(pinned).toBe(blob);
  const read = async (part: Blob) => [...new Uint8Array(await new Response(part.stream()).arrayBuffer())];
  expect(await read(pinned.slice(1, 4))).toEqual([2, 3, 4]);
  expect(await read(pinned.slice(-2))).toEqual([4, 5]);
  expect(pinned.slice(0, 1, 'text/plain').type).toBe('text/plain');
  expect([...new Uint8Array(await pinned.slice(3).arrayBuffer())]).toEqual([4, 5]);
});
