/**
 * @file What every kind of input is read as, without a model: tables written by pyarrow and Python's csv, and hostile
 * ones.
 */

import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixtureBytes, fixturePath } from '../../testing/fixtures';
import { linesOf } from './line-stream';
import { readAll } from './read';
import { isBad, type AnyRecord } from './record';
import { openSources, type SourceOptions } from './sources';

let work: string;
const at = (...names: string[]) => path.join(work, ...names);
const table = (name: string) => fixturePath(`tables/${name}`);
const picture = (name: string) => pathToFileURL(fixturePath(`images/${name}.png`));

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'cli-inputs-'));
  await mkdir(at('photos/b'), { recursive: true });
  for (const name of ['b/2.png', 'b/10.PNG', 'a.jpg', '.hidden.png', 'notes.txt']) {
    await cp(fixturePath('images/tiny.png'), at('photos', name));
  }
  await symlink('..', at('photos/b/up'));
});
afterAll(() => rm(work, { recursive: true }));

async function read(words: string[], options: SourceOptions = {}): Promise<AnyRecord[]> {
  const records: AnyRecord[] = [];
  const sources = await openSources(words, options);
  for await (const record of readAll(sources, { skipBad: options.skipBad ?? false })) records.push(record);
  return records;
}
const inputs = (records: AnyRecord[]) => records.map((record) => (isBad(record) ? record.error.message : record.input));
const ids = (records: AnyRecord[]) => records.map(({ id }) => id);
async function written(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(at(name), content);
  return at(name);
}

describe('a Parquet file of pyarrow', () => {
  const KITE = { text: 'a red kite', role: 'query' };
  const CUBE = { text: 'ein grüner Würfel — 立方体', instruction: 'Find it.' };

  test.each(['inputs.parquet', 'inputs-v2.parquet'])(
    '%s: a text in a dictionary, in bytes, and large',
    async (name) => {
      for (const textColumn of ['text', 'raw', 'large']) {
        const found = await read([table(name)], { textColumn });
        const file = table(name);
        expect(inputs(found)).toEqual([
          KITE,
          `${file}: row 2 has neither text nor image.`,
          CUBE,
          { text: 'said twice', role: 'query' },
          `${file}: row 5: "role" is neither "query" nor "document".`,
        ]);
        expect(ids(found)).toEqual([7, 8, undefined, '9007199254740993', -1]);
      }
    },
  );

  test('pictures as bytes, as the Hub stores them, and as lists of paths', async () => {
    const [tiny, cat] = ['tiny', 'cat'].map((name) => fixtureBytes(`images/${name}.png`));
    const images = async (imageColumn: string) =>
      inputs(await read([table('inputs.parquet')], { imageColumn, textColumn: 'large' })).map((input) =>
        typeof input === 'string' ? input : input.image,
      );
    const bytes = await images('picture');
    expect(bytes.slice(0, 4)).toEqual([tiny, cat, undefined, tiny]);
    expect((await images('hub')).slice(0, 3)).toEqual([tiny, picture('cat'), undefined]);
    const file = table('inputs.parquet');
    expect(await images('paths')).toEqual([
      [picture('tiny')],
      [picture('tiny'), picture('cat')],
      undefined,
      `${file}: row 4: "paths" is neither a path, nor {"bytes": base64}, nor a list of them.`,
      expect.stringMatching(/row 5: .*(role|no image)/),
    ]);
  });

  test('carried fields, with the types that tables keep', async () => {
    const keep = ['label', 'price', 'score', 'good', 'day'];
    const found = await read([table('inputs.parquet')], { keep });
    expect(found.map(({ kept }) => Object.values(kept))).toEqual([
      [1, 1.5, 0.5, true, '2021-02-03T00:00:00.000Z'],
      [2, null, null, false, null],
      [3, 3.25, NaN, null, null],
      [null, null, 1e300, true, null],
      [5, null, -0.25, false, null],
    ]);
    const [source] = await openSources([table('inputs.parquet')], { keep });
    expect(keep.map((name) => source!.keepable!.get(name))).toEqual([
      ...['integer', 'string', 'number', 'boolean', 'string'],
    ]);
    expect(await source!.count()).toBe(5);
  });

  test.each([
    ['cut short', (bytes: Uint8Array) => bytes.subarray(0, 40_000)],
    ['without its beginning', (bytes: Uint8Array) => bytes.subarray(1000)],
    ['with zeros in a page', (bytes: Uint8Array) => bytes.fill(0, 20, 90)],
    ['of nothing', () => new Uint8Array()],
    ['of noise', () => Uint8Array.from({ length: 9999 }, (_, i) => (i * i * 31) % 251)],
  ])('%s: an error that names it; with skipBad one bad input, and the others are read', async (name, damage) => {
    const file = await written(`${name}.parquet`, damage(new Uint8Array(await readFile(table('inputs.parquet')))));
    await expect(read([file])).rejects.toThrow(file);
    const found = await read([file, at('photos/a.jpg')], { skipBad: true });
    expect(found.filter(isBad).at(-1)!.error.message).toContain(file);
    expect(ids(found).at(-1)).toBe(at('photos/a.jpg'));
  });
});

