/** @file Tables and pictures from every place, and damaged ones. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32Hex } from '../bundle/crc32';
import { DatasetFormatError, SourceNotFoundError, VLM2VecError } from '../errors';
import { bytesSource, zip } from '../testing/checkpoint-files';
import { mmebFiles, mmebTable, mmebTree, plainPicture } from '../testing/mmeb-files';
import { openMmeb } from './dataset';
import { openParquet } from './parquet';
import { mmebSet } from './sets';

const set = mmebSet('VOC2007')!;
const row = (i: number) => ({
  ...{ qry_text: `q${i}`, qry_img_path: `VOC2007/${i % 2}.png` },
  ...{ tgt_text: ['cat', 'dog', `é ${i}`], tgt_img_path: ['', '', ''] },
});
const red = await plainPicture([255, 0, 0]);
const blue = await plainPicture([0, 0, 255]);
const files = mmebFiles({ VOC2007: [row(0), row(1)] }, { 'VOC2007/0.png': red, 'VOC2007/1.png': blue });

describe('openMmeb', () => {
  test('finds the sets and reads rows and pictures', async () => {
    const data = await openMmeb(mmebTree({ ...files, 'README.md': red, 'CIFAR-100/test-00000-of-00001.parquet': red }));
    expect(data).toMatchObject({ label: 'small-mmeb', revision: null, sets: [set] });
    const { pairs, rows } = await data.rows(set);
    const texts = rows.map(({ query, candidates }) => [query, ...candidates].map((number) => pairs[number]!.text));
    expect(texts).toEqual([
      ['q0', 'cat', 'dog', 'é 0'],
      ['q1', 'cat', 'dog', 'é 1'],
    ]);
    expect(pairs.map(({ text }) => text).sort()).toEqual(['cat', 'dog', 'q0', 'q1', 'é 0', 'é 1']);
    expect((await data.rows(set, { limit: 1 })).rows).toHaveLength(1);
    expect(await data.pictures.read('VOC2007/0.png')).toEqual(red);
    expect(await data.pictures.crc('VOC2007/1.png')).toBe(crc32Hex(blue));
  });

  test('tables as the Hub converts them, and in parts, in the order of their names', async () => {
    const { 'images.zip': images } = files;
    const tree = mmebTree({
      'images.zip': images!,
      'VOC2007/test/0001.parquet': mmebTable([row(1)]),
      'VOC2007/test/0000.parquet': mmebTable([row(0)]),
    });
    const { pairs, rows } = await (await openMmeb(tree)).rows(set);
    expect(rows.map(({ query }) => pairs[query]!.text)).toEqual(['q0', 'q1']);
  });

  test.each(['', 'images/', 'image-tasks/'])(
    'pictures as files below "%s", or at that path in the archive',
    async (folder) => {
      const { 'images.zip': _, ...tables } = files;
      for (const more of [
        { [`${folder}VOC2007/0.png`]: red },
        { 'images.zip': zip({ [`${folder}VOC2007/0.png`]: red }, { deflate: true }) },
      ]) {
        const tree = mmebTree({ 'README.md': red, ...tables, ...more } as Record<string, Uint8Array>);
        const { pictures } = await openMmeb(tree);
        expect(await pictures.read('VOC2007/0.png')).toEqual(red);
        expect(await pictures.crc('VOC2007/0.png')).toBe(crc32Hex(red));
        await expect(pictures.read('VOC2007/7.png')).rejects.toThrow(SourceNotFoundError);
        await expect(pictures.crc('../../etc/passwd')).rejects.toThrow(VLM2VecError);
      }
    },
  );

  test('says what is missing', async () => {
    await expect(openMmeb(mmebTree({ 'a.txt': red }))).rejects.toThrow(/contains no MMEB table/);
    const data = await openMmeb(mmebTree(files));
    await expect(data.rows(mmebSet('MSCOCO')!)).rejects.toThrow(/does not contain MSCOCO/);
  });

  test('a damaged picture in the archive', async () => {
    const archive = files['images.zip']!.slice();
    const at = archive.findIndex((_, i) => red.every((byte, j) => archive[i + j] === byte));
    archive[at + 20]! ^= 1;
    const { pictures } = await openMmeb(mmebTree({ ...files, 'images.zip': archive }));
    await expect(pictures.read('VOC2007/0.png')).rejects.toThrow(/checksum does not match/);
    expect(await pictures.read('VOC2007/1.png')).toEqual(blue);
  });
});

describe('hostile tables', () => {
  const good = mmebTable([row(0), row(1), row(2)]);
  const read = async (bytes: Uint8Array) => {
    const table = await openParquet(bytesSource(bytes, 'table'));
    return table.read(table.columns);
  };

  test('are refused by name', async () => {
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(64),
      good.slice(0, -1),
      good.slice(0, good.length >> 1),
      good.slice(8),
    ]) {
      await expect(read(bytes)).rejects.toThrow(DatasetFormatError);
    }
    await expect(read(good)).resolves.toHaveLength(3);
  });

  test('random bytes between the marks', async () => {
    const mark = new TextEncoder().encode('PAR1');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const length = new Uint8Array(4);
        new DataView(length.buffer).setUint32(0, bytes.length, true);
        const whole = new Uint8Array([...mark, ...bytes, ...length, ...mark]);
        await expect(read(whole).then((rows) => rows.length)).rejects.toThrow(DatasetFormatError);
      }),
      { numRuns: 200 },
    );
  });
});
