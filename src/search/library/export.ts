/** @file Writes an index into one file, without anything that was removed from it. */

import { Turns } from '../turns';
import { recordAt, recordBytes, writeHeader, writeRecords } from '../vectors';
import { archiveParts, CHUNK_BYTES, SectionWriter, type Keep } from './archive';
import { layersOf, slotIn, withEntry } from './layers';
import type { Library } from './library';
import { emptyVectors } from './loading';
import type { PackReader } from './storage';
import type { FileRow, LayerRow, PictureRow } from './rows';

/** @throws the signal's reason; nothing is left behind then */
export async function exportIndex(library: Library, signal?: AbortSignal): Promise<Blob> {
  return new Blob(await exportParts(library, { signal }), { type: 'application/octet-stream' });
}

export interface ExportOptions {
  signal?: AbortSignal;
  /** @default in memory, or wherever the browser keeps blobs */
  keep?: Keep;
}

/** The same in parts, in order. @throws the signal's reason */
export async function exportParts(library: Library, { signal, keep }: ExportOptions = {}): Promise<Blob[]> {
  return library.inTurn(async ({ thumbnails, layers: packs }) => {
    const turns = new Turns(signal);
    const { catalog, place } = library;
    const pictures: PictureRow[] = [];
    const others: FileRow[] = [];
    for (const row of catalog.files.values()) {
      if (row.kind === 'picture') pictures.push(row);
      else others.push(row);
    }

    const vectors = await SectionWriter.create(keep);
    vectors.write(writeHeader(catalog.vectors));
    const step = Math.max(1, Math.floor(CHUNK_BYTES / recordBytes(place.dims)));
    for (let first = 0; first < pictures.length; first += step) {
      const part = pictures.slice(first, first + step);
      const records = new Uint8Array(part.length * recordBytes(place.dims));
      for (const [i, { slot }] of part.entries()) {
        records.set(writeRecords(catalog.vectors, slot), i * recordBytes(place.dims));
      }
      vectors.write(records);
      if (turns.due) await turns.give();
    }

    const thumbs = await SectionWriter.create(keep);
    const placed = new Map<number, PictureRow['thumb']>();
    let at = 0;
    for (const { thumb } of pictures) {
      if (!thumb || placed.has(thumb.at)) continue;
      thumbs.write(await thumbnails.read(thumb.at, thumb.bytes));
      placed.set(thumb.at, { ...thumb, at });
      at += thumb.bytes;
      if (turns.due) await turns.give();
    }

    const layers: { layer: LayerRow; section: ReturnType<SectionWriter['finish']> }[] = [];
    let placedRows = pictures.map((row, slot) => ({ ...row, slot, thumb: row.thumb && placed.get(row.thumb.at)! }));
    for (const layer of layersOf(library.meta)) {
      if (!pictures.some(({ deep }) => deep?.[layer.key])) continue;
      const section = await SectionWriter.create(keep);
      placedRows = await writeLayer(layer, placedRows, packs.get(layer.key)!, { section, turns });
      layers.push({ layer, section: section.finish(layer.key) });
    }

    const rows = await SectionWriter.create(keep);
    const files = [...placedRows, ...others];
    const albums = catalog.albums.rows;
    const folders = Array.from(catalog.folders.values(), ({ id, name, found }) => ({ id, name, found }));
    rows.write(new TextEncoder().encode(JSON.stringify({ folders, files, ...(albums.length > 0 && { albums }) })));
    return archiveParts(
      { modelId: place.modelId, modelName: place.modelName, dims: place.dims },
      { rows: rows.finish('rows'), vectors: vectors.finish('vectors'), thumbnails: thumbs.finish('thumbnails') },
      layers,
      { hasAlbums: albums.length > 0 },
    );
  });
}

/** Writes the vectors of a layer one after another. Resolves to the rows that name their new places. */
async function writeLayer(
  { key, ...model }: LayerRow,
  pictures: readonly PictureRow[],
  pack: PackReader,
  { section, turns }: { section: SectionWriter; turns: Turns },
): Promise<PictureRow[]> {
  section.write(writeHeader(emptyVectors(model)));
  const placed: PictureRow[] = [];
  let next = 0;
  for (const row of pictures) {
    const slot = slotIn(row, key);
    if (slot === undefined) {
      placed.push(row);
      continue;
    }
    section.write(await pack.read(recordAt(model.dims, slot), recordBytes(model.dims)));
    placed.push(withEntry(row, key, { slot: next++ }));
    if (turns.due) await turns.give();
  }
  return placed;
}
