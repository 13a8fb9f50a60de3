/** @file Imports one file into the index. Nothing is changed before all of it has been read and found valid. */

import { IndexFormatError } from '../../errors';
import { HEADER_BYTES, readHeader, recordAt, recordBytes } from '../vectors';
import { layersOfArchive, openArchive, readJson, readLayerSection, readSection, type Archive } from './archive';
import { readRows } from './import-rows';
import { checkModel, type IndexModel } from './index-model';
import { layerKey } from './layers';
import type { Library } from './library';
import type { VectorsOf } from './loading';

/** Far above rows of the largest library. */
const MAX_ROWS_BYTES = 2 ** 30;
/** The largest scale of a unit vector: its largest number is at most 1, which is 127 scales. */
const MAX_SCALE = 1.01 / 127;

/**
 * Replaces the whole contents of the index.
 * @throws IndexFormatError, IntegrityError, UnsupportedError, StorageFullError, the signal's reason; the index is as it
 *   was then
 */
export async function importIndex(library: Library, blob: Blob, signal?: AbortSignal): Promise<void> {
  const archive = await openArchive(blob);
  const { modelId, modelName, dims } = library.place;
  checkModel(modelOf(archive), { id: modelId, name: modelName, dims }, 'The export');
  for (const layer of archive.header.layers) {
    const known = library.meta.layers?.find(({ key }) => key === layer.key);
    if (known && known.dims !== layer.dims) {
      throw new IndexFormatError(`The export's vectors of ${layer.modelId} have ${layer.dims} dimensions.`);
    }
  }
  for await (const _ of readSection(archive, 'thumbnails', signal));
  const { folders, files, albums } = await checkArchive(archive, signal);
  // An index without albums does not replace the ones that exist here.
  const taken =
    albums.length > 0
      ? { albums, albumsChanged: Date.now() }
      : { albums: library.catalog.albums.rows, albumsChanged: library.meta.albumsChanged };
  const handles = new Map(Array.from(library.catalog.folders.values(), ({ name, handle }) => [name, handle]));
  await library.replace(layersOfArchive(archive), async ({ vectors, thumbnails, layers: packs }) => {
    for (const { key } of layersOfArchive(archive)) {
      const pack = packs.get(key)!;
      await pack.truncate(0);
      for await (const bytes of readLayerSection(archive, key, signal)) await pack.append(bytes);
    }
    await vectors.truncate(0);
    for await (const bytes of readSection(archive, 'vectors', signal)) await vectors.append(bytes);
    for await (const bytes of readSection(archive, 'thumbnails', signal)) await thumbnails.append(bytes);
    return { files, folders: folders.map((row) => ({ ...row, handle: handles.get(row.name) ?? null })), ...taken };
  });
}

export function modelOf({ header }: Archive): IndexModel {
  return { id: header.modelId, name: header.modelName, dims: header.dims };
}

/**
 * Reads all rows and vectors, and checks them against each other.
 * @throws IndexFormatError, IntegrityError
 */
export async function checkArchive(archive: Archive, signal?: AbortSignal) {
  const { header, sections } = archive;
  const slots = await checkVectors(sections.vectors, header, signal);
  for await (const _ of readSection(archive, 'vectors', signal));
  const layers = new Map<string, number>();
  for (const layer of header.layers) {
    if (layer.key !== (await layerKey(layer.modelId)) || layer.modelId === header.modelId) {
      throw new IndexFormatError(`The export's layer ${layer.key} does not belong to the model that it names.`);
    }
    layers.set(layer.key, await checkVectors(archive.layers.get(layer.key)!, layer, signal));
    for await (const _ of readLayerSection(archive, layer.key, signal));
  }
  if (sections.rows.size > MAX_ROWS_BYTES) throw new IndexFormatError('The export has too many rows.');
  for await (const _ of readSection(archive, 'rows', signal));
  return readRows(await readJson(sections.rows, 'rows'), { slots, thumbnails: sections.thumbnails.size, layers });
}

/** How many there are. */
async function checkVectors(blob: Blob, model: VectorsOf, signal?: AbortSignal): Promise<number> {
  const { size } = blob;
  const length = recordBytes(model.dims);
  const slots = (size - HEADER_BYTES) / length;
  if (!Number.isInteger(slots) || slots < 0) throw new IndexFormatError("The export's vectors are incomplete.");
  const header = readHeader(new Uint8Array(await blob.slice(0, HEADER_BYTES).arrayBuffer()));
  if (header.model !== model.modelId || header.dims !== model.dims) {
    throw new IndexFormatError("The export's vectors belong to a different model from the one in its header.");
  }
  const step = Math.max(1, Math.floor((8 << 20) / length));
  for (let slot = 0; slot < slots; slot += step) {
    signal?.throwIfAborted();
    const part = blob.slice(recordAt(model.dims, slot), recordAt(model.dims, Math.min(slots, slot + step)));
    const bytes = await part.arrayBuffer();
    const view = new DataView(bytes);
    const codes = new Int8Array(bytes);
    for (let at = 0; at < bytes.byteLength; at += length) {
      const scale = view.getFloat32(at, true);
      const isSound = scale > 0 && scale <= MAX_SCALE && !codes.subarray(at + 4, at + length).includes(-128);
      if (!isSound) throw new IndexFormatError(`The export's vector ${slot + at / length} is invalid.`);
    }
  }
  return slots;
}
