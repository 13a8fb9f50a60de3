/**
 * @file Rows and vectors as a Parquet file, for other programs. `hyparquet-writer` is loaded when it is first needed.
 */

import type { SchemaElement } from 'hyparquet-writer';
import { Turns } from '../turns';
import type { PhotoItem } from '../types';
import type { PackedVectors } from '../vectors';
import { layersOf, slotIn } from './layers';
import type { Library } from './library';

/** Bytes of vectors in a row group: the amount in memory at a time, here and in readers. */
const GROUP_BYTES = 16 << 20;

type Column = { name: string; element: Omit<SchemaElement, 'name'>; of: (item: PhotoItem) => unknown };

const TEXT = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
const COLUMNS: Column[] = [
  { name: 'path', element: { ...TEXT, repetition_type: 'REQUIRED' }, of: ({ path }) => path },
  { name: 'bytes', element: { type: 'INT64', repetition_type: 'REQUIRED' }, of: ({ size }) => BigInt(size) },
  // Wall-clock time is not an instant, so `isAdjustedToUTC` is false.
  {
    name: 'taken',
    element: {
      type: 'INT64',
      repetition_type: 'REQUIRED',
      logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MILLIS' },
    },
    of: ({ taken }) => BigInt(Math.round(taken)),
  },
  { name: 'dated', element: { type: 'BOOLEAN', repetition_type: 'REQUIRED' }, of: ({ dated }) => dated },
  { name: 'camera', element: { ...TEXT, repetition_type: 'OPTIONAL' }, of: ({ camera }) => camera },
  {
    name: 'latitude',
    element: { type: 'DOUBLE', repetition_type: 'OPTIONAL' },
    of: ({ place }) => place?.latitude ?? null,
  },
  {
    name: 'longitude',
    element: { type: 'DOUBLE', repetition_type: 'OPTIONAL' },
    of: ({ place }) => place?.longitude ?? null,
  },
  { name: 'width', element: { type: 'INT32', repetition_type: 'REQUIRED' }, of: ({ width }) => width },
  { name: 'height', element: { type: 'INT32', repetition_type: 'REQUIRED' }, of: ({ height }) => height },
  { name: 'sha256', element: { ...TEXT, repetition_type: 'REQUIRED' }, of: ({ hash }) => hash },
];

/** Vectors of one model, and the position of a picture's vector among them; undefined if it has none. */
interface VectorColumn {
  name: string;
  vectors: PackedVectors;
  slotOf(row: number, item: PhotoItem): number | undefined;
}

const vectorSchema = (name: string, isWhole: boolean): SchemaElement[] => [
  { name, repetition_type: isWhole ? 'REQUIRED' : 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
];

/** Those of the deep model in use, for the pictures that it has embedded. */
function deepColumn({ catalog, meta }: Library): { column: VectorColumn; model: string; dims: number } | null {
  const { deep } = catalog;
  const layer = deep && layersOf(meta).find(({ key }) => key === deep.key);
  if (!layer) return null;
  const slotOf = (_: number, { id }: PhotoItem) => slotIn(catalog.picture(id) ?? {}, layer.key);
  return {
    column: { name: 'deep_embedding', vectors: deep.shelf.vectors, slotOf },
    model: layer.modelId,
    dims: layer.dims,
  };
}

/**
 * The columns above and `embedding`, a list of float32; with a deep model in use also `deep_embedding`, null for
 * pictures that it has not embedded. The file's metadata names the models (`model`, `deep_model`).
 * @throws the signal's reason; nothing is left behind then
 */
export async function exportParquet(library: Library, signal?: AbortSignal): Promise<Blob> {
  const { catalog, place } = library;
  const deep = deepColumn(library);
  const vectorColumns: VectorColumn[] = [
    { name: 'embedding', vectors: catalog.vectors, slotOf: (row) => row },
    ...(deep ? [deep.column] : []),
  ];
  const turns = new Turns(signal);
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const parts: Blob[] = [];
  const sink = new ByteWriter();
  /** If the browser keeps large blobs on disk, what is written need not stay in memory. */
  const flush = () => {
    parts.push(new Blob([sink.getBytes() as Uint8Array<ArrayBuffer>]));
    sink.index = 0;
  };
  const writer = new ParquetWriter({
    writer: Object.assign(sink, { flush }),
    schema: [
      { name: 'schema', num_children: COLUMNS.length + vectorColumns.length },
      ...COLUMNS.map(({ name, element }) => ({ name, ...element })),
      ...vectorColumns.flatMap(({ name }, i) => vectorSchema(name, i === 0)),
    ],
    kvMetadata: [{ key: 'model', value: place.modelId }, ...(deep ? [{ key: 'deep_model', value: deep.model }] : [])],
    createdBy: 'vlm2vec-web',
  });
  const rows = Array.from(catalog.rows.entries()).filter((entry): entry is [number, PhotoItem] => entry[1] !== null);
  const step = Math.max(1, Math.floor(GROUP_BYTES / (4 * (place.dims + (deep?.dims ?? 0)))));
  for (let first = 0; first < rows.length; first += step) {
    const part = rows.slice(first, first + step);
    const columns = COLUMNS.map(({ name, of }) => ({ name, data: part.map(([, item]) => of(item)) }));
    const embeddings = vectorColumns.map(({ name, vectors, slotOf }) => {
      const data = part.map(([row, item]) => {
        const slot = slotOf(row, item);
        return slot === undefined ? null : Array.from(vectors.get(slot));
      });
      return { name, data, codec: 'UNCOMPRESSED' as const, statistics: false };
    });
    await writer.write({ columnData: [...columns, ...embeddings], rowGroupSize: part.length });
    await turns.give();
  }
  await writer.finish();
  flush();
  return new Blob(parts, { type: 'application/vnd.apache.parquet' });
}
