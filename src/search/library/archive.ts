/**
 * @file A whole index as one file: its header, and what it may contain. Little-endian:
 *
 *   'VLMPHOTO', uint32 version, uint32 bytes of the header, the header (JSON), then the sections one after another
 *
 * The header names model and sections with their lengths and SHA-256: `rows` (JSON: folders and files), `vectors` (see
 * `vectors/image.ts`), `thumbnails` (end to end), then one of vectors for each further model (`layers`; from version 2
 * on). From version 3 on, rows may have `albums`. An export has the first version that supports everything in it: an
 * earlier reader refuses it, rather than losing what it does not know. Everything is checked before anything is
 * imported.
 */

import type { BundleFile } from '../../bundle/manifest';
import { FileHasher } from '../../bundle/hash';
import type { JsonField } from '../../bundle/json-field';
import { IndexFormatError, IntegrityError, UnsupportedError } from '../../errors';
import { readIndexJson, readLayerKey } from './index-json';
import type { LayerRow } from './rows';

const MAGIC = 'VLMPHOTO';
/** The versions: plain; with layers; with albums, and possibly layers. */
const VERSIONS = [1, 2, 3];
const MAX_LAYERS = 100;
export const PREFIX_BYTES = 16;
const MAX_HEADER_BYTES = 1 << 20;
/** Bytes read and hashed at a time. */
export const CHUNK_BYTES = 8 << 20;

export const SECTIONS = ['rows', 'vectors', 'thumbnails'] as const;
export type SectionName = (typeof SECTIONS)[number];
type Entry = Pick<BundleFile, 'bytes' | 'sha256'>;

export interface ArchiveHeader {
  modelId: string;
  /** A name to display; null if the index had none. */
  modelName: string | null;
  dims: number;
  /** ISO 8601. */
  created: string;
  sections: Record<SectionName, Entry>;
  /** Layers of further models. */
  layers: (LayerRow & Entry)[];
}

/** Stores bytes until everything is written. */
export type Keep = (bytes: Uint8Array) => Blob;

/** If the browser keeps large blobs on disk, they need not stay in memory. */
const asBlob: Keep = (bytes) => new Blob([bytes as Uint8Array<ArrayBuffer>]);

/** A section being written. */
export class SectionWriter {
  readonly #hasher: FileHasher;
  readonly #keep: Keep;
  readonly #parts: Blob[] = [];

  private constructor(hasher: FileHasher, keep: Keep) {
    this.#hasher = hasher;
    this.#keep = keep;
  }

  static async create(keep = asBlob): Promise<SectionWriter> {
    return new SectionWriter(await FileHasher.create(), keep);
  }

  write(bytes: Uint8Array): void {
    this.#hasher.update(bytes);
    this.#parts.push(this.#keep(bytes));
  }