test('a table with two columns of one name is refused', async () => {
  const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const;
  const twice = parquetWriteBuffer({
    schema: [
      { name: 'schema', num_children: 2 },
      { name: 'text', ...text },
      { name: 'text', ...text },
    ],
    columnData: ['a', 'b'].map((value) => ({ name: 'text', data: [value] })),
  });
  await expect(read([await written('twice.parquet', new Uint8Array(twice))])).rejects.toThrow(/two columns "text"/);
});

describe('CSV', () => {
  const options = { textColumn: 'words', imageColumn: 'file', idColumn: 'name', keep: 'all' as const };

  test.each([
    ['\r\n', '\n'],
    ['\n', '\r\n'],
    ['\r', '\r'],
    ['\r\n', '\r'],
  ])('lines that end differently: %j, then %j', async (first, then) => {
    const one = await written('ends.csv', `text${first}a${then}b${first}"c${then}d"${then}`);
    expect(inputs(await read([one]))).toEqual([{ text: 'a' }, { text: 'b' }, { text: `c${then}d` }]);
  });

  test('as Python writes it: quotes, a line within a cell, a byte order mark, nothing as nothing', async () => {
    const found = await read([table('inputs.csv')], options);
    expect(inputs(found)).toEqual([
      { text: 'one, "two"\nthree' },
      { image: picture('tiny') },
      { text: 'ein grüner Würfel', image: picture('tiny') },
    ]);
    expect(ids(found)).toEqual(['a', 'b', 'c']);
    expect(found.map(({ kept }) => kept)).toEqual([{ label: '007' }, { label: null }, { label: 'x' }]);
  });

  test('with tabs, and as spreadsheets write it where numbers use a decimal comma', async () => {
    const rows = (sign: string) => `text${sign}label\r\none, two${sign}1,5\r\n`;
    for (const [name, sign] of [['a.tsv', '\t'] as const, ['a.csv', ';'] as const, ['b.csv', '\t'] as const]) {
      const [row] = await read([await written(name, rows(sign))], { keep: ['label'] });
      expect(row).toMatchObject({ input: { text: 'one, two' }, kept: { label: '1,5' } });
    }
    expect(inputs(await read([await written('one.csv', 'text\na;b\n')]))).toEqual([{ text: 'a;b' }]);
  });

  test('a row of another width, one that is not UTF-8, and a path to nothing each affect only that row', async () => {
    const bytes = Buffer.from('text,image\na,b,c\n\xff,\nfine,\n,nowhere.png\n', 'latin1');
    const file = await written('rows.csv', bytes);
    expect(inputs(await read([file]))).toEqual([
      `${file}: row 1 has 3 cells but the header has 2.`,
      `${file}: row 2: "text" is not UTF-8.`,
      { text: 'fine' },
      `${file}: row 4: there is no image at ${at('nowhere.png')}.`,
    ]);
  });

  test.each([
    [
      'a column that is not there',
      'a,b\n1,2\n',
      { textColumn: 'c' },
      /no column "c" \(--text-column\); it has "a", "b"/,
    ],
    ['none that is known', 'a,b\n1,2\n', {}, /no column "text" and none "image"/],
    ['one twice', 'text,text\n1,2\n', {}, /two columns "text"/],
    ['one to keep', 'text\n1\n', { keep: ['x'] }, /no column "x" \(--keep\)/],
    ['a quote that nobody closes', '"text\n1,2\n', {}, /not a CSV file, or it is damaged/],
    ['nothing', '', {}, /it has none/],
  ])('%s: refused by name, and with skipBad no other input pays', async (name, content, options, message) => {
    const file = await written(`${name}.csv`, content);
    await expect(read([file], options)).rejects.toThrow(message);
    await expect(read([file], { ...options, skipBad: true })).rejects.toThrow(message); // even though nothing is left
    const found = await read([file, at('photos')], { ...options, skipBad: true });
    expect([found.length, found.filter(isBad).length]).toEqual([4, 1]);
  });
});

