/** @file Deflated zip entries: their contents, and every way in which they may be wrong. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32Hex } from '../bundle/crc32';
import { CheckpointFormatError } from '../errors';
import { bytesSource, zip } from '../testing/checkpoint-files';
import { openZip } from './zip';

const open = (bytes: Uint8Array) => openZip(bytesSource(bytes), { deflate: true });
const readOne = async (bytes: Uint8Array) => {
  const entry = (await open(bytes)).get('a')!;
  return entry.read(0, entry.size);
};

test('CRC-32 of the check string', () => {
  expect(crc32Hex(new TextEncoder().encode('123456789'))).toBe('cbf43926');
});

test('any contents, deflated or stored, with their CRC as version', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }),
      fc.boolean(),
      async (a, b, deflate) => {
        const entries = await open(zip({ a, 'b/c': b }, { deflate }));
        for (const [name, bytes] of Object.entries({ a, 'b/c': b })) {
          const entry = entries.get(name)!;
          expect(entry.size).toBe(bytes.length);
          expect(entry.version).toBe(crc32Hex(bytes));
          expect(await entry.read(0, bytes.length)).toEqual(bytes);
          expect(await entry.read(bytes.length >> 1, bytes.length)).toEqual(bytes.slice(bytes.length >> 1));
        }
      },
    ),
    { numRuns: 60 },
  );
});

describe('refused', () => {
  const contents = new Uint8Array(5000).map((_, i) => i % 7);
  const lying = (lie: (record: DataView) => void) =>
    zip({ a: contents }, { deflate: true, lie: (_, record) => lie(record) });

  test.each([
    ['a bomb: more bytes than declared', lying((r) => r.setUint32(24, 100, true)), /more than the 100 bytes declared/],
    ['fewer bytes than declared', lying((r) => r.setUint32(24, 6000, true)), /contains 5000 bytes, not the 6000/],
    ['a declared gigabyte', lying((r) => r.setUint32(24, 1 << 30, true)), /claims 1073741824 bytes/],
    ['another checksum', lying((r) => r.setUint32(16, 1, true)), /checksum does not match/],
    ['compressed data cut short', lying((r) => r.setUint32(20, 12, true)), /damaged|holds \d+ bytes/],
    ['another method', lying((r) => r.setUint16(10, 12, true)), /compressed by method 12/],
    [
      'a method that the entry itself does not have',
      lying((r) => (r.setUint16(10, 0, true), r.setUint32(20, 40, true), r.setUint32(24, 40, true))),
      /disagree/,
    ],
    ['an encrypted entry', lying((r) => r.setUint16(8, 1, true)), /encrypted/],
  ])('%s', async (_, bytes, message) => {
    await expect(readOne(bytes)).rejects.toThrow(CheckpointFormatError);
    await expect(readOne(bytes)).rejects.toThrow(message);
  });

  test('deflated entries, unless they were asked for', async () => {
    await expect(openZip(bytesSource(zip({ a: contents }, { deflate: true })))).rejects.toThrow(/torch never does/);
  });

  test('any damaged byte: one of our errors, or the right contents', async () => {
    const good = zip({ a: contents }, { deflate: true });
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const bad = good.slice();
        bad[at]! ^= flip;
        try {
          const entries = await open(bad);
          for (const entry of entries.values()) expect(await entry.read(0, entry.size)).toEqual(contents);
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointFormatError);
        }
      }),
      { numRuns: 100 },
    );
  });
});
