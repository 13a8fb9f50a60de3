/** @file The browser's folder picker, for `add({ handle })`. TypeScript's library does not declare it yet. */

/** Options of `showDirectoryPicker`. */
export interface DirectoryPicker {
  /** Pickers with the same id open in the folder that was last chosen. */
  id?: string;
  /** Which permission to request. @default 'read' */
  mode?: 'read' | 'readwrite';
  /** Where the picker opens the first time. */
  startIn?: FileSystemHandle | 'desktop' | 'documents' | 'downloads' | 'music' | 'pictures' | 'videos';
}

declare global {
  /**
   * Asks the user for a folder; call it from a click handler. Only Chromium-based browsers have it: elsewhere use
   * `<input type="file" webkitdirectory>`.
   * @throws DOMException `AbortError` if the user chooses none
   */
  function showDirectoryPicker(options?: DirectoryPicker): Promise<FileSystemDirectoryHandle>;
}
