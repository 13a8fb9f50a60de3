/**
 * @file Finds vectors that the same model made from the same bytes for another index of the library, such as the index
 * of that model alone from before there were two passes, so that nobody computes them again.
 */

import { describeDatabase, loadAll, openDatabase } from '../library/database';
import { layerKey, slotIn } from '../library/layers';
import { layerPack, listPackFolders, openPackFolder, openPackReader } from '../library/packs';
import type { LibraryPlace } from '../library/place';
import type { MetaRow } from '../library/rows';
import type { PackReader } from '../library/storage';
import { recordAt, recordBytes } from '../vectors';

export interface ElsewhereOptions extends Pick<LibraryPlace, 'name' | 'place'> {
  /** The model whose vectors are wanted. */
  modelId: string;
  dims: number;
}

interface Found {
  pack: PackReader;
  slot: number;
}

export class Elsewhere {
  readonly #dims: number;
  readonly #found: ReadonlyMap<string, Found>;

  private constructor(dims: number, found: ReadonlyMap<string, Found>) {
    this.#dims = dims;
    this.#found = found;
  }

  /** Looks through the other indexes of this browser. Any that cannot be read is skipped. */
  static async open(options: ElsewhereOptions): Promise<Elsewhere> {
    const found = new Map<string, Found>();
    for (const { place } of await listPackFolders()) {
      if (place !== options.place) await collect(place, options, found).catch(() => undefined);
    }
    return new Elsewhere(options.dims, found);
  }

  /** Number of vectors. */
  get size(): number {
    return this.#found.size;
  }

  /** The record of the vector for these bytes; null if there is none, or none any more. */
  async record(hash: string): Promise<Uint8Array | null> {
    const found = this.#found.get(hash);
    if (!found) return null;
    const record = await found.pack.read(recordAt(this.#dims, found.slot), recordBytes(this.#dims)).catch(() => null); // that index was changed or deleted meanwhile
    return record && isSound(record) ? record : null;
  }
}

/** A place is in use if its scale is a number above zero. */
function isSound(record: Uint8Array): boolean {
  const scale = new DataView(record.buffer, record.byteOffset).getFloat32(0, true);
  return scale > 0 && scale < Infinity;
}

async function collect(place: string, options: ElsewhereOptions, found: Map<string, Found>): Promise<void> {
  const { name, modelId, dims } = options;
  const key = await layerKey(modelId);
  const known = await describeDatabase(place);
  if (known?.meta.name !== name || !holds(known.meta, options, key)) return;
  const isOwn = known.meta.modelId === modelId;
  const database = await openDatabase(place, () => undefined);
  try {
    const { meta, files } = await loadAll(database);
    if (!meta) return;
    const pack = await openPackReader(await openPackFolder(place), isOwn ? 'vectors' : layerPack(key), meta.generation);
    const size = await pack.size();
    for (const row of files) {
      if (row.kind !== 'picture' || found.has(row.hash)) continue;
      const slot = isOwn ? row.slot : slotIn(row, key);
      if (slot !== undefined && recordAt(dims, slot + 1) <= size) found.set(row.hash, { pack, slot });
    }
  } finally {
    database.close();
  }
}

function holds(meta: MetaRow, { modelId, dims }: ElsewhereOptions, key: string): boolean {
  if (meta.modelId === modelId) return meta.dims === dims;
  return meta.layers?.some((layer) => layer.key === key && layer.dims === dims) ?? false;
}
