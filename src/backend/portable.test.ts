import { expect, test } from 'vitest';
import { InvalidInputError } from '../errors';
import { portable } from './portable';

const image = async (value: unknown) => (await portable({ image: value as Uint8Array }, 'inputs[3]')).image;

test('bytes in shared memory are copied, whatever holds them', async () => {
  const shared = new SharedArrayBuffer(8);
  const view = new Uint8Array(shared, 2, 4);
  view.set([1, 2, 3, 4]);
  const copies = [await image(view), await image(shared)] as Uint8Array[];
  const pixels = (await image({ width: 1, height: 1, data: new Uint8Array(shared, 2, 3) })) as { data: Uint8Array };
  view.fill(9);
  expect(copies.map((bytes) => [...bytes])).toEqual([
    [1, 2, 3, 4],
    [0, 0, 1, 2, 3, 4, 0, 0],
  ]);
  expect([...pixels.data]).toEqual([1, 2, 3]);
  for (const bytes of [...copies, pixels.data]) expect(bytes.buffer).toBeInstanceOf(ArrayBuffer);
  expect(() => new Blob(copies as Uint8Array<ArrayBuffer>[])).not.toThrow();
});

test('bytes of the page’s own are passed on as they are', async () => {
  const bytes = Uint8Array.of(1, 2);
  expect(await image(bytes)).toBe(bytes);
  expect(await image(bytes.buffer)).toBe(bytes.buffer);
});

test.each([
  ['bytes', (bytes: Uint8Array) => bytes],
  ['a buffer', (bytes: Uint8Array) => bytes.buffer],
  ['pixels', (data: Uint8Array) => ({ width: 1, height: 1, data })],
])('%s that were transferred are named, with the input', async (_, wrap) => {
  const bytes = Uint8Array.of(1, 2, 3);
  const given = wrap(bytes);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  const error = await image(given).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(InvalidInputError);
  expect(error).toMatchObject({ message: expect.stringMatching(/^inputs\[3\]: .*pass a copy/) });
});
