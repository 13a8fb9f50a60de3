/** @file A folder on this device: from the browser's dialog for folders, from a file input, or dropped. */
import type { ModelSource } from '../../src/index';
import { entriesOf, fileOf } from '../shell/entries';

export interface PickedFolder {
  name: string;
  source: Extract<ModelSource, FileSystemDirectoryHandle | readonly File[]>;
}

type DirectoryPicker = (options: { mode: 'read' }) => Promise<FileSystemDirectoryHandle>;

/**
 * The dialog for folders, which does not mention uploading, unlike that of a file input.
 * @returns null if it was closed without a choice; `unavailable` if the browser has none, or forbids it here
 */
export async function pickFolder(): Promise<PickedFolder | null | 'unavailable'> {
  const { showDirectoryPicker } = window as { showDirectoryPicker?: DirectoryPicker };
  if (!showDirectoryPicker) return 'unavailable';
  try {
    const handle = await showDirectoryPicker({ mode: 'read' });
    return { name: handle.name, source: handle };
  } catch (error) {
    return error instanceof DOMException && error.name === 'AbortError' ? null : 'unavailable';
  }
}

/** The folder that a file input returns. */
export function folderOf(files: readonly File[]): PickedFolder | null {
  const name = files[0]?.webkitRelativePath.split('/')[0];
  return name ? { name, source: [...files] } : null;
}

/** Whether the folder itself contains a file with this name. */
export async function holds({ source }: PickedFolder, name: string): Promise<boolean> {
  if (!('getFileHandle' in source))
    return source.some((file) => file.name === name && file.webkitRelativePath.split('/').length <= 2);
  return source.getFileHandle(name).then(
    () => true,
    () => false,
  );
}

/** The part of a drop's items that is used here; which methods exist depends on the browser's age. */
export type DroppedItem = Pick<DataTransferItem, 'webkitGetAsEntry'> & {
  getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
};

/** The folder that was dropped, or null. Call this in the drop's own event: its items are gone afterwards. */
export async function droppedFolder(items: Iterable<DroppedItem>): Promise<PickedFolder | null> {
  const [item] = items;
  if (!item) return null;
  const entry = item.webkitGetAsEntry();
  const handle = await item.getAsFileSystemHandle?.();
  if (handle?.kind === 'directory') return { name: handle.name, source: handle as FileSystemDirectoryHandle };
  if (!entry?.isDirectory) return null;
  // Checkpoints and bundles are flat: files deeper down belong to something else.
  const files = await filesIn(entry as FileSystemDirectoryEntry);
  return { name: entry.name, source: files };
}

async function filesIn(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const files: File[] = [];
  for (const entry of await entriesOf(folder)) {
    if (entry.isFile) files.push(await fileOf(entry as FileSystemFileEntry));
  }
  return files;
}
