/** @file A folder that a person picks: by the browser's dialog for folders, else by a file input. */
import type { ModelSource } from '../src/index';

export interface PickedFolder {
  name: string;
  source: ModelSource;
}

type DirectoryPicker = (options: { mode: 'read' }) => Promise<FileSystemDirectoryHandle>;

/** @param onPick is given null where a file input came back empty */
export function folderChoice(
  { button, input, text }: { button: HTMLButtonElement; input: HTMLInputElement; text: HTMLElement },
  onPick: (folder: PickedFolder | null) => void,
): void {
  const picked = (folder: PickedFolder | null) => {
    if (folder) text.textContent = folder.name;
    onPick(folder);
  };
  button.addEventListener('click', () => {
    const { showDirectoryPicker } = window as { showDirectoryPicker?: DirectoryPicker };
    if (!showDirectoryPicker) return input.click();
    showDirectoryPicker({ mode: 'read' }).then(
      (handle) => picked({ name: handle.name, source: handle }),
      (error: unknown) => {
        // Closed without a choice; elsewhere (frames) it may be forbidden, and the file input is not.
        if (!(error instanceof DOMException && error.name === 'AbortError')) input.click();
      },
    );
  });
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    const name = files[0]?.webkitRelativePath.split('/')[0];
    picked(name === undefined ? null : { name, source: files });
  });
}
