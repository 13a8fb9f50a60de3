/** @file `vlm2vec index`: the page's photo index, over folders on this disk. */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { InvalidInputError, SourceNotFoundError } from '../errors';
import type { FolderInfo, PhotoProblem, RunProgress } from '../search';
import { DiskFile } from '../search/node/disk-file.node.js';
import { FolderIndexer } from '../search/node/folder-indexer.node.js';
import { exportToFile } from '../search/node/export-file.node.js';
import { openIndex, openStorage, type FoundIndex } from '../search/node/open-index.node.js';
import { openArchive } from '../search/library/archive';
import { MANIFEST_NAME } from '../search/library/folder-manifest';
import { Folders } from '../search/indexing/folders';
import { listProblems } from '../search/library/find';
import { expectExportPlace } from './export-place';
import { InputsSkipped } from './failure';
import { printLine } from './output';
import { loadEmbedder, type ModelArguments } from './photo-embedder';
import { BUILT_IN_NAME } from './places';
import type { ProgressLine } from './progress';
import { warn } from './warn';

export interface IndexArguments extends ModelArguments {
  out?: string;
  model?: string;
  dims?: number;
  /** False with `--no-thumbnails`. */
  thumbnails: boolean;
  retry?: boolean;
  import?: string;
  export?: string;
  status?: string;
  json?: boolean;
}

/**
 * Brings the index in `out` up to date with its folders.
 * @throws InputsSkipped if everything was done, except for files or folders that could not be read
 */
export async function indexCommand(
  folders: readonly string[],
  args: IndexArguments,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  const { out, status } = args;
  if (status !== undefined) {
    if (out !== undefined || folders.length > 0)
      throw new InvalidInputError('--status cannot be combined with folders or --out.');
    return printStatus(status, args.json ?? false);
  }
  if (out === undefined) throw new InvalidInputError('Say where the index is or should be created: --out <dir>.');
  if (args.export !== undefined) expectExportPlace(args.export, out);
  if (args.export !== undefined && args.model === undefined && folders.length === 0 && args.import === undefined) {
    return exportIndexTo(args.export, out, progress, signal);
  }
  await bringUpToDate(folders, { ...args, out }, progress, signal);
}

async function bringUpToDate(
  folders: readonly string[],
  args: IndexArguments & { out: string },
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  const { out, thumbnails, retry = false } = args;
  for (const folder of folders) expectFolder(folder);
  const imported = args.import === undefined ? null : exportedFile(args.import);
  if (imported) await openArchive(imported); // refuses what is no export before a model is loaded
  const before = await knownIndex(out);
  if (!before && folders.length === 0 && !imported) {
    throw new SourceNotFoundError(`There is no index in ${out} yet: name the folders with the pictures.`, { out });
  }
  const place = args.model ?? before?.model ?? (before?.indexed.name === BUILT_IN_NAME ? BUILT_IN_NAME : null);
  if (place === null) throw new InvalidInputError('Name the model: --model <bundle>, or nano, the built-in one.');
  const hadFolder = existsSync(out);
  const isNew = !hadFolder || readdirSync(out).length === 0;
  let isHalfImported = false;
  const loaded = await loadEmbedder(place, { ...args, indexed: before?.indexed }, progress, signal);
  try {
    const indexer = await FolderIndexer.open(out, {
      embedder: loaded.embedder,
      model: loaded.model,
      thumbnails,
      onChange: (each) => showRun(each, progress),
    });
    try {
      if (imported) {
        isHalfImported = true;
        await indexer.import(imported, signal);
        isHalfImported = false;
      }
      for (const folder of folders) await indexer.add(folder);
      if (retry) await indexer.retry();
      const run = await indexer.run(signal);
      progress.clear();
      await report(indexer, run, args, progress);
    } finally {
      await indexer.close();
      if (isHalfImported && isNew) await discard(out, hadFolder);
    }
    if (args.export !== undefined) await exportIndexTo(args.export, out, progress, signal);
  } finally {
    await loaded.dispose();
  }
}

/** For an existing index: which model it was made with, and where that model was. */
async function knownIndex(out: string): Promise<Pick<FoundIndex, 'indexed' | 'model'> | null> {
  if (!existsSync(path.join(out, MANIFEST_NAME))) return null;
  const { indexed, model, close } = await openStorage(out);
  await close();
  return { indexed, model };
}

/** Removes a new index that was to start from an import, which failed: it is empty. */
async function discard(out: string, hadFolder: boolean): Promise<void> {
  await rm(out, { recursive: true, force: true });
  if (hadFolder) await mkdir(out);
}

