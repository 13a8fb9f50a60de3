/** @file The bytes of one commit: what is appended to which file, where it goes, and what is kept in memory. */

import { type PackedVectors, readRecords, recordAt, recordBytes, writeRecords } from '../vectors';
import type { Catalog } from './catalog';
import { layersOf, withEntry } from './layers';
import { emptyVectors } from './loading';
import type { AllWriters, PackWriter } from './storage';
import type { LibraryPlace } from './place';
import type { DeepEntry, FileRow, LayerRow, MetaRow, PictureRow } from './rows';

/** A row to write, and the bytes that are not stored yet. */
export type Addition =
  | { row: Exclude<FileRow, PictureRow> }
  /** Unchanged: its bytes are stored already. */
  | { row: PictureRow }
  | { row: Omit<PictureRow, 'slot' | 'thumb'>; vector: Float32Array; thumb: { bytes: Uint8Array; type: string } | null }
  /** The same bytes as another picture: its vectors are copied, its thumbnail shared. */
  | { row: Omit<PictureRow, 'slot' | 'thumb'>; like: PictureRow };

/** The deep model's result for a picture; meaningless once its row is gone or its bytes have changed. */
export type DeepAddition = Pick<PictureRow, 'id' | 'hash'> &
  (
    | { vector: ArrayLike<number> }
    | { record: Uint8Array }
    | { reason: string }
    /** Forgets the result, so that it is tried again. */
    | { reason: null }
  );

export class Appends {
  readonly #files: AllWriters;
  readonly #catalog: Catalog;
  readonly #layers: ReadonlyMap<string, LayerRow>;
  readonly #ends: readonly (readonly [PackWriter, number])[];
  readonly #fresh: PackedVectors;
  readonly #freshLayers = new Map<string, PackedVectors>();

  constructor(files: AllWriters, catalog: Catalog, place: LibraryPlace, meta: MetaRow) {
    this.#files = files;
    this.#catalog = catalog;
    this.#layers = new Map(layersOf(meta).map((layer) => [layer.key, layer]));
    this.#ends = [files.vectors, files.thumbnails, ...files.layers.values()].map((pack) => [pack, pack.end] as const);
    this.#fresh = emptyVectors(place);
  }

  /** Appends what a row lacks. */
  async place(addition: Addition): Promise<FileRow> {
    const slot = this.#catalog.vectors.rows + this.#fresh.rows;
    if ('like' in addition) {
      const like = (this.#catalog.files.get(addition.like.id) ?? addition.like) as PictureRow;
      readRecords(this.#fresh, writeRecords(this.#catalog.vectors, addition.like.slot));
      return { ...addition.row, slot, thumb: addition.like.thumb, deep: await this.#copied(like) };
    }
    if (!('vector' in addition)) {
      if (addition.row.kind !== 'picture') return addition.row;
      // Results that arrived meanwhile are kept, as long as they belong to the same bytes.
      const now = this.#catalog.files.get(addition.row.id);
      return now?.kind === 'picture' && now.hash === addition.row.hash
        ? { ...addition.row, deep: now.deep }
        : addition.row;
    }
    this.#fresh.add(addition.vector);
    if (addition.thumb === null) return { ...addition.row, slot, thumb: null };
    const { bytes, type } = addition.thumb;
    const at = await this.#files.thumbnails.append(bytes);
    return { ...addition.row, slot, thumb: { at, bytes: bytes.length, type } };
  }

  /** The row with the deep model's result; null if the row is gone by now. */
  placeDeep(addition: DeepAddition, key: string): PictureRow | null {
    const row = this.#catalog.files.get(addition.id);
    if (row?.kind !== 'picture' || row.hash !== addition.hash) return null;
    if ('reason' in addition) return withEntry(row, key, addition.reason === null ? null : { reason: addition.reason });
    const fresh = this.#freshOf(key);
    const slot = this.#nextSlot(key);
    if ('record' in addition) readRecords(fresh, addition.record);
    else fresh.add(addition.vector);
    return withEntry(row, key, { slot });
  }

  /** Writes what is not written yet, and waits until all of it is on disk. */
  async flush(): Promise<void> {
    const { vectors, thumbnails, layers } = this.#files;
    if (this.#fresh.rows > 0) {
      await vectors.append(writeRecords(this.#fresh, 0, this.#fresh.rows));
      await vectors.flush();
      await thumbnails.flush();
    }
    for (const [key, fresh] of this.#freshLayers) {
      const pack = layers.get(key)!;
      await pack.append(writeRecords(fresh, 0, fresh.rows));
      await pack.flush();
    }
  }

  /** Removes what was appended. */
  async undo(): Promise<void> {
    for (const [pack, end] of this.#ends) await pack.truncate(end).catch(() => undefined);
  }

  /** Loads the vectors into memory, where searches look. */
  remember(): void {
    readRecords(this.#catalog.vectors, writeRecords(this.#fresh, 0, this.#fresh.rows));
    const { deep } = this.#catalog;
    const fresh = deep && this.#freshLayers.get(deep.key);
    if (fresh) readRecords(deep.shelf.vectors, writeRecords(fresh, 0, fresh.rows));
  }

  /** Copies of a picture's vectors in all layers. */
  async #copied({ deep }: PictureRow): Promise<PictureRow['deep']> {
    if (!deep) return undefined;
    const copies: Record<string, DeepEntry> = {};
    for (const [key, entry] of Object.entries(deep)) {
      if ('reason' in entry) copies[key] = entry;
      else {
        const { dims } = this.#layers.get(key)!;
        const record = await this.#files.layers.get(key)!.read(recordAt(dims, entry.slot), recordBytes(dims));
        copies[key] = { slot: this.#nextSlot(key) };
        readRecords(this.#freshOf(key), record);
      }
    }
    return copies;
  }

  #nextSlot(key: string): number {
    const { dims } = this.#layers.get(key)!;
    const written = (this.#files.layers.get(key)!.end - recordAt(dims, 0)) / recordBytes(dims);
    return written + (this.#freshLayers.get(key)?.rows ?? 0);
  }

  #freshOf(key: string): PackedVectors {
    const known = this.#freshLayers.get(key);
    if (known) return known;
    const fresh = emptyVectors(this.#layers.get(key)!);
    this.#freshLayers.set(key, fresh);
    return fresh;
  }
}