describe('lines', () => {
  test('one that is not JSON affects no other; a byte order mark and CRLF are no error', async () => {
    const content =
      '\ufeff{"id": "a", "text": "x", "role": "query", "instruction": "I"}\r\n{"text": \r\n\r\n{"text":"y"}\n\n \n';
    const file = await written('lines.jsonl', content);
    const found = await read([file]);
    expect(inputs(found)).toEqual([
      { text: 'x', role: 'query', instruction: 'I' },
      expect.stringContaining('line 2 is not JSON'),
      'line 3 is empty.',
      { text: 'y' },
    ]);
    expect(found.map(({ number, id }) => [number, id])).toEqual([
      [1, 'a'],
      [2, undefined],
      [3, undefined],
      [4, undefined],
    ]);
  });

  test('ids of 64 bits stay what they are', async () => {
    const file = await written(
      'ids.jsonl',
      '{"id":12345678901234567890,"text":"a"}\n{"id":7,"text":"12345678901234567890"}\n',
    );
    expect(ids(await read([file]))).toEqual(['12345678901234567890', 7]);
  });

  test('with --text any file is lines, and a blank one is named and keeps its place', async () => {
    for (const name of ['a.txt', 'a.jsonl', 'a.csv', 'a']) {
      const found = await read([await written(name, '{"text": 1}\r\n\n  b \n\n\n')], { asText: true });
      expect(inputs(found)).toEqual([{ text: '{"text": 1}' }, 'line 2 is empty.', { text: '  b ' }]);
    }
    await expect(read(['a red kite'], { asText: true })).rejects.toThrow("echo 'a red kite' | vlm2vec embed --text -");
  });

  test('10 MB in a line, and very many blank lines', async () => {
    const long = 'word '.repeat(2_000_000);
    const file = await written('long.txt', `a\n${long}\nb${'\n'.repeat(100_000)}`);
    const found = await read([file], { asText: true });
    expect(found.map((record) => (isBad(record) ? 0 : record.input.text!.length))).toEqual([1, long.length, 1]);
    let lines = 0;
    async function* pieces() {
      for (let i = 0; i < 4; i++) yield new Uint8Array(65_536).fill(10);
      yield Buffer.from('end');
    }
    for await (const line of linesOf(pieces())) lines += line!.length === 0 ? 1 : 0;
    expect(lines).toBe(4 * 65_536);
  });
});

