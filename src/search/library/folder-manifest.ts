/**
 * @file `index.json`, the first file of an index in a folder, on a disk or a web server. It names the others:
 *
 *   rows-<n>.json                   folders, files and albums, as the section `rows` of an export (`archive.ts`)
 *   rows-<n>.bin                    the same, compressed (zlib's format), for readers over a network
 *   vectors/<key>-<g>.coarse.bin    of each model (`layers.ts` has its key): see `vectors/split-image.ts`
 *   vectors/<key>-<g>.fine.bin
 *   thumbnails-<g>.bin              end to end; rows say where each lies
 *   local/                          only for the machine that writes it: not needed for searching, not to be published
 *
 * Files of vectors and thumbnails only grow, and rows of a manifest name none but the bytes that it counts; the others
 * are written under a new name. So whoever has read the manifest reads the index as it was at one point in time.
 */

import type { JsonField } from '../../bundle/json-field';
import { isPlainPath } from '../../bundle/paths';
import { UnsupportedError } from '../../errors';
import { readIndexJson, readLayerKey } from './index-json';

export const MANIFEST_NAME = 'index.json';
/** The folder for private files. */
export const LOCAL_FOLDER = 'local';
const FORMAT = 'vlm2vec-photo-index';
/** The versions without and with albums in the rows. */
const VERSIONS = [1, 2];

/** A file, and how many of its first bytes count. */
export interface CountedFile {
  path: string;
  bytes: number;
}

export interface ManifestRows extends CountedFile {
  sha256: string;
  /** The same bytes in zlib's format. Indexes of earlier versions have none, and earlier versions ignore it. */
  packed?: CountedFile;
}

/** Vectors of one model. */
export interface ManifestVectors {
  /** The model's key in rows and file names. */
  key: string;
  /** As `PhotoEmbedder.id`. */
  model: string;
  /** For people. */
  modelName: string | null;
  dims: number;
  coarse: CountedFile;
  fine: CountedFile;
}

export interface FolderManifest {
  /** The library's name, for people. */
  name: string;
  /** ISO 8601. */
  updated: string;
  /** Pictures that can be searched. */
  pictures: number;
  /** Files that could not be indexed. */
  problems: number;
  revision: number;
  /** As `MetaRow.contentRevision`. */
  contentRevision: number;
  generation: number;
  /** Number in the names of rows, journal and places. */
  snapshot: number;
  /** A run was begun and neither ended nor cancelled. */
  unfinished: boolean;
  rows: ManifestRows;
  thumbnails: CountedFile;
  /** The first entry has the vectors that the rows' slots refer to; the others are layers. */
  vectors: [ManifestVectors, ...ManifestVectors[]];
}

/**
 * @param options `hasAlbums`: whether the rows have any; then an earlier program, which would lose them, is kept out
 */
export function writeManifest(manifest: FolderManifest, { hasAlbums = false } = {}): string {
  return `${JSON.stringify({ format: FORMAT, version: hasAlbums ? 2 : 1, ...manifest }, null, 2)}\n`;
}

/**
 * @param where names it in messages
 * @throws IndexFormatError; UnsupportedError for a later version
 */
export function readFolderManifest(text: string, where: string): FolderManifest {
  const root = readIndexJson(text, { where, remedy: REMEDY });
  root.get('format').oneOf([FORMAT]);
  const version = root.get('version').integer(1);
  if (!VERSIONS.includes(version)) {
    const known = VERSIONS.at(-1);
    throw new UnsupportedError(
      `${where} has format version ${version}; this program supports versions up to ${known}. Update it.`,
      {
        version,
      },
    );
  }
  const [first, ...others] = root.get('vectors').items(readVectors, { min: 1, max: 101 });
  return {
    name: root.get('name').string(64),
    updated: root.get('updated').string(100),
    pictures: root.get('pictures').integer(0),
    problems: root.get('problems').integer(0),
    revision: root.get('revision').integer(0),
    contentRevision: root.get('contentRevision').integer(0),
    generation: root.get('generation').integer(1),
    snapshot: root.get('snapshot').integer(1),
    unfinished: root.get('unfinished').boolean(),
    rows: readRowsFile(root.get('rows')),
    thumbnails: readFile(root.get('thumbnails')),
    vectors: [first!, ...others],
  };
}

/** The error for a damaged index. */
export const REMEDY =
  'Replace it with a copy of the index, or delete it and index the folders again; this does not touch the pictures.';

function readVectors(field: JsonField): ManifestVectors {
  return {
    key: readLayerKey(field.get('key')),
    model: field.get('model').string(1000),
    modelName: field.get('modelName').nullable((name) => name.string(1000)),
    dims: field.get('dims').integer(1, 8192),
    coarse: readFile(field.get('coarse')),
    fine: readFile(field.get('fine')),
  };
}

function readRowsFile(field: JsonField): ManifestRows {
  const packed = field.get('packed').optional(readFile);
  return { ...readFile(field), sha256: field.get('sha256').string(64), ...(packed && { packed }) };
}

function readFile(field: JsonField): CountedFile {
  const path = field.get('path').string(200);
  if (!isPlainPath(path)) field.get('path').fail('it is not a plain path within the index.');
  return { path, bytes: field.get('bytes').integer(0) };
}
