/** @file Ways to choose a folder of pictures: the browser's own dialog, a file field, or a drop. */
import { directoryOpen } from 'browser-fs-access';
import type { FolderFile, FolderSource } from '../../../src/search';
import { pictureKind } from '../../../src/search/indexing/picture-names';
import { entriesOf, fileOf } from '../../shell/entries';

type Picker = (options: { id: string; mode: 'read' }) => Promise<FileSystemDirectoryHandle>;

/** Asks for a folder. @returns null if the user cancelled */
export async function chooseFolder(): Promise<FolderSource | null> {
  const { showDirectoryPicker } = globalThis as { showDirectoryPicker?: Picker };
  try {
    // `directoryOpen` is not used, since it would read the names of all files before it answers.
    if (showDirectoryPicker) return { handle: await showDirectoryPicker({ id: 'photos', mode: 'read' }) };
    return fromPicked((await directoryOpen({ recursive: true })) as File[]);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null;
    throw error;
  }
}

/** Files with `webkitRelativePath`s, as from a file field for folders. @returns null if there are none */
export function fromPicked(files: readonly File[]): FolderSource | null {
  const [first] = files;
  if (!first) return null;
  const [name] = first.webkitRelativePath.split('/');
  return {
    name: name || 'folder',
    files: files.map((file) => ({ path: file.webkitRelativePath.split('/').slice(1).join('/') || file.name, file })),
  };
}

/** What was dropped: folders to index, several pictures to index as a folder, or one picture as a query. */
export type Dropped =
  { kind: 'folders'; sources: FolderSource[] } | { kind: 'picture'; file: File } | { kind: 'nothing' };

type HandleItem = DataTransferItem & { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> };

/** Reads a drop. Call this while the event is handled: afterwards the browser has forgotten what was dropped. */
export async function readDrop({ items }: Pick<DataTransfer, 'items'>, looseName: string): Promise<Dropped> {
  const sources: FolderSource[] = [];
  const loose: File[] = [];
  for (const each of await Promise.all([...items].filter(({ kind }) => kind === 'file').map(readItem))) {
    if (each instanceof File) loose.push(each);
    else if (each) sources.push(each);
  }
  if (sources.length === 0 && loose.length === 1) {
    return isPicture(loose[0]!) ? { kind: 'picture', file: loose[0]! } : { kind: 'nothing' };
  }
  if (loose.length > 0) sources.push({ name: looseName, files: loose.map((file) => ({ path: file.name, file })) });
  return sources.length > 0 ? { kind: 'folders', sources } : { kind: 'nothing' };
}

/** Browsers do not know the type of every picture. */
function isPicture({ name, type }: File): boolean {
  return type.startsWith('image/') || pictureKind(name) === 'readable';
}

/** All calls on the item are made before the first wait. */
async function readItem(item: DataTransferItem): Promise<FolderSource | File | null> {
  const entry = item.webkitGetAsEntry?.();
  const file = item.getAsFile();
  const handle = entry?.isFile ? null : (item as HandleItem).getAsFileSystemHandle?.();
  const opened = await handle?.catch(() => null);
  if (opened?.kind === 'directory') return { handle: opened as FileSystemDirectoryHandle };
  if (entry?.isDirectory) return { name: entry.name, files: await filesOf(entry as FileSystemDirectoryEntry, '') };
  return file;
}

async function filesOf(folder: FileSystemDirectoryEntry, path: string): Promise<FolderFile[]> {
  const files: FolderFile[] = [];
  for (const entry of await entriesOf(folder)) {
    const at = path + entry.name;
    if (entry.isDirectory) files.push(...(await filesOf(entry as FileSystemDirectoryEntry, `${at}/`)));
    else files.push({ path: at, file: await fileOf(entry as FileSystemFileEntry) });
  }
  return files;
}
