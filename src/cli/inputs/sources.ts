/** @file What the arguments on the command line name: files of every kind, folders, globs, stdin. */

import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { isDynamicPattern } from 'tinyglobby';
import { InvalidInputError, SourceNotFoundError, VLM2VecError } from '../../errors';
import { pictureKind } from '../../search/indexing/picture-names';
import { listFolder, NOT_UTF8 } from '../../store/list-folder.node.js';
import { csvSource } from './csv';
import { checkKept, type FieldOptions } from './fields';
import { filesMatching, type NamedFile } from './glob';
import { lineSource, STDIN } from './lines';
import { parquetSource } from './parquet';
import { folderSource, pictureSource } from './pictures';
import type { Source } from './record';

export interface SourceOptions extends FieldOptions {
  /** A file of lines, whatever its extension; `-` for stdin. */
  jsonl?: string;
  /** Lines are texts, not JSON. */
  asText?: boolean;
  /** A broken file counts as one bad input. */
  skipBad?: boolean;
}

/**
 * The sources in the order in which they were named.
 * @throws InvalidInputError for an ambiguous argument, SourceNotFoundError for a missing one
 */
export async function openSources(words: readonly string[], options: SourceOptions): Promise<Source[]> {
  const { jsonl } = options;
  checkKept(options.keep);
  if (jsonl === undefined && words.length === 0) {
    throw new InvalidInputError('No inputs: name files, folders, globs, or - for JSON lines on stdin.');
  }
  const all = jsonl === undefined ? words : [jsonl, ...words];
  if (all.filter((word) => word === STDIN).length > 1) throw new InvalidInputError('stdin can be read only once.');
  if (jsonl !== undefined && jsonl !== STDIN) await expectReadable(jsonl);
  const named: NamedFile[] = [];
  const broken = new Map<string, VLM2VecError>();
  /** One bad input, if there are others to continue with. */
  const noted =
    <T>(word: string, instead: T) =>
    (error: unknown): T => {
      if (!options.skipBad || !(error instanceof VLM2VecError)) throw error;
      broken.set(word, error);
      return instead;
    };
  for (const word of words) named.push(...(await filesOf(word, options).catch(noted(word, [{ file: word }]))));
  const files = named.map(({ file }) => file);
  const prefixOf = (file: string) =>
    files.length + (jsonl === undefined ? 0 : 1) > 1 && file !== STDIN ? `${file}: ` : '';
  const sources = jsonl === undefined ? [] : [lineSource(jsonl, { ...options, prefix: prefixOf(jsonl) })];
  for (const each of named) {
    const { file } = each;
    const opening = broken.has(file) ? null : sourceOf(each, options, prefixOf(file)).catch(noted(file, null));
    sources.push((await opening) ?? brokenSource(file, broken.get(file)!));
  }
  // All of them failed, so the request itself is wrong.
  const [first] = broken.values();
  if (first && broken.size === sources.length) throw first;
  return sources;
}

async function expectReadable(file: string): Promise<void> {
  await access(file, constants.R_OK).catch((cause: NodeJS.ErrnoException) => {
    throw new SourceNotFoundError(`${file} cannot be read (${cause.code}).`, { file }, { cause });
  });
}

async function sourceOf({ file, problem }: NamedFile, options: SourceOptions, prefix: string): Promise<Source> {
  if (problem !== undefined) throw new InvalidInputError(`${file} ${problem}`, { file });
  if (file === STDIN) return lineSource(file, { ...options, prefix });
  const status = await stat(file).catch(() => null);
  if (status?.isDirectory()) return folderSource(file);
  if (status && !status.isFile() && isTable(file)) {
    throw new InvalidInputError(`${file} is not a file; tables are read more than once. Write it to a file first.`, {
      file,
    });
  }
  if (pictureKind(path.basename(file)) !== null) return pictureSource(file);
  if (isParquet(file)) return parquetSource(file, options);
  if (/\.(?:jsonl|ndjson)$/i.test(file) || options.asText) return lineSource(file, { ...options, prefix });
  if (/\.[ct]sv$/i.test(file)) return csvSource(file, options);
  throw new InvalidInputError(
    `${file}: unknown file type. The extensions *.jsonl, *.ndjson, *.parquet, *.csv, *.tsv and those of pictures are known; --text ` +
      'reads a text from each line, --jsonl <file> reads JSON.',
    { file },
  );
}

function brokenSource(file: string, error: VLM2VecError): Source {
  return {
    label: file,
    async *read() {
      throw error;
    },
    count: async () => 1,
    progress: () => 1,
    keepable: new Map(),
  };
}

const isTable = (file: string) => isParquet(file) || /\.[ct]sv$/i.test(file);
const isParquet = (file: string) => /\.(?:parquet|pq)$/i.test(file);

/**
 * The argument itself, the files that match it, or the tables in a folder that holds no pictures, as Spark leaves them.
 */
async function filesOf(word: string, { asText }: SourceOptions): Promise<NamedFile[]> {
  if (word === STDIN) return [{ file: word }];
  const status = await stat(word).catch((error: NodeJS.ErrnoException) => error);
  if (!(status instanceof Error)) return status.isDirectory() ? tablesOr(word) : [{ file: word }];
  if (status.code !== 'ENOENT' && status.code !== 'ENOTDIR') {
    throw new SourceNotFoundError(`${word} cannot be read (${status.code}).`, { file: word });
  }
  if (!isDynamicPattern(word)) {
    const hint = asText
      ? ` --text reads texts from files, one per line; for this one text: echo '${word}' | vlm2vec embed --text -`
      : '';
    throw new SourceNotFoundError(`There is no file or folder ${word}.${hint}`, { file: word });
  }
  const found = await filesMatching(word);
  if (found.length === 0) throw new SourceNotFoundError(`No file matches ${word}.`, { pattern: word });
  return found;
}

async function tablesOr(folder: string): Promise<NamedFile[]> {
  const entries = await listFolder(folder).catch(() => []);
  if (entries.some((entry) => entry.isDirectory() || pictureKind(entry.name) !== null)) return [{ file: folder }];
  const tables = entries.filter(({ name }) => isParquet(name) && !/^[._]/.test(name));
  if (tables.length === 0) return [{ file: folder }];
  return tables
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, isUtf8 }) => ({ file: path.join(folder, name), ...(!isUtf8 && { problem: NOT_UTF8 }) }));
}
