/**
 * @file Copies files into a folder that the user chose. A file there is complete or absent, no file is
 * overwritten, and one picture that cannot be read affects no other.
 */

export interface CopyFilesOptions {
  folder: FileSystemDirectoryHandle;
  /** What is copied, in order. */
  items: readonly { id: number; name: string; path: string }[];
  /** Rejects if the original cannot be read. */
  file: (id: number) => Promise<File>;
  /** Called after each file. */
  onProgress?: (done: number) => void;
  /** The file in progress then leaves nothing behind. */
  signal?: AbortSignal;
  /** The message for a file that was not written completely. */
  tooShort: string;
}

export interface CopyReport {
  /** Files written. */
  copied: number;
  /** Those of them written under another name, since theirs was taken. */
  renamed: number;
  /** The same bytes were there under the same name. */
  present: number;
  /** Files that failed, with the reason. */
  failed: { path: string; error: unknown }[];
  /** Files not started, since the folder accepts no more or the user stopped it. */
  left: number;
  /** Why it ended early; null if it did not. */
  ended: 'full' | 'refused' | 'gone' | 'stopped' | null;
}

/** Errors of the folder, not of a single file. */
const FATAL: Record<string, CopyReport['ended']> = {
  QuotaExceededError: 'full',
  NotAllowedError: 'refused',
  SecurityError: 'refused',
  NoModificationAllowedError: 'refused',
  NotFoundError: 'gone',
};

/** Bytes compared at a time. */
const STEP = 4 << 20;
const MOST_NAMES = 10_000;

class Fatal extends Error {
  constructor(
    readonly why: CopyReport['ended'],
    cause: unknown,
  ) {
    super(`Copying ended: ${why}`, { cause });
  }
}

/** Never rejects: failures are in the report. */
export async function copyFiles(options: CopyFilesOptions): Promise<CopyReport> {
  const { items, onProgress, signal } = options;
  const report: CopyReport = { copied: 0, renamed: 0, present: 0, failed: [], left: 0, ended: null };
  for (const [done, item] of items.entries()) {
    try {
      if (signal?.aborted) throw new Fatal('stopped', signal.reason);
      const outcome = await copyOne(item, options);
      if (outcome === 'present') report.present++;
      else report.copied++;
      if (outcome === 'renamed') report.renamed++;
    } catch (error) {
      if (error instanceof Fatal) return { ...report, ended: error.why, left: items.length - done };
      report.failed.push({ path: item.path, error });
    }
    onProgress?.(done + 1);
  }
  return report;
}

async function copyOne(
  { id, name }: CopyFilesOptions['items'][number],
  { folder, file: read, signal, tooShort }: CopyFilesOptions,
): Promise<'written' | 'renamed' | 'present'> {
  const file = await read(id);
  for (let n = 1; n <= MOST_NAMES; n++) {
    const candidate = n === 1 ? name : numbered(name, n);
    const there = await atFolder(() => existing(folder, candidate));
    if (there === 'taken') continue;
    if (there) {
      if (await sameBytes(file, there)) return 'present';
      continue;
    }
    await write(folder, candidate, file, { signal, tooShort });
    return n === 1 ? 'written' : 'renamed';
  }
  throw new Error(name);
}

/** `beach (2).jpg` */
export function numbered(name: string, n: number): string {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? `${name.slice(0, dot)} (${n})${name.slice(dot)}` : `${name} (${n})`;
}

/** The file of that name; `taken` by something else; null if there is none. */
async function existing(folder: FileSystemDirectoryHandle, name: string): Promise<File | 'taken' | null> {
  try {
    return await (await folder.getFileHandle(name)).getFile();
  } catch (error) {
    if (nameOf(error) === 'TypeMismatchError') return 'taken';
    // A missing folder gives the same error as a free name; writing then reveals it.
    if (nameOf(error) === 'NotFoundError') return null;
    throw error;
  }
}

async function write(
  folder: FileSystemDirectoryHandle,
  name: string,
  file: File,
  { signal, tooShort }: Pick<CopyFilesOptions, 'signal' | 'tooShort'>,
): Promise<void> {
  const handle = await atFolder(() => folder.getFileHandle(name, { create: true }));
  try {
    const writable = await atFolder(() => handle.createWritable());
    try {
      const reader = file.stream().getReader();
      for (;;) {
        // Failures here are the picture's fault, failures there the folder's.
        const { done, value } = await reader.read();
        if (signal?.aborted) throw new Fatal('stopped', signal.reason);
        if (done) break;
        await atFolder(() => writable.write(value));
      }
      await atFolder(() => writable.close());
    } catch (error) {
      await writable.abort().catch(() => undefined);
      throw error;
    }
    if ((await handle.getFile()).size !== file.size) throw new Error(tooShort);
  } catch (error) {
    await folder.removeEntry(name).catch(() => undefined); // it is ours: the name was free
    throw error;
  }
}

async function atFolder<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const why = FATAL[nameOf(error)];
    if (why) throw new Fatal(why, error);
    throw error;
  }
}

async function sameBytes(one: Blob, other: Blob): Promise<boolean> {
  if (one.size !== other.size) return false;
  for (let at = 0; at < one.size; at += STEP) {
    const [a, b] = await Promise.all(
      [one, other].map(async (blob) => new Uint8Array(await blob.slice(at, at + STEP).arrayBuffer())),
    );
    if (!a!.every((byte, i) => byte === b![i])) return false;
  }
  return true;
}

function nameOf(error: unknown): string {
  return (error as Error | null)?.name ?? '';
}
