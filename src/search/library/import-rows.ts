/** @file Reads the rows of an export and checks each field, since anyone may have written the file. */

import type { JsonField } from '../../bundle/json-field';
import { MAX_WORDS } from '../facts/words';
import { albumKey, albumNameProblem, FAVOURITES, MAX_ALBUMS, type AlbumChanges } from './albums';
import { fileKey, type AlbumRow, type DeepEntry, type FileRow, type FolderRow, type PictureRow } from './rows';

const MAX_FILES = 5_000_000;
const MAX_FOLDERS = 100_000;
const MAX_PATH = 4096;
/** The limit of a `Date`, in milliseconds. */
const MAX_TIME = 8.64e15;
/** A picture that was once decoded has no more pixels. */
const MAX_SIDE = 2 ** 24;
const MAX_AREA = 2 ** 31;
const HASH = /^[0-9a-f]{64}$/;

/** The sizes of the sections that rows refer to. */
export interface Extent {
  /** Number of vectors. */
  slots: number;
  /** Number of bytes. */
  thumbnails: number;
  /** Number of vectors in each layer, by its key. @default none */
  layers?: ReadonlyMap<string, number>;
}

/** @throws IndexFormatError, by the field's own error */
export function readRows(
  root: JsonField,
  extent: Extent,
): { folders: FolderRow[]; files: FileRow[]; albums: AlbumRow[] } {
  const folders = root.get('folders').items(readFolderRow, { max: MAX_FOLDERS });
  const ids = new Set(folders.map(({ id }) => id));
  if (ids.size !== folders.length) root.get('folders').fail('two folders have the same number.');
  const seen = { ids: new Set<number>(), keys: new Set<string>(), slots: new Set<number>() };
  const deepSlots = new Set<string>();
  const files = root.get('files').items(
    (field) => {
      const row = readFileRow(field, extent);
      if (!ids.has(row.folderId)) field.fail('its folder is not among the folders.');
      const key = fileKey(row.folderId, row.path);
      const slot = row.kind === 'picture' ? row.slot : -1;
      if (seen.ids.has(row.id) || seen.keys.has(key) || seen.slots.has(slot)) field.fail('it occurs twice.');
      seen.ids.add(row.id);
      seen.keys.add(key);
      if (slot >= 0) seen.slots.add(slot);
      for (const [layer, entry] of Object.entries((row.kind === 'picture' && row.deep) || {})) {
        if (!('slot' in entry)) continue;
        const name = `${layer} ${entry.slot}`;
        if (deepSlots.has(name)) field.fail('its vector from another model occurs twice.');
        deepSlots.add(name);
      }
      return row;
    },
    { max: MAX_FILES },
  );
  return { folders, files, albums: root.get('albums').optional(readAlbums) ?? [] };
}

/** The rows of a whole index: none may occur twice. */
function readAlbums(field: JsonField): AlbumRow[] {
  const seen = { ids: new Set<number>(), names: new Set<string>() };
  return field.items(
    (each) => {
      const row = readAlbumRow(each);
      const name = albumKey(row.name);
      if (seen.ids.has(row.id) || seen.names.has(name)) each.fail('another one has the same number or name.');
      seen.ids.add(row.id);
      seen.names.add(name);
      return row;
    },
    { max: MAX_ALBUMS + 1 },
  );
}

/** @throws IndexFormatError, by the field's own error */
export function readAlbumChanges(field: JsonField): AlbumChanges {
  const many = { max: MAX_ALBUMS + 1 };
  return {
    put: field.get('put').optional((rows) => rows.items(readAlbumRow, many)),
    remove: field.get('remove').optional((ids) => ids.items((id) => id.integer(FAVOURITES), many)),
  };
}

function readAlbumRow(field: JsonField): AlbumRow {
  const id = field.get('id').integer(FAVOURITES, 2 ** 31);
  const name = field.get('name').string(1000);
  const problem = id === FAVOURITES ? (name === '' ? null : 'the favourites have none.') : albumNameProblem(name);
  if (problem) field.get('name').fail(problem);
  const pictures = field.get('pictures').items(readHash, { max: MAX_FILES });
  if (new Set(pictures).size !== pictures.length) field.get('pictures').fail('a picture occurs twice.');
  return { id, name, created: field.get('created').number(0, MAX_TIME), pictures };
}

