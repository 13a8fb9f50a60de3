/**
 * @file Writes vectors as a matrix in an `.npy` file, with the id and the carried fields of each row beside it in
 * `.ids.jsonl`. The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0.
 */

import { UnsupportedError } from '../../errors';
import { PartialFile } from './partial-file';
import { storedBytes, type StoredPrecision } from './precision';
import { onlyVector, type Sink, type SinkShape, type SinkState, type VectorRow } from './sink';

/** Room for any number of rows; a multiple of 64, as numpy aligns data. */
const HEADER_BYTES = 128;
const DESCRIPTIONS: Record<StoredPrecision, string> = { float32: '<f4', float16: '<f2', int8: '|i1', binary: '|u1' };

/** Where the ids of `vectors.npy` are. */
export const idsName = (file: string) => `${file.replace(/\.npy$/, '')}.ids.jsonl`;

export async function npySink(file: string, shape: SinkShape, state: SinkState | null): Promise<Sink> {
  const { precision, several } = shape;
  if (several) {
    throw new UnsupportedError(
      'Several vectors per input do not form a matrix: write them to JSON lines or a *.parquet file.',
      {
        place: 'npy',
      },
    );
  }
  const width = precision === 'binary' ? shape.dims / 8 : shape.dims;
  const matrix = await PartialFile.open(file, state === null ? null : state.bytes!, shape.named);
  const ids = await PartialFile.open(idsName(file), state === null ? null : state.ids!, shape.named);
  let rows = state?.rows ?? 0;
  if (state === null) await matrix.append(npyHeader(precision, 0, width));
  const commit = async (): Promise<SinkState> => {
    await matrix.sync();
    await ids.sync();
    return { rows, bytes: matrix.bytes, ids: ids.bytes };
  };
  return {
    write: async (given) => {
      const found = given as readonly VectorRow[];
      await matrix.append(Buffer.concat(found.map((row) => storedBytes(onlyVector(row), precision))));
      await ids.append(found.map(({ fields }) => `${JSON.stringify(fields)}\n`).join(''));
      rows += found.length;
    },
    commit,
    complete: async () => {
      await matrix.rewrite(0, npyHeader(precision, rows, width));
      return commit();
    },
    close: async () => {
      await matrix.close();
      await ids.close();
    },
    discard: async () => {
      await matrix.discard();
      await ids.discard();
    },
  };
}

function npyHeader(precision: StoredPrecision, rows: number, width: number): Uint8Array {
  const text = `{'descr': '${DESCRIPTIONS[precision]}', 'fortran_order': False, 'shape': (${rows}, ${width}), }`;
  const header = Buffer.alloc(HEADER_BYTES, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(HEADER_BYTES - 10, 8);
  header.write(text, 10, 'latin1');
  header.write('\n', HEADER_BYTES - 1);
  return header;
}
