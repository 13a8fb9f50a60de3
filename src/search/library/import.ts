/** @file One file → the index. Nothing is changed before all of it has been read and found sound. */

import { IndexFormatError } from '../../errors';
import { HEADER_BYTES, readHeader, recordAt, recordBytes } from '../vectors';
import { openArchive, readJson, readSection, type Archive } from './archive';
import { readRows } from './import-rows';
import { checkModel, type IndexModel } from './index-model';
import type { Library } from './library';
import type { FileRow, FolderRow } from './rows';

/** Far above rows of the largest library. */
const MAX_ROWS_BYTES = 2 ** 30;
/** Of a vector of unit length: its largest number is at most 1, and that is 127 scales. */
const MAX_SCALE = 1.01 / 127;

/**
 * Replaces all that the index holds.
 * @throws IndexFormatError, IntegrityError, UnsupportedError, StorageFullError, the signal's reason; the index is as it
 *   was then
 */
export async function importIndex(library: Library, blob: Blob, signal?: AbortSignal): Promise<void> {
  const archive = await openArchive(blob);
  const { modelId, modelName, dims } = library.place;
  checkModel(modelOf(archive), { id: modelId, name: modelName, dims }, 'The export');
  const slots = await checkVectors(archive, signal);
  for await (const _ of readSection(archive, 'thumbnails', signal));
  const { folders, files } = await checkRows(archive, slots, signal);
  const handles = new Map(Array.from(library.catalog.folders.values(), ({ name, handle }) => [name, handle]));
  await library.replace(async ({ vectors, thumbnails }) => {
    await vectors.truncate(0);
    for await (const bytes of readSection(archive, 'vectors', signal)) await vectors.append(bytes);
    for await (const bytes of readSection(archive, 'thumbnails', signal)) await thumbnails.append(bytes);
    return { files, folders: folders.map((row) => ({ ...row, handle: handles.get(row.name) ?? null })) };
  });
}

export function modelOf({ header }: Archive): IndexModel {
  return { id: header.modelId, name: header.modelName, dims: header.dims };
}

/** @param slots how many vectors there are @throws IndexFormatError, IntegrityError */
export async function checkRows(
  archive: Archive,
  slots: number,
  signal?: AbortSignal,
): Promise<{ folders: FolderRow[]; files: FileRow[] }> {
  if (archive.sections.rows.size > MAX_ROWS_BYTES) throw new IndexFormatError("The export's rows are too many.");
  for await (const _ of readSection(archive, 'rows', signal));
  return readRows(await readJson(archive.sections.rows, 'rows'), {
    slots,
    thumbnails: archive.sections.thumbnails.size,
  });
}

/** How many there are. @throws IndexFormatError, IntegrityError */
export async function checkVectors(archive: Archive, signal?: AbortSignal): Promise<number> {
  const { modelId, dims } = archive.header;
  const { size } = archive.sections.vectors;
  const length = recordBytes(dims);
  const slots = (size - HEADER_BYTES) / length;
  if (!Number.isInteger(slots) || slots < 0) throw new IndexFormatError("The export's vectors are not whole.");
  const header = readHeader(new Uint8Array(await archive.sections.vectors.slice(0, HEADER_BYTES).arrayBuffer()));
  if (header.model !== modelId || header.dims !== dims) {
    throw new IndexFormatError("The export's vectors are of another model than its header says.");
  }
  for await (const _ of readSection(archive, 'vectors', signal));
  const step = Math.max(1, Math.floor((8 << 20) / length));
  for (let slot = 0; slot < slots; slot += step) {
    signal?.throwIfAborted();
    const part = archive.sections.vectors.slice(
      recordAt(dims, slot),
      recordAt(dims, Math.min(slots, slot + step)),
    );
    const bytes = await part.arrayBuffer();
    const view = new DataView(bytes);
    const codes = new Int8Array(bytes);
    for (let at = 0; at < bytes.byteLength; at += length) {
      const scale = view.getFloat32(at, true);
      const isSound = scale > 0 && scale <= MAX_SCALE && !codes.subarray(at + 4, at + length).includes(-128);
      if (!isSound) throw new IndexFormatError(`The export's vector ${slot + at / length} is none.`);
    }
  }
  return slots;
}
