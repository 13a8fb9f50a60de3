/**
 * @file The sources from which pictures are added, in whichever form: a folder's handle, or a name and files
 * with paths.
 */

import { InvalidInputError } from '../../errors';
import { expectKnown, named } from '../../hooks';
import type { FolderFile, FolderSource, PhotoSource } from '../types';
import { refuse } from './checks';

/**
 * @throws InvalidInputError for anything other than a folder or files, for files without a folder's name, and if two
 * would
 *   have the same path
 */
export function asSource(given: PhotoSource): FolderSource {
  if (typeof given !== 'object' || given === null) refuse('source', given, '{ handle }, or { name, files }');
  if (isHandle(given)) {
    throw new InvalidInputError('source is a handle; give it as { handle }.', { option: 'source' });
  }
  if (isList(given)) return { name: folderOf(given), files: withPaths(given, '') };
  if ('handle' in given) {
    expectKnown('add', given, ['handle']);
    const { handle } = given;
    if (!isHandle(handle))
      refuse('handle', handle, 'a FileSystemDirectoryHandle, as returned by showDirectoryPicker()');
    if (handle.kind === 'directory') return { handle };
    throw new InvalidInputError(
      `handle belongs to a file, ${handle.name}; give its folder's handle, or the file itself: { name, files: [file] }.`,
      { option: 'handle' },
    );
  }
  expectKnown('add', given, ['name', 'files', 'handle']);
  const { name, files } = given;
  if (typeof name !== 'string' || name === '') refuse('name', name === '' ? "''" : name, 'the name of the folder');
  if (!isList(files)) refuse('files', files, 'a FileList, or an array of files');
  return { name, files: withPaths(files, 'files') };
}

const isHandle = (value: unknown): value is FileSystemHandle =>
  typeof value === 'object' && value !== null && 'kind' in value && /^(directory|file)$/.test(String(value.kind));

const isList = (value: unknown): value is ArrayLike<File | FolderFile> =>
  typeof value === 'object' && value !== null && 'length' in value && typeof value.length === 'number';

/** The chosen folder's name, with which the paths of all its files begin. */
function folderOf(files: ArrayLike<File | FolderFile>): string {
  const names = new Set(Array.from(files, (file) => relativePath(file).split('/')[0]!));
  const [name] = names;
  if (names.size === 1 && name) return name;
  const why =
    files.length === 0
      ? 'There are no files'
      : names.size > 1
        ? 'They come from several folders'
        : 'They do not name a folder';
  throw new InvalidInputError(
    `${why}: give the files with a name for them: add({ name: 'My pictures', files }). Only files from ` +
      '<input webkitdirectory> name their folder.',
    { option: 'name' },
  );
}

const relativePath = (file: File | FolderFile): string => ('webkitRelativePath' in file ? file.webkitRelativePath : '');

function withPaths(list: ArrayLike<File | FolderFile>, option: string): FolderFile[] {
  const seen = new Map<string, string>();
  return Array.from(list, (given, i) => {
    const at = `${option}[${i}]`;
    const { path, file } = isFile(given) ? { path: pathOf(given), file: given } : given;
    if (!isFile(file)) {
      const what = (file as unknown) instanceof Blob ? 'a Blob, which has no date' : named(given);
      throw new InvalidInputError(`${at} is ${what}; it must be a File, or { path, file }.`, { option: at });
    }
    if (typeof path !== 'string' || path === '' || path.split('/').includes('')) {
      refuse(`${at}.path`, path === '' ? "''" : path, "the file's path within the folder, such as 2024/beach.jpg");
    }
    const before = seen.get(path);
    if (before !== undefined) {
      throw new InvalidInputError(
        `${at} and ${before} have the same path, ${path}: give each its own path as { path, file }.`,
        { option: at, path },
      );
    }
    seen.set(path, at);
    return { path, file };
  });
}

/** The path without the folder's own name. */
function pathOf(file: File): string {
  const path = relativePath(file);
  return path === '' ? file.name : path.slice(path.indexOf('/') + 1);
}

function isFile(value: unknown): value is File {
  const file = value as Partial<File> | null;
  return typeof file === 'object' && typeof file?.lastModified === 'number' && typeof file.arrayBuffer === 'function';
}