describe('folders, globs and files', () => {
  const base64 = () => Buffer.from(fixtureBytes('images/tiny.png')).toString('base64');

  test('in the order in which they are named, each one sorted', async () => {
    const all = ['a.jpg', 'b/10.PNG', 'b/2.png'].map((name) => at('photos', name));
    expect(ids(await read([at('photos')]))).toEqual(all);
    expect(ids(await read([at('photos/b/2.png'), at('photos')]))).toEqual([all[2], ...all]);
    expect(ids(await read([`${at('photos')}/**/*.{png,PNG}`]))).toEqual(all.slice(1));
    await mkdir(at('parts'));
    for (const name of ['part-1.parquet', 'part-0.parquet', '_part-2.parquet']) {
      await cp(table('inputs.parquet'), at('parts', name));
    }
    expect((await read([at('parts')])).map(({ where }) => where.split('/').at(-1))[5]).toBe('part-1.parquet: row 1');
  });

  test('something missing, empty or forbidden is one bad input among others', async () => {
    await mkdir(at('empty'));
    const words = [at('gone.png'), at('empty'), `${at('empty')}/*.png`, at('unknown'), at('photos/a.jpg')];
    await writeFile(at('unknown'), 'x');
    const found = await read(words, { skipBad: true });
    expect(inputs(found)).toEqual([
      expect.stringContaining('There is no file or folder'),
      expect.stringContaining('There are no pictures in'),
      expect.stringContaining('No file matches'),
      expect.stringContaining('unknown file type.'),
      { image: pathToFileURL(at('photos/a.jpg')) },
    ]);
    for (const word of words.slice(0, 4)) await expect(read([word])).rejects.toThrow(word);
  });

  test.skipIf(process.platform === 'win32')('a pipe is no picture, and is not waited for', async () => {
    execFileSync('mkfifo', [at('pipe.png')]);
    expect(inputs(await read([at('pipe.png')]))).toEqual([expect.stringContaining('pipe.png is not a file.')]);
  });

  test.runIf(process.platform === 'linux')('names that are not UTF-8 are named; everything else is read', async () => {
    const bytes = (...parts: (string | number)[]) =>
      Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))));
    const png = await readFile(fixturePath('images/tiny.png'));
    const folder = at('names');
    await mkdir(at('names/good'), { recursive: true });
    await mkdir(bytes(folder, '/old', 0xe9));
    await writeFile(bytes(folder, '/old', 0xe9, '/x.png'), png);
    await writeFile(bytes(folder, '/a', 0xff, 'é.png'), png);
    await writeFile(bytes(folder, '/n', 0xff, '.txt'), 'not a picture');
    await symlink('good/1.png', bytes(folder, '/link', 0xff, '.png'));
    for (const name of ['good/1.png', '\ufffd.png', '\\xffsame.png']) await writeFile(at('names', name), png);
    await writeFile(bytes(folder, '/', 0xff, 'same.png'), png);
    const reason = 'has a name that is not UTF-8 (\\x precedes its bytes): rename it.';
    const bad = ['\\\\xffsame.png', 'a\\xffé.png', 'link\\xff.png', 'old\\xe9'].map((name) => at('names', name));
    const good = ['\\xffsame.png', 'good/1.png', '\ufffd.png'].map((name) => at('names', name));
    const outcome = (records: AnyRecord[]) => ({
      bad: records.flatMap((record) => (isBad(record) ? [record.error.message] : [])).sort(),
      good: records.flatMap((record) => (isBad(record) ? [] : [String(record.id)])).sort(),
    });
    const walked = await read([folder]);
    expect(outcome(walked)).toEqual({ bad: bad.map((file) => `${file} ${reason}`), good: [...good].sort() });
    const matched = await read([path.join(folder, '**/*.png')], { skipBad: true });
    // A pattern does not follow links.
    const unlinked = bad.filter((file) => !file.includes('link'));
    expect(outcome(matched)).toEqual({ bad: unlinked.map((file) => `${file} ${reason}`), good: [...good].sort() });
    await expect(read([path.join(folder, '**/*.png')])).rejects.toThrow(reason);
    expect(outcome(await read([path.join(folder, 'good/*.png')])), 'nothing else concerns this pattern').toEqual({
      bad: [],
      good: [at('names/good/1.png')],
    });
  });

  test.runIf(process.getuid?.() !== 0)('a file without permission', async () => {
    await writeFile(at('closed.jsonl'), '{"text":"a"}');
    await chmod(at('closed.jsonl'), 0);
    await expect(read([at('closed.jsonl')])).rejects.toThrow('EACCES');
  });

  test('pictures in JSON: a path, bytes, both, many; anything else is reported', async () => {
    const lines = [
      { image: 'photos/a.jpg' },
      { image: { bytes: base64() } },
      { image: ['photos/a.jpg', { bytes: base64(), path: 'x.png' }] },
      { image: { bytes: 'no base64!' } },
      { image: '' },
      { image: [] },
      { image: 'photos/b' },
      { image: 'photos/\0.png' },
    ];
    const file = await written('pictures.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'));
    const [path1, bytes] = [pathToFileURL(at('photos/a.jpg')), fixtureBytes('images/tiny.png')];
    const none = expect.stringContaining('"image" is neither a path') as unknown;
    expect(inputs(await read([file]))).toEqual([
      { image: path1 },
      { image: bytes },
      { image: [path1, bytes] },
      ...[none, none, none],
      expect.stringContaining('is not a file'),
      none,
    ]);
  });
});
