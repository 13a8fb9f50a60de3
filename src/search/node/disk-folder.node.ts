/**
 * @file A folder on disk with the interface of browser folders, for the code that scans them. Links are followed, but
 * no folder is entered twice in one scan, neither through a circular link nor through a link to something that is
 * in the folder anyway. Broken links, pipes and devices are skipped. What has a name that is not UTF-8 is listed as a
 * file that cannot be read.
 */

import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { InvalidInputError } from '../../errors';
import { listFolder, NOT_UTF8 } from '../../store/list-folder.node.js';
import { DiskFile, UnreadableFile } from './disk-file.node.js';
import { domError } from './dom-error.node.js';

/** The folders that one walk has entered. */
interface Walk {
  /** The real path of the folder where it began. */
  top: string;
  entered: Set<string>;
}

/** A folder on disk. */
export type DiskFolderHandle = FileSystemDirectoryHandle & { readonly path: string };

/** @param path absolute, or relative to the working folder */
export function diskFolder(path: string): DiskFolderHandle {
  const absolute = resolve(path);
  return new DiskFolder(absolute, null) as unknown as DiskFolderHandle;
}

/** Whether a folder's handle refers to the disk. */
export function isDiskFolder(handle: FileSystemDirectoryHandle | null): handle is DiskFolderHandle {
  return (handle as unknown) instanceof DiskFolder;
}

class DiskFolder {
  readonly kind = 'directory';
  readonly name: string;
  readonly path: string;
  /** The walk that found it, and its real path; null if a walk begins here. */
  readonly #found: { walk: Walk; real: string } | null;

  constructor(path: string, found: { walk: Walk; real: string } | null) {
    this.path = path;
    this.name = basename(path) || path.replaceAll(sep, '') || 'root';
    this.#found = found;
  }

  async *values(): AsyncGenerator<DiskFolder | DiskFileHandle | MisnamedHandle> {
    const { walk, real } = this.#found ?? (await begin(this.path));
    for (const { name, kind, isLink, status } of await list(this.path)) {
      const path = join(this.path, name);
      if (status) {
        yield new MisnamedHandle(name, status);
        continue;
      }
      if (kind === 'file') {
        yield new DiskFileHandle(path);
        continue;
      }
      const inside = isLink ? await realpath(path).catch(() => null) : join(real, name);
      if (inside === null || (isLink && isWithin(inside, walk.top)) || walk.entered.has(inside)) continue;
      walk.entered.add(inside);
      yield new DiskFolder(path, { walk, real: inside });
    }
  }

  async *keys(): AsyncGenerator<string> {
    for (const { name } of await list(this.path)) yield name;
  }

  async getDirectoryHandle(name: string): Promise<DiskFolder> {
    const path = join(this.path, name);
    const status = await stat(path).catch((cause: unknown) => Promise.reject(domError(cause)));
    if (!status.isDirectory()) throw new DOMException(`${path} is not a folder.`, 'TypeMismatchError');
    return new DiskFolder(path, null);
  }

  async getFileHandle(name: string): Promise<DiskFileHandle> {
    return new DiskFileHandle(join(this.path, name));
  }

  async isSameEntry(other: unknown): Promise<boolean> {
    if (!(other instanceof DiskFolder)) return false;
    const real = (path: string) => realpath(path).catch(() => path);
    return (await real(this.path)) === (await real(other.path));
  }
}

class DiskFileHandle {
  readonly kind = 'file';
  readonly name: string;
  readonly #path: string;

  constructor(path: string) {
    this.name = basename(path);
    this.#path = path;
  }

  async getFile(): Promise<DiskFile> {
    const status = await stat(this.#path).catch((cause: unknown) => Promise.reject(domError(cause)));
    return new DiskFile(this.#path, { size: status.size, modified: status.mtimeMs });
  }
}

/** A file or a folder whose name is not UTF-8. */
class MisnamedHandle {
  readonly kind = 'file';
  readonly name: string;
  readonly standsForFolder: boolean;
  readonly #status: Stats;

  constructor(name: string, status: Stats) {
    this.name = name;
    this.standsForFolder = status.isDirectory();
    this.#status = status;
  }

  async getFile(): Promise<File> {
    const { size, mtimeMs } = this.#status;
    const what = this.standsForFolder ? 'This folder' : 'This file';
    return new UnreadableFile(this.name, {
      // Empty files would be refused as such.
      size: Math.max(1, size),
      modified: mtimeMs,
      reason: new InvalidInputError(`${what} ${NOT_UTF8}`, { name: this.name }),
    });
  }
}

async function begin(path: string): Promise<{ walk: Walk; real: string }> {
  const real = await realpath(path).catch((cause: unknown) => Promise.reject(domError(cause)));
  return { real, walk: { top: real, entered: new Set([real]) } };
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

interface Listed {
  name: string;
  kind: 'file' | 'directory';
  isLink: boolean;
  /** Set if its name is not UTF-8. */
  status?: Stats;
}

async function list(path: string): Promise<Listed[]> {
  const entries = await listFolder(path).catch((cause: unknown) => Promise.reject(domError(cause)));
  const listed: Listed[] = [];
  for (const entry of entries) {
    const { name } = entry;
    const isLink = entry.isSymbolicLink();
    // Some file systems do not report kinds when listing.
    const isKnown = entry.isUtf8 && !isLink && (entry.isFile() || entry.isDirectory());
    const status = isKnown ? undefined : await entry.status().catch(() => null);
    const kind = isKnown ? entry : status;
    const known = { name, isLink, ...(!entry.isUtf8 && status && { status }) };
    if (kind?.isFile()) listed.push({ ...known, kind: 'file' });
    else if (kind?.isDirectory()) listed.push({ ...known, kind: 'directory' });
  }
  // Of two links to one folder, the first by name is followed, whatever the order on disk.
  return listed.sort((a, b) => (a.name < b.name ? -1 : 1));
}
