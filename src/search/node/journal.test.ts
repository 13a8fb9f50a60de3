import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { JournalWriter, readJournal } from './journal.node.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'journal-'));
  file = path.join(folder, 'journal.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

const ENTRIES = [{ a: 1 }, { text: 'line\nbreak “ß”' }, { c: [] }];

async function written(): Promise<Buffer> {
  const writer = await JournalWriter.open(file, 0);
  for (const entry of ENTRIES) await writer.append(entry, { durable: false });
  await writer.close();
  return readFile(file);
}

test('what was appended is read', async () => {
  const bytes = await written();
  expect(await readJournal(file)).toEqual({ entries: ENTRIES, bytes: bytes.length });
  expect(await readJournal(`${file}.none`)).toEqual({ entries: [], bytes: 0 });
});

test('cut anywhere, complete lines count, and the next one is written after them', async () => {
  const bytes = await written();
  for (let length = 0; length < bytes.length; length++) {
    await writeFile(file, bytes.subarray(0, length));
    const { entries, bytes: counted } = await readJournal(file);
    expect(entries).toEqual(ENTRIES.slice(0, bytes.subarray(0, length).toString().split('\n').length - 1));
    const writer = await JournalWriter.open(file, counted);
    await writer.append('next', { durable: true });
    await writer.close();
    expect((await readJournal(file)).entries).toEqual([...entries, 'next']);
  }
});

test('nothing after a changed byte counts', async () => {
  const bytes = await written();
  const second = bytes.indexOf('\n') + 1;
  for (const at of [second, second + 20]) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    await writeFile(file, changed);
    expect((await readJournal(file)).entries).toEqual(ENTRIES.slice(0, 1));
  }
});
