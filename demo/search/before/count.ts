/** @file Counts the pictures in a folder by their names alone, without opening a file. */
import type { FolderSource } from '../../../src/search';
import { pictureKind } from '../../../src/search/indexing/picture-names';

export interface PhotoCount {
  photos: number;
  /** Time ran out before all folders were scanned. */
  more: boolean;
}

const SKIPPED = /^(\.|@eaDir$|__MACOSX$|\$RECYCLE\.BIN$)/i;

/** @param patience in milliseconds */
export async function countPhotos(sources: readonly FolderSource[], patience = 2000): Promise<PhotoCount> {
  const until = performance.now() + patience;
  let photos = 0;
  let more = false;
  const folders: FileSystemDirectoryHandle[] = [];
  for (const source of sources) {
    if ('handle' in source) folders.push(source.handle);
    else photos += source.files.filter(({ path }) => pictureKind(path) === 'readable').length;
  }
  // Unreadable parts are reported when the folder is indexed.
  while (folders.length > 0 && !more) {
    try {
      for await (const entry of folders.pop()!.values()) {
        if (SKIPPED.test(entry.name)) continue;
        if (entry.kind === 'directory') folders.push(entry as FileSystemDirectoryHandle);
        else if (pictureKind(entry.name) === 'readable') photos++;
        if (performance.now() > until) {
          more = true;
          break;
        }
      }
    } catch {
      continue;
    }
  }
  return { photos, more };
}
