/** @file A folder on this device: from the browser's dialog for folders, from a file input, or dropped. */
import type { ModelSource } from '../../src/index';
import { entriesOf, fileOf } from '../shell/entries';

export interface PickedFolder {
  name: string;
  source: Extract<ModelSource, FileSystemDirectoryHandle | readonly File[]>;
}

type DirectoryPicker = (options: { mode: 'read' }) => Promise<FileSystemDirectoryHandle>;

/**
 * The dialog for folders, which does not speak of uploading as that of a file input does.
 * @returns null where it was closed without a choice; `unavailable` where the browser has none, or forbids it here
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

/** What a file input for folders gives. */
export function folderOf(files: readonly File[]): PickedFolder | null {
  const name = files[0]?.webkitRelativePath.split('/')[0];
  return name ? { name, source: [...files] } : null;
}

/** Whether a file of this name lies in the folder itself. */
export async function holds({ source }: PickedFolder, name: string): Promise<boolean> {
  if (!('getFileHandle' in source))
    return source.some((file) => file.name === name && file.webkitRelativePath.split('/').length <= 2);
  return source.getFileHandle(name).then(
    () => true,
    () => false,
  );
}

/** What of a drop's items is used here; the ways in are as old as browsers are. */
export type DroppedItem = Pick<DataTransferItem, 'webkitGetAsEntry'> & {
  getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
};

/** The folder that was dropped, or null. To be called in the drop's own turn: its items are gone afterwards. */
export async function droppedFolder(items: Iterable<DroppedItem>): Promise<PickedFolder | null> {
  const [item] = items;
  if (!item) return null;
  const entry = item.webkitGetAsEntry();
  const handle = await item.getAsFileSystemHandle?.();
  if (handle?.kind === 'directory') return { name: handle.name, source: handle as FileSystemDirectoryHandle };
  if (!entry?.isDirectory) return null;
  // Checkpoints and bundles are flat: what lies deeper belongs to something else.
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