function expectFolder(folder: string): void {
  const status = statSync(folder, { throwIfNoEntry: false });
  if (!status) throw new SourceNotFoundError(`There is no folder ${folder}.`, { folder });
  if (!status.isDirectory())
    throw new InvalidInputError(`${folder} is a file; name the folder that contains it.`, { folder });
}

function exportedFile(place: string): Blob {
  const status = statSync(place, { throwIfNoEntry: false });
  if (!status?.isFile()) throw new SourceNotFoundError(`There is no file ${place} to import.`, { place });
  return new DiskFile(place, { size: status.size, modified: status.mtimeMs });
}

const count = (number: number, what: string) => `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;

function showRun({ phase, progress: run }: FolderIndexer, line: ProgressLine): void {
  if (!run) return;
  if (phase === 'walking') return line.tick(() => `Scanning folders: ${count(run.found, 'picture')}`);
  if (phase !== 'indexing') return;
  line.tick(() => {
    const words = [`${run.done.toLocaleString('en')} of ${count(run.total, 'picture')}`];
    if (run.rate !== null) words.push(`${run.rate.toPrecision(2)} per second`);
    if (run.secondsLeft !== null) words.push(`${duration(run.secondsLeft)} left`);
    return words.join(', ');
  });
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** @throws InputsSkipped */
async function report(
  indexer: FolderIndexer,
  run: RunProgress,
  { json = false }: IndexArguments,
  progress: ProgressLine,
): Promise<void> {
  const { folders, problems } = indexer;
  const pictures = indexer.library.catalog.pictures;
  const { embedded, reused, removed } = run;
  if (json) await printLine(JSON.stringify({ pictures, embedded, reused, removed, folders, problems }));
  else {
    const done = `${embedded.toLocaleString('en')} embedded, ${reused.toLocaleString('en')} known, ${removed.toLocaleString('en')} gone`;
    await printLine(`${count(pictures, 'picture')} (${done})`);
  }
  for (const { path: each, reason } of problems) warn(`${each}: ${reason}`, progress);
  const unread = folders.flatMap(
    ({ problem, access, name }) => problem?.reason ?? (access === 'ready' ? [] : lost(name)),
  );
  for (const reason of unread) warn(reason, progress);
  if (problems.length + unread.length === 0) return;
  const parts = [
    ...(problems.length > 0 ? [`${count(problems.length, 'file')} could not be indexed`] : []),
    ...(unread.length > 0 ? [`${count(unread.length, 'folder')} could not be read, completely or in part`] : []),
  ];
  throw new InputsSkipped(`${parts.join('; ')}. --retry tries them again.`);
}

/** For an imported index, whose folders are not known. */
function lost(name: string): string {
  return `“${name}” came with an import; its pictures can be searched. Name a folder with that name to continue with it.`;
}

async function printStatus(place: string, json: boolean): Promise<void> {
  const { library, indexed, model } = await openIndex(place);
  try {
    const { catalog, meta } = library;
    const watch = new Folders();
    await watch.refresh(catalog);
    await watch.checkAll(catalog);
    const folders: FolderInfo[] = watch.describe(catalog);
    const problems: PhotoProblem[] = listProblems(catalog);
    const { pictures } = catalog;
    if (json) {
      const { unfinished } = meta;
      await printLine(JSON.stringify({ model: { ...indexed, place: model }, pictures, unfinished, folders, problems }));
      return;
    }
    await printLine(`${count(pictures, 'picture')}, ${count(problems.length, 'problem')}`);
    await printLine(`model   ${indexed.name ?? 'without a name'}, ${indexed.dims} dimensions, id ${indexed.id}`);
    if (model !== null) await printLine(`        ${model}`);
    if (meta.unfinished) await printLine('A run was not finished: vlm2vec index continues it.');
    for (const { name, indexed: each, problem } of folders) {
      await printLine(`folder  ${name}: ${count(each, 'picture')}${problem ? `. ${problem.reason}` : ''}`);
    }
    for (const { path: each, kind, reason } of problems) await printLine(`${kind} ${each}: ${reason}`);
  } finally {
    await library.close();
  }
}

async function exportIndexTo(file: string, out: string, progress: ProgressLine, signal: AbortSignal): Promise<void> {
  const { library } = await openIndex(out);
  try {
    progress.note('Exporting');
    await exportToFile(library, file, signal);
  } finally {
    await library.close();
    progress.clear();
  }
}
