import { describe, expect, it } from 'vitest';
import { CheckpointFormatError } from '../errors';
import { bytesSource, concat, zip } from '../testing/checkpoint-files';
import { openZip } from './zip';

const entries = { 'x/a': Uint8Array.of(1, 2, 3), 'x/b': Uint8Array.of(4, 5), 'x/c': new Uint8Array(0) };
const open = (bytes: Uint8Array) => openZip(bytesSource(bytes));
const readAll = async (bytes: Uint8Array) => {
  for (const source of (await open(bytes)).values()) await source.read(0, source.size);
};

describe('openZip', () => {
  it.each([false, true])('reads stored entries (zip64: %s)', async (zip64) => {
    const found = await open(zip(entries, { zip64 }));
    for (const [name, bytes] of Object.entries(entries)) {
      expect(await found.get(name)!.read(0, bytes.length)).toEqual(bytes);
    }
    expect(await found.get('x/a')!.read(1, 2)).toEqual(Uint8Array.of(2));
    await expect(found.get('x/a')!.read(1, 4)).rejects.toBeInstanceOf(CheckpointFormatError);
  });

  it('finds the directory behind an archive comment', async () => {
    const bytes = zip(entries);
    const comment = new TextEncoder().encode('PK\x05\x06 a comment that looks like a directory end');
    new DataView(bytes.buffer).setUint16(bytes.length - 2, comment.length, true);
    expect((await open(concat([bytes, comment]))).size).toBe(3);
  });

  type Lie = (name: string, record: DataView) => void;
  const only =
    (target: string, lie: (record: DataView) => void): Lie =>
    (name, record) => {
      if (name === target) lie(record);
    };
  it.each<[string, Lie]>([
    [
      'a size that reaches into the next entry',
      only('x/a', (r) => (r.setUint32(20, 200, true), r.setUint32(24, 200, true))),
    ],
    ['a size beyond the file', only('x/c', (r) => (r.setUint32(20, 1e9, true), r.setUint32(24, 1e9, true)))],
    ['two different sizes', only('x/a', (r) => r.setUint32(20, 2, true))],
    ['a compressed entry', only('x/a', (r) => r.setUint16(10, 8, true))],
    ['an encrypted entry', only('x/a', (r) => r.setUint16(8, 1, true))],
    ['two entries at one place', only('x/b', (r) => r.setUint32(42, 0, true))],
    ['an offset beyond the file', only('x/b', (r) => r.setUint32(42, 0xfffffff0, true))],
    ['a zip64 size that is not there', only('x/b', (r) => r.setUint32(24, 0xffffffff, true))],
    ['an offset that is no header', only('x/b', (r) => r.setUint32(42, r.getUint32(42, true) - 1, true))],
    ['a name longer than the directory', only('x/c', (r) => r.setUint16(28, 0xffff, true))],
    ['a broken record', only('x/b', (r) => r.setUint32(0, 0, true))],
    ['a name twice', only('x/b', (r) => r.setUint8(46 + 2, 'a'.charCodeAt(0)))],
    ['another name than the entry itself has', only('x/b', (r) => r.setUint8(46 + 2, 'd'.charCodeAt(0)))],
  ])('refuses %s', async (_, lie) => {
    await expect(readAll(zip(entries, { lie }))).rejects.toBeInstanceOf(CheckpointFormatError);
  });

  it('sees overlaps before any entry is read', async () => {
    const lie = only('x/a', (r) => (r.setUint32(20, 200, true), r.setUint32(24, 200, true)));
    await expect(open(zip(entries, { lie }))).rejects.toThrow(/overlaps/);
  });

  it.each<[string, (end: DataView) => void]>([
    ['more entries than there are', (end) => end.setUint16(10, 4, true)],
    ['a directory beyond the file', (end) => end.setUint32(16, 1e9, true)],
    ['a directory longer than the file', (end) => end.setUint32(12, 1e9, true)],
    ['a second disk', (end) => end.setUint16(4, 1, true)],
  ])('refuses %s', async (_, lie) => {
    const bytes = zip(entries);
    lie(new DataView(bytes.buffer, bytes.length - 22));
    await expect(readAll(bytes)).rejects.toBeInstanceOf(CheckpointFormatError);
  });

  it('refuses a zip64 directory that makes absurd claims', async () => {
    const bytes = zip(entries);
    const end = bytes.slice(-22);
    const record = new Uint8Array(56);
    const fields = new DataView(record.buffer);
    fields.setUint32(0, 0x06064b50, true);
    fields.setBigUint64(32, 2n ** 63n, true);
    fields.setBigUint64(40, 2n ** 63n, true);
    const locator = new Uint8Array(20);
    new DataView(locator.buffer).setUint32(0, 0x07064b50, true);
    for (const offset of [BigInt(bytes.length - 22), 2n ** 63n, 0n]) {
      new DataView(locator.buffer).setBigUint64(8, offset, true);
      const file = concat([bytes.slice(0, -22), record, locator, end]);
      await expect(open(file)).rejects.toBeInstanceOf(CheckpointFormatError);
    }
  });
});
