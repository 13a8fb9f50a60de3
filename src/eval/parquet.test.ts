import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { DatasetFormatError } from '../errors';
import { bytesSource } from '../testing/checkpoint-files';
import { openParquet } from './parquet';

test('a column with several values per row is refused by name; its neighbours are read', async () => {
  const buffer = parquetWriteBuffer({
    schema: [
      { name: 'root', num_children: 2 },
      { name: 'pair', num_children: 2, repetition_type: 'OPTIONAL' },
      { name: 'left', type: 'INT32', repetition_type: 'OPTIONAL' },
      { name: 'right', type: 'INT32', repetition_type: 'OPTIONAL' },
      { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
    ],
    columnData: [
      { name: 'pair', data: [{ left: 1, right: 2 }] },
      { name: 'text', data: ['a kite'] },
    ],
  });
  const table = await openParquet(bytesSource(new Uint8Array(buffer)));
  expect(table).toMatchObject({ columns: ['pair', 'text'], rows: 1 });
  expect(await table.read(['text'])).toEqual([{ text: 'a kite' }]);
  const refused = table.read(['text', 'pair']);
  await expect(refused).rejects.toThrow(DatasetFormatError);
  await expect(refused).rejects.toThrow(/column pair has more than one/);
});
