/**
 * @file A whole index as one file: how it begins, and what may be in it. Little-endian:
 *
 *   'VLMPHOTO', uint32 version, uint32 bytes of the header, the header (JSON), then the sections one after another
 *
 * The header names model and sections with their lengths and SHA-256: `rows` (JSON: folders and files), `vectors` (see
 * `vectors/image.ts`), `thumbnails` (end to end). Everything is checked before anything is taken over.
 */

import type { BundleFile } from '../../bundle/manifest';
import { FileHasher } from '../../bundle/hash';
import { JsonField } from '../../bundle/json-field';
import { IndexFormatError, IntegrityError, UnsupportedError } from '../../errors';

const MAGIC = 'VLMPHOTO';
const VERSION = 1;
const PREFIX_BYTES = 16;
const MAX_HEADER_BYTES = 1 << 20;
/** Bytes read and hashed at a time. */
export const CHUNK_BYTES = 8 << 20;

export const SECTIONS = ['rows', 'vectors', 'thumbnails'] as const;
export type SectionName = (typeof SECTIONS)[number];

export interface ArchiveHeader {
  modelId: string;
  /** For people; null where the index had none. */
  modelName: string | null;
  dims: number;
  /** ISO 8601. */
  created: string;
  sections: Record<SectionName, Pick<BundleFile, 'bytes' | 'sha256'>>;
}

/** A section while it is written: its parts lie on disk where the browser puts large blobs. */
export class SectionWriter {
  readonly #hasher: FileHasher;
  readonly #parts: Blob[] = [];

  private constructor(hasher: FileHasher) {
    this.#hasher = hasher;
  }

  static async create(): Promise<SectionWriter> {
    return new SectionWriter(await FileHasher.create());
  }

  write(bytes: Uint8Array): void {
    this.#hasher.update(bytes);
    this.#parts.push(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  }

  finish(name: SectionName): { blob: Blob; entry: Pick<BundleFile, 'bytes' | 'sha256'> } {
    const { bytes, sha256 } = this.#hasher.finish(name);
    return { blob: new Blob(this.#parts), entry: { bytes, sha256 } };
  }
}

export function archiveBlob(
  facts: Pick<ArchiveHeader, 'modelId' | 'modelName' | 'dims'>,
  sections: Record<SectionName, ReturnType<SectionWriter['finish']>>,
): Blob {
  const entries = Object.fromEntries(SECTIONS.map((name) => [name, sections[name].entry]));
  const header = new TextEncoder().encode(
    JSON.stringify({ ...facts, created: new Date().toISOString(), sections: entries }),
  );
  const prefix = new Uint8Array(PREFIX_BYTES);
  prefix.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(prefix.buffer);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, header.length, true);
  return new Blob([prefix, header, ...SECTIONS.map((name) => sections[name].blob)], {
    type: 'application/octet-stream',
  });
}

export interface Archive {
  header: ArchiveHeader;
  sections: Record<SectionName, Blob>;
}

/**
 * Reads the beginning of an archive; its sections are not read yet.
 * @throws IndexFormatError; UnsupportedError for a later version
 */
export async function openArchive(blob: Blob): Promise<Archive> {
  const prefix = new Uint8Array(await blob.slice(0, PREFIX_BYTES).arrayBuffer());
  const isArchive = prefix.length === PREFIX_BYTES && new TextDecoder('latin1').decode(prefix.subarray(0, 8)) === MAGIC;
  if (!isArchive) throw new IndexFormatError('This is no exported photo index.');
  const view = new DataView(prefix.buffer);
  const version = view.getUint32(8, true);
  if (version !== VERSION) {
    throw new UnsupportedError(`The export has format version ${version}; this site knows ${VERSION}.`, { version });
  }
  const length = view.getUint32(12, true);
  if (length > MAX_HEADER_BYTES) throw new IndexFormatError(`The export's header is said to have ${length} bytes.`);
  const start = PREFIX_BYTES + length;
  const root = await readJson(blob.slice(PREFIX_BYTES, start), 'header');
  const header: ArchiveHeader = {
    modelId: root.get('modelId').string(1000),
    // Exports of earlier versions have none.
    modelName: root.get('modelName').given((name) => name.string(1000)) ?? null,
    dims: root.get('dims').integer(1, 8192),
    created: root.get('created').string(100),
    sections: {} as ArchiveHeader['sections'],
  };
  const sections = {} as Archive['sections'];
  let at = start;
  for (const name of SECTIONS) {
    const field = root.get('sections').get(name);
    const entry = { bytes: field.get('bytes').integer(0), sha256: field.get('sha256').string(64) };
    header.sections[name] = entry;
    sections[name] = blob.slice(at, at + entry.bytes);
    at += entry.bytes;
  }
  if (at !== blob.size) {
    throw new IndexFormatError(
      `The export has ${blob.size} bytes, and by its header ${at}: it is cut short or damaged.`,
    );
  }
  return { header, sections };
}

/** JSON of a blob. @throws IndexFormatError */
export async function readJson(blob: Blob, where: string): Promise<JsonField> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await blob.arrayBuffer()));
  } catch (cause) {
    throw new IndexFormatError(`The export's ${where} is no JSON.`, {}, { cause });
  }
  return new JsonField(value, (at, what) => new IndexFormatError(`The export's ${where}${at && ` at ${at}`}: ${what}`));
}

/**
 * A section's bytes, a few megabytes at a time, held to its hash once all are read.
 * @throws IntegrityError behind the last part, where they are others than the header promises
 */
export async function* readSection({ header, sections }: Archive, name: SectionName, signal?: AbortSignal) {
  const blob = sections[name];
  const hasher = await FileHasher.create();
  for (let at = 0; at < blob.size; at += CHUNK_BYTES) {
    signal?.throwIfAborted();
    const bytes = new Uint8Array(await blob.slice(at, at + CHUNK_BYTES).arrayBuffer());
    hasher.update(bytes);
    yield bytes;
  }
  if (hasher.finish(name).sha256 !== header.sections[name].sha256) {
    throw new IntegrityError(`The export's ${name} differ from their hash: the file is damaged.`, { section: name });
  }
}
