/** @file The browser's folder picker, for `add({ handle })`: TypeScript's library does not know it yet. */

/** Of `showDirectoryPicker`. */
export interface DirectoryPicker {
  /** Pickers of the same id begin where the last one ended. */
  id?: string;
  /** What will be asked for. @default 'read' */
  mode?: 'read' | 'readwrite';
  /** Where it begins the first time. */
  startIn?: FileSystemHandle | 'desktop' | 'documents' | 'downloads' | 'music' | 'pictures' | 'videos';
}

declare global {
  /**
   * Of browsers on Chromium, in a click: asks the user for a folder. Elsewhere it is not there: use
   * `<input type="file" webkitdirectory>`.
   * @throws DOMException `AbortError` where the user chooses none
   */
  function showDirectoryPicker(options?: DirectoryPicker): Promise<FileSystemDirectoryHandle>;
}
