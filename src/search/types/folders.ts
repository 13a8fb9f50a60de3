/** @file Where pictures come from: the public types of folders and files. Plain data. */

/** Where pictures come from. */
export type FolderSource =
  /** Remembered. The browser may ask for permission again on the next visit. */
  | { handle: FileSystemDirectoryHandle }
  /**
   * From `<input webkitdirectory>` or a drop. Not remembered: after a reload the user has to choose the same folder
   * again.
   */
  | { name: string; files: readonly FolderFile[] };

/**
 * What `PhotoIndex.add` takes: a folder; the files of an `<input webkitdirectory>`, which include the folder's
 * name; or any files together with a name for them. A file without a path is identified by its name.
 */
export type PhotoSource =
  FolderSource | FileList | readonly File[] | { name: string; files: FileList | readonly (File | FolderFile)[] };

/** A file in a folder that was chosen or dropped. */
export interface FolderFile {
  /** Path within the folder, with `/` between names and without the folder's own name. */
  path: string;
  /** The file itself. */
  file: File;
}

/** A folder of the index. Plain data. */
export interface FolderInfo {
  /** For `PhotoIndex.reconnect` and `PhotoIndex.removeFolder`. */
  id: number;
  /** Name of the folder. */
  name: string;
  /**
   * `ready`: its files can be read; `ask`: call `PhotoIndex.reconnect` from a click handler; `choose`: the folder
   * has to be chosen again and passed to `PhotoIndex.add`. Pictures already indexed can be searched in every
   * case.
   */
  access: 'ready' | 'ask' | 'choose';
  /** Why all or part of the folder could not be scanned last time; null if everything went well. */
  problem: FolderProblem | null;
  /** Number of pictures that the last complete scan found; null before the first one. */
  found: number | null;
  /** Number of its pictures that can be searched. */
  indexed: number;
  /**
   * Number of those pictures that were read by an earlier version, which extracted less from files (keywords, titles
   * and captions were missing). The next `PhotoIndex.start` reads these details again, without using the model.
   */
  older: number;
}

/** Why a folder could not be scanned. Pictures already indexed from it stay in the index and can be searched. */
export interface FolderProblem {
  /**
   * `gone`: the folder or its drive does not exist; `empty`: no pictures are left in it, as happens with the folder of
   * a drive that is not connected; `refused`: there is no permission to read it; `partial`: some parts of it could not
   * be read.
   */
  kind: 'gone' | 'empty' | 'refused' | 'partial';
  /**
   * Where the problem is: the folder's name; for `partial`, followed by the path of the first part that could not be
   * read.
   */
  path: string;
  /** A message to display: what is wrong, and what to do. */
  reason: string;
}
