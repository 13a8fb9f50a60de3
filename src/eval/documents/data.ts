/**
 * @file Visual-document sets as published: in each folder or repository `queries`, `corpus` and `qrels`, Parquet tables
 * in BEIR's format; pages contain the bytes of their pictures. Read in the same way as
 * `src/data/eval_dataset/vidore_dataset.py` and `visrag_dataset.py` of TIGER-AI-Lab/VLM2Vec read them.
 */

import type { FileTree } from '../../checkpoint';
import { DatasetFormatError, SourceNotFoundError } from '../../errors';
import type { EvalData, RowOptions } from '../encode';
import { openParquet } from '../parquet';
import type { Pictures } from '../pictures';
import type { Pair } from '../rows';
import { gradeOf, idOf } from './ids';
import { KeptPages, openCorpus, type Corpus } from './pages';
import type { DocumentPrompts } from './prompts';
import { DOCUMENT_SETS, setsNamed, type DocumentSet } from './sets';

/** `corpus/test-00000-of-00002.parquet`, or as the Hub converts it: `corpus/test/0000.parquet`; below a folder or at the root. */
const TABLE = /^(?:(?<folder>.*)\/)?(?<part>queries|corpus|qrels)\/(?<split>test|train)(?:[-/][^/]*|)\.parquet$/;

type Part = 'queries' | 'corpus' | 'qrels';

export interface DocumentQuery {
  id: string;
  /** Index of its pair. */
  pair: number;
  /** Grades above 0, by the page's index. */
  grades: ReadonlyMap<number, number>;
}

export interface DocumentRows {
  /** Queries, followed by pages; pages with the same picture share a pair. */
  pairs: Pair[];
  queries: DocumentQuery[];
  /**
   * The candidates for every query, in the order that decides between equal scores: relevant ones first, by query, then
   * the rest of the corpus.
   */
  pages: { id: string; pair: number }[];
}

export type DocumentData = EvalData<DocumentSet, DocumentRows>;

interface Folder {
  name: string;
  sets: readonly DocumentSet[];
  /** Paths by part and split. */
  files: Map<string, string[]>;
}

/** The datasets of a folder or repository, before the prompts of a model are known. */
export interface DocumentSource {
  label: string;
  revision: string | null;
  /** The datasets that are available. */
  all: readonly DocumentSet[];
  /** Returns the data with these prompts. Its `sets` are those that averages include; `rows` accepts all. */
  asked(prompts: DocumentPrompts): DocumentData;
}

/**
 * Finds out which datasets are available, from the names of folders or of the repository. Null if there is no such
 * table; only names are read at this point. Rejects with {@link SourceNotFoundError} if tables belong to no known
 * dataset.
 */
export async function openDocuments(tree: FileTree): Promise<DocumentSource | null> {
  const folders = new Map<string, Folder>();
  const unknown: string[] = [];
  for (const path of await tree.list()) {
    const { folder = '', part, split } = TABLE.exec(path)?.groups ?? {};
    if (part === undefined) continue;
    const name = last(folder === '' ? tree.label : folder);
    const sets = setsNamed(name);
    if (sets.length === 0) {
      unknown.push(name);
      continue;
    }
    const found = folders.get(folder) ?? { name, sets, files: new Map<string, string[]>() };
    const key = `${part} ${split}`;
    found.files.set(key, [...(found.files.get(key) ?? []), path].sort());
    folders.set(folder, found);
  }
  const bySet = new Map<DocumentSet, Folder>();
  for (const found of folders.values()) {
    for (const set of found.sets) {
      if (bySet.has(set))
        throw new DatasetFormatError(`${tree.label} contains ${set.name} twice. Name the folder of one of them.`, {
          set: set.name,
        });
      bySet.set(set, found);
    }
  }
  const all = DOCUMENT_SETS.filter((set) => bySet.has(set));
  if (all.length === 0) {
    if (unknown.length === 0) return null;
    throw new SourceNotFoundError(
      `${unknown[0]} is not one of MMEB-V2's visual-document sets: a folder must have the name of the set or of its repository.`,
      { folder: unknown[0] },
    );
  }
  const corpora = new Map<Folder, Promise<Corpus>>();
  const kept = new KeptPages();
  const filesOf = (set: DocumentSet, part: Part) => {
    const files = bySet.get(set)?.files.get(`${part} ${set.split}`);
    if (files) return files;
    throw new SourceNotFoundError(
      `${tree.label} lacks the table ${part}/${set.split}-00000-of-00001.parquet of ${set.name}.`,
      { set: set.name, part },
    );
  };
  const corpusOf = (set: DocumentSet, signal?: AbortSignal) => {
    const folder = bySet.get(set)!;
    const known = corpora.get(folder) ?? openCorpus(tree, folder.name, filesOf(set, 'corpus'), kept, signal);
    corpora.set(folder, known);
    known.catch(() => corpora.delete(folder));
    return known;
  };
  const pictureAt = async (path: string, signal?: AbortSignal) => {
    const set = all.find((each) => path.startsWith(`${bySet.get(each)!.name}/`));
    if (!set) throw new SourceNotFoundError(`${tree.label} contains no page ${path}.`, { path });
    return (await corpusOf(set, signal)).pictures;
  };
  const { label, revision } = tree;
  const pictures: Pictures = {
    read: async (path, signal) => (await pictureAt(path, signal)).read(path, signal),
    crc: async (path, signal) => (await pictureAt(path, signal)).crc(path, signal),
  };
  const rows = async (set: DocumentSet, prompts: DocumentPrompts, { limit = Infinity, signal }: RowOptions = {}) => {
    if (!bySet.has(set)) throw new SourceNotFoundError(`${label} does not contain ${set.name}.`, { set: set.name });
    const queries = await readQueries(tree, set, filesOf(set, 'queries'), signal);
    const grades = await readGrades(tree, filesOf(set, 'qrels'), signal);
    return documentRows(set, queries.slice(0, limit), grades, (await corpusOf(set, signal)).paths, prompts);
  };
  return {
    ...{ label, revision, all },
    asked: (prompts) => ({
      ...{ label, revision, pictures, sets: all.filter(({ counts }) => counts) },
      rows: (set, options) => rows(set, prompts, options),
    }),
  };
}

