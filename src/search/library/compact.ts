/** @file Reclaims the places of pictures that were changed or removed, which are left free in the files. */

import { writeRecords } from '../vectors';
import { layersOf, slotIn, withEntry } from './layers';
import type { Library } from './library';
import type { FileRow, PictureRow } from './rows';

/** Free rows are reclaimed once there are this many of them, and they are a quarter of all. */
const COMPACT_ROWS = 512;

/** Whether reclaiming free rows is worth copying the rest. */
export function isWasteful({ catalog }: Library): boolean {
  const free = catalog.vectors.rows - catalog.vectors.size;
  return free >= COMPACT_ROWS && free * 4 >= catalog.vectors.rows;
}

/** Copies what is in use into new files. */
export async function compact(library: Library): Promise<void> {
  const { catalog, meta } = library;
  const layers = layersOf(meta);
  await library.replace(layers, async ({ vectors, thumbnails, layers: packs }) => {
    const layerSlots = new Map<string, number>();
    const files: FileRow[] = [];
    const moved = new Map<number, PictureRow['thumb']>();
    let slots = 0;
    for (const row of catalog.files.values()) {
      if (row.kind !== 'picture') {
        files.push(row);
        continue;
      }
      const slot = slots++;
      await vectors.append(writeRecords(catalog.vectors, row.slot));
      let thumb = row.thumb && (moved.get(row.thumb.at) ?? null);
      if (row.thumb && !thumb) {
        thumb = { ...row.thumb, at: await thumbnails.append((await library.readThumbnail(row)).bytes) };
        moved.set(row.thumb.at, thumb);
      }
      let kept = row;
      for (const { key } of layers) {
        const before = slotIn(row, key);
        if (before === undefined) continue;
        const next = layerSlots.get(key) ?? 0;
        layerSlots.set(key, next + 1);
        await packs.get(key)!.append(await library.readRecord(key, before));
        kept = withEntry(kept, key, { slot: next });
      }
      files.push({ ...kept, slot, thumb });
    }
    return {
      files,
      folders: [...catalog.folders.values()],
      albums: catalog.albums.rows,
      albumsChanged: meta.albumsChanged,
    };
  });
}