  finish(name: string): { parts: Blob[]; entry: Entry } {
    const { bytes, sha256 } = this.#hasher.finish(name);
    return { parts: this.#parts, entry: { bytes, sha256 } };
  }
}

type Finished = ReturnType<SectionWriter['finish']>;

/** A whole archive as one blob. */
export function archiveBlob(...contents: Parameters<typeof archiveParts>): Blob {
  return new Blob(archiveParts(...contents), { type: 'application/octet-stream' });
}

/** The parts of an archive, in order. */
export function archiveParts(
  facts: Pick<ArchiveHeader, 'modelId' | 'modelName' | 'dims'>,
  sections: Record<SectionName, Finished>,
  layers: readonly { layer: LayerRow; section: Finished }[] = [],
  { hasAlbums = false } = {},
): Blob[] {
  const entries = Object.fromEntries(SECTIONS.map((name) => [name, sections[name].entry]));
  const further = layers.map(({ layer, section }) => ({ ...layer, ...section.entry }));
  const created = new Date().toISOString();
  const header = new TextEncoder().encode(
    JSON.stringify({ ...facts, created, sections: entries, ...(further.length > 0 && { layers: further }) }),
  );
  const prefix = new Uint8Array(PREFIX_BYTES);
  prefix.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(prefix.buffer);
  view.setUint32(8, hasAlbums ? 3 : further.length > 0 ? 2 : 1, true);
  view.setUint32(12, header.length, true);
  const parts = [...SECTIONS.map((name) => sections[name].parts), ...layers.map(({ section }) => section.parts)];
  return [new Blob([prefix, header]), ...parts.flat()];
}

export interface Archive {
  header: ArchiveHeader;
  sections: Record<SectionName, Blob>;
  /** By key, as in the header. */
  layers: Map<string, Blob>;
}

/** Whether a file that begins so is an archive. @param prefix its first {@link PREFIX_BYTES} */
export function isArchive(prefix: Uint8Array): boolean {
  return prefix.length === PREFIX_BYTES && new TextDecoder('latin1').decode(prefix.subarray(0, 8)) === MAGIC;
}

/**
 * Reads the beginning of an archive; its sections are not read yet.
 * @throws IndexFormatError; UnsupportedError for a later version
 */
export async function openArchive(blob: Blob): Promise<Archive> {
  const prefix = new Uint8Array(await blob.slice(0, PREFIX_BYTES).arrayBuffer());
  if (!isArchive(prefix)) throw new IndexFormatError('This is not an exported photo index.');
  const view = new DataView(prefix.buffer);
  const version = view.getUint32(8, true);
  if (!VERSIONS.includes(version)) {
    throw new UnsupportedError(
      `The export has format version ${version}; versions up to ${VERSIONS.at(-1)} are supported.`,
      {
        version,
      },
    );
  }
  const length = view.getUint32(12, true);
  if (length > MAX_HEADER_BYTES) throw new IndexFormatError(`The export declares a header of ${length} bytes.`);
  const start = PREFIX_BYTES + length;
  const root = await readJson(blob.slice(PREFIX_BYTES, start), 'header');
  const header: ArchiveHeader = {
    modelId: root.get('modelId').string(1000),
    // Exports of earlier versions have none.
    modelName: root.get('modelName').given((name) => name.string(1000)) ?? null,
    dims: root.get('dims').integer(1, 8192),
    created: root.get('created').string(100),
    sections: {} as ArchiveHeader['sections'],
    layers:
      version === 1 || (version === 3 && !root.has('layers'))
        ? []
        : root.get('layers').items(readLayer, { min: 1, max: MAX_LAYERS }),
  };
  const sections = {} as Archive['sections'];
  let at = start;
  for (const name of SECTIONS) {
    const entry = readEntry(root.get('sections').get(name));
    header.sections[name] = entry;
    sections[name] = blob.slice(at, at + entry.bytes);
    at += entry.bytes;
  }
  const layers: Archive['layers'] = new Map();
  for (const { key, bytes } of header.layers) {
    if (layers.has(key)) throw new IndexFormatError(`The export has the layer ${key} twice.`);
    layers.set(key, blob.slice(at, at + bytes));
    at += bytes;
  }
  if (at !== blob.size) {
    throw new IndexFormatError(
      `The export has ${blob.size} bytes, but its header says ${at}: it is cut short or damaged.`,
    );
  }
  return { header, sections, layers };
}

/** Its layers, in the form in which an index records them. */
export function layersOfArchive({ header }: Archive): LayerRow[] {
  return header.layers.map(({ bytes: _bytes, sha256: _sha256, ...layer }) => layer);
}

function readEntry(field: JsonField): Entry {
  return { bytes: field.get('bytes').integer(0), sha256: field.get('sha256').string(64) };
}

function readLayer(field: JsonField): LayerRow & Entry {
  return {
    key: readLayerKey(field.get('key')),
    modelId: field.get('modelId').string(1000),
    modelName: field.get('modelName').nullable((name) => name.string(1000)),
    dims: field.get('dims').integer(1, 8192),
    ...readEntry(field),
  };
}

/** Parses the JSON in a blob. @throws IndexFormatError */
export async function readJson(blob: Blob, where: string): Promise<JsonField> {
  return readIndexJson(new Uint8Array(await blob.arrayBuffer()), { where: `The export's ${where}` });
}

/**
 * A section's bytes, a few megabytes at a time, compared with its hash once all are read.
 * @throws IntegrityError after the last part, if they differ from what the header states
 */
export function readSection(archive: Archive, name: SectionName, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  return readHashed(name, archive.sections[name], archive.header.sections[name], signal);
}

/** The same for a layer. */
export function readLayerSection(archive: Archive, key: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const entry = archive.header.layers.find((layer) => layer.key === key)!;
  return readHashed(`vectors of ${entry.modelId}`, archive.layers.get(key)!, entry, signal);
}

async function* readHashed(name: string, blob: Blob, { sha256 }: Entry, signal?: AbortSignal) {
  const hasher = await FileHasher.create();
  for (let at = 0; at < blob.size; at += CHUNK_BYTES) {
    signal?.throwIfAborted();
    const bytes = new Uint8Array(await blob.slice(at, at + CHUNK_BYTES).arrayBuffer());
    hasher.update(bytes);
    yield bytes;
  }
  if (hasher.finish(name).sha256 === sha256) return;
  throw new IntegrityError(`The export's ${name} do not match their hash: the file is damaged.`, { section: name });
}