/** @throws IndexFormatError, by the field's own error */
export function readFolderRow(field: JsonField): FolderRow {
  const name = field.get('name').string(255);
  if (name === '' || name.includes('/')) field.get('name').fail('it is not the name of a folder.');
  return {
    id: field.get('id').integer(1, 2 ** 31),
    name,
    handle: null,
    found: field.get('found').nullable((found) => found.integer(0)),
  };
}

/** @throws IndexFormatError, by the field's own error */
export function readFileRow(field: JsonField, extent: Extent): FileRow {
  const facts = {
    id: field.get('id').integer(1, 2 ** 32 - 1),
    folderId: field.get('folderId').integer(1),
    path: readPath(field.get('path')),
    size: field.get('size').integer(0),
    modified: field.get('modified').number(-MAX_TIME, MAX_TIME),
    reader: field.get('reader').optional((reader) => reader.integer(1, 1000)),
  };
  const kind = field.get('kind').oneOf(['picture', 'skipped', 'failed']);
  if (kind !== 'picture') return { ...facts, kind, reason: field.get('reason').string(2000) };
  const width = field.get('width').integer(1, MAX_SIDE);
  const height = field.get('height').integer(1, Math.min(MAX_SIDE, Math.floor(MAX_AREA / width)));
  return {
    ...facts,
    kind,
    slot: field.get('slot').integer(0, extent.slots - 1),
    thumb: field.get('thumb').nullable((thumb) => readThumb(thumb, extent)),
    ...readDeep(field, extent),
    taken: field.get('taken').number(-MAX_TIME, MAX_TIME),
    dated: field.get('dated').boolean(),
    camera: field.get('camera').nullable((camera) => camera.string(200)),
    place: field.get('place').nullable((place) => ({
      latitude: place.get('latitude').number(-90, 90),
      longitude: place.get('longitude').number(-180, 180),
    })),
    ...readWords(field.get('words')),
    unread: field.get('unread').optional((unread) => unread.nullable((words) => words.string(1000))),
    width,
    height,
    hash: readHash(field.get('hash')),
  };
}

/** Absent if the file has none, and in exports of earlier versions. */
function readWords(field: JsonField): Pick<PictureRow, 'words'> {
  const words = field.optional((given) => {
    const text = (name: 'title' | 'caption') => given.get(name).optional((each) => each.string(MAX_WORDS.text));
    const list = (name: 'keywords' | 'places') =>
      given.get(name).optional((each) => each.items((one) => one.string(MAX_WORDS.item), { max: MAX_WORDS.items }));
    const said = { title: text('title'), caption: text('caption'), keywords: list('keywords'), places: list('places') };
    return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  });
  return words ? { words } : {};
}

function readDeep(field: JsonField, { layers = new Map() }: Extent): Pick<PictureRow, 'deep'> {
  if (!field.has('deep')) return {};
  const deep = field.get('deep');
  const entries = deep.keys([...layers.keys()]).map((key): [string, DeepEntry] => {
    const entry = deep.get(key);
    if (entry.has('reason')) return [key, { reason: entry.get('reason').string(2000) }];
    return [key, { slot: entry.get('slot').integer(0, layers.get(key)! - 1) }];
  });
  return { deep: Object.fromEntries(entries) };
}

function readThumb(field: JsonField, { thumbnails }: Extent): NonNullable<PictureRow['thumb']> {
  const at = field.get('at').integer(0, thumbnails);
  const bytes = field.get('bytes').integer(1, thumbnails - at);
  return { at, bytes, type: field.get('type').oneOf(['image/webp', 'image/jpeg']) };
}

function readPath(field: JsonField): string {
  const path = field.string(MAX_PATH);
  const isPlain = !path.includes('\0') && path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
  return isPlain ? path : field.fail('it is not a path within a folder.');
}

function readHash(field: JsonField): string {
  const hash = field.string(64);
  return HASH.test(hash) ? hash : field.fail('it is not a SHA-256.');
}