const last = (path: string) => path.slice(path.lastIndexOf('/') + 1);

/** Yields the rows of a table in several files, each with its location. */
async function* rowsOf(tree: FileTree, files: readonly string[], columns: readonly string[], signal?: AbortSignal) {
  for (const file of files) {
    const table = await openParquet(await tree.open(file, signal), signal);
    const missing = columns.find((column) => !table.columns.includes(column));
    if (missing !== undefined) throw new DatasetFormatError(`${file} lacks the column ${missing}.`, { file, missing });
    for (const [row, fields] of (await table.read(columns)).entries()) yield { fields, where: `${file}, row ${row}` };
  }
}

interface Query {
  id: string;
  text: string;
}

async function readQueries(
  tree: FileTree,
  { name, language }: DocumentSet,
  files: readonly string[],
  signal?: AbortSignal,
): Promise<Query[]> {
  const queries: Query[] = [];
  const columns = ['query-id', 'query', ...(language === null ? [] : ['language'])];
  for await (const { fields, where } of rowsOf(tree, files, columns, signal)) {
    if (language !== null && fields.language !== language) continue;
    const text = fields.query;
    if (typeof text !== 'string' || text === '')
      throw new DatasetFormatError(`${where}: query is not a text.`, { where });
    queries.push({ id: idOf(fields['query-id'], 'query-id', where), text });
  }
  if (queries.length > 0) return queries;
  throw new DatasetFormatError(`${name} has no queries${language === null ? '' : ` whose language is ${language}`}.`, {
    set: name,
  });
}

/** Grades above 0 by query, then page; the highest if a page is repeated. */
type Grades = Map<string, Map<string, number>>;

async function readGrades(tree: FileTree, files: readonly string[], signal?: AbortSignal): Promise<Grades> {
  const grades: Grades = new Map();
  for await (const { fields, where } of rowsOf(tree, files, ['query-id', 'corpus-id', 'score'], signal)) {
    const grade = gradeOf(fields.score, where);
    if (grade <= 0) continue;
    const query = idOf(fields['query-id'], 'query-id', where);
    const page = idOf(fields['corpus-id'], 'corpus-id', where);
    const of = grades.get(query) ?? new Map<string, number>();
    of.set(page, Math.max(of.get(page) ?? 0, grade));
    grades.set(query, of);
  }
  return grades;
}

function documentRows(
  { name }: DocumentSet,
  queries: readonly Query[],
  grades: Grades,
  paths: ReadonlyMap<string, string>,
  prompts: DocumentPrompts,
): DocumentRows {
  const relevant = queries.map(({ id }) => {
    const of = grades.get(id);
    if (!of)
      throw new DatasetFormatError(`${name}: query ${id} has no relevant page in qrels.`, { set: name, query: id });
    for (const page of of.keys()) {
      if (paths.has(page)) continue;
      throw new DatasetFormatError(
        `${name}: qrels name page ${page} for query ${id}, but the corpus has no such page.`,
        {
          ...{ set: name, query: id, page },
        },
      );
    }
    return of;
  });
  const order = [...new Set([...relevant.flatMap((of) => [...of.keys()]), ...paths.keys()])];
  const numbers = new Map(order.map((id, number) => [id, number]));
  const pairs: Pair[] = [];
  const known = new Map<string, number>();
  const add = (key: string, pair: Pair): number => {
    const number = known.get(key) ?? pairs.push(pair) - 1;
    known.set(key, number);
    return number;
  };
  return {
    queries: queries.map(({ id, text }, i) => ({
      id,
      pair: add(`query ${text}`, prompts.query(text)),
      grades: new Map([...relevant[i]!].map(([page, grade]) => [numbers.get(page)!, grade])),
    })),
    pages: order.map((id) => ({ id, pair: add(`page ${paths.get(id)!}`, prompts.page(paths.get(id)!)) })),
    pairs,
  };
}
