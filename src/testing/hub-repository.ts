/**
 * @file A folder as a repository of the fake Hub: commits that list files, small ones kept in git, large ones as LFS
 * objects with a SHA-256 (Node only).
 */

import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Weights are LFS objects whatever their size, as in the repositories' `.gitattributes`. */
const LFS_NAME = /\.(safetensors|bin|pt|pth|onnx|weights)$/;
const LFS_BYTES = 10_000_000;

export interface HubFile {
  path: string;
  size: number;
  /** Where the bytes are: a file on disk, or the bytes themselves. */
  content: string | Uint8Array;
  lfs: boolean;
}

/** The hashes by which the Hub knows a file. Lower-case hex. */
export interface HubFileHashes {
  /** Git blob id: of the file, or of the pointer that stands for an LFS object. */
  oid: string;
  /** Of an LFS object. */
  sha256: string | null;
  xetHash: string | null;
}

/** Any folder, or files given as bytes by path. */
export type HubContent = string | Record<string, Uint8Array>;

export class HubRepository {
  readonly name: string;
  /** `main`. */
  head: string;
  readonly #commits = new Map<string, Map<string, HubFile>>();
  readonly #hashes = new WeakMap<HubFile, Promise<HubFileHashes>>();

  constructor(name: string, content: HubContent) {
    this.name = name;
    this.head = this.#commit(new Map(filesOf(content).map((file) => [file.path, file])));
  }

  /** The files of a branch or commit, and the commit's id; null where there is none. */
  at(revision: string): { commit: string; files: ReadonlyMap<string, HubFile> } | null {
    const commit = revision === 'main' || revision === 'HEAD' ? this.head : revision;
    const files = this.#commits.get(commit);
    return files ? { commit, files } : null;
  }

  /** A new commit on `main` with one file replaced (null: removed). Earlier commits stay as they were. */
  change(path: string, content: Uint8Array | null): string {
    const files = new Map(this.#commits.get(this.head));
    if (content) files.set(path, fileOf(path, content.length, content));
    else files.delete(path);
    this.head = this.#commit(files);
    return this.head;
  }

  /** Computed once: hashing gigabytes takes a while. */
  hashes(file: HubFile): Promise<HubFileHashes> {
    let hashes = this.#hashes.get(file);
    if (!hashes) this.#hashes.set(file, (hashes = hashesOf(file)));
    return hashes;
  }

  #commit(files: Map<string, HubFile>): string {
    const listing = [...files.values()].map(({ path, size }) => `${path} ${size}`).join('\n');
    const id = sha1(`${this.name} ${this.#commits.size}\n${listing}`);
    this.#commits.set(id, files);
    return id;
  }
}

/** The files of a folder (names with a dot in front excepted), in order of their paths. */
export function filesOf(content: HubContent): HubFile[] {
  if (typeof content !== 'string') {
    return Object.entries(content).map(([path, bytes]) => fileOf(path, bytes.length, bytes));
  }
  return readdirSync(content, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('.') && statSync(join(content, path)).isFile())
    .sort()
    .map((path) => fileOf(path.replaceAll('\\', '/'), statSync(join(content, path)).size, join(content, path)));
}

function fileOf(path: string, size: number, content: string | Uint8Array): HubFile {
  return { path, size, content, lfs: LFS_NAME.test(path) || size > LFS_BYTES };
}

async function hashesOf(file: HubFile): Promise<HubFileHashes> {
  const sha256 = createHash('sha256');
  const git = createHash('sha1').update(`blob ${file.size}\0`);
  const take = (bytes: Uint8Array) => {
    sha256.update(bytes);
    if (!file.lfs) git.update(bytes);
  };
  if (typeof file.content !== 'string') take(file.content);
  else for await (const bytes of createReadStream(file.content, { highWaterMark: 1 << 20 })) take(bytes as Uint8Array);
  const whole = sha256.digest('hex');
  if (!file.lfs) return { oid: git.digest('hex'), sha256: null, xetHash: null };
  const pointer = lfsPointer(whole, file.size);
  return {
    oid: sha1(`blob ${pointer.length}\0${pointer}`),
    sha256: whole,
    // The real one is of another kind; here it only has to differ from the SHA-256.
    xetHash: createHash('sha256').update(`xet ${whole}`).digest('hex'),
  };
}

/** What git holds in the place of an LFS object. */
export function lfsPointer(sha256: string, size: number): string {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
