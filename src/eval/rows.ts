/**
 * @file Turns rows of MMEB, in both layouts, into a query and its candidates, building their strings as the official
 * evaluations do.
 */

import { DatasetFormatError } from '../errors';
import type { MmebSet } from './sets';

/** The placeholder for the picture in MMEB's texts, whatever the model's own token is. */
export const IMAGE_TOKEN = '<|image_1|>';

/** One input to embed. */
export interface Pair {
  /**
   * The text, with {@link IMAGE_TOKEN} where the model's token belongs; it may occur without an image (WebQA, EDIS).
   */
  text: string;
  /** Path below the image root. */
  image: string | null;
  /** The instruction, separate from the text, for recipes that take one. */
  instruction?: string;
}

export interface EvalRow {
  query: Pair;
  /** The first one is right. */
  candidates: Pair[];
}

/** The rows of a dataset, with every pair stored once: candidate lists repeat pairs up to a thousand times. */
export interface EvalRows {
  /** Unique pairs, in the order of their first use. */
  pairs: Pair[];
  /** Rows as indices into `pairs`. */
  rows: { query: number; candidates: Uint32Array }[];
}

/** Collects rows into {@link EvalRows}. */
export class RowCollector implements EvalRows {
  readonly pairs: Pair[] = [];
  readonly rows: EvalRows['rows'] = [];
  readonly #numbers = new Map<string, number>();

  add({ query, candidates }: EvalRow): void {
    const first = this.#number(query);
    this.rows.push({ query: first, candidates: Uint32Array.from(candidates, (each) => this.#number(each)) });
  }

  #number(each: Pair): number {
    const name = `${each.image ?? ''}\0${each.text}`;
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.pairs.push(each) - 1;
      this.#numbers.set(name, number);
    }
    return number;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Returns the columns to read for the layout that has `columns`. Throws {@link DatasetFormatError} if it is neither
 * layout.
 */
export function layoutOf(columns: readonly string[], name: string): { version: 1 | 2; columns: string[] } {
  const v1 = ['qry_text', 'qry_img_path', 'tgt_text', 'tgt_img_path'];
  const v2 = ['qry_inst', 'qry_text', 'tgt_text'];
  if (columns.includes('qry_inst')) {
    const missing = v2.filter((column) => !columns.includes(column));
    if (missing.length > 0) throw new DatasetFormatError(`${name} lacks the column ${missing[0]}.`, { name, missing });
    const optional = ['qry_img_path', 'tgt_inst', 'tgt_img_path'].filter((column) => columns.includes(column));
    return { version: 2, columns: [...v2, ...optional] };
  }
  const missing = v1.filter((column) => !columns.includes(column));
  if (missing.length > 0) {
    throw new DatasetFormatError(`${name} is not an MMEB table: it lacks the column ${missing[0]}.`, { name, missing });
  }
  return { version: 1, columns: v1 };
}

/**
 * Reads one row of `set`.
 * @param where for messages: `CIRR/test-00000-of-00001.parquet, row 12`
 */
export function readRow(fields: Fields, version: 1 | 2, set: MmebSet, where: string): EvalRow {
  return version === 1 ? readV1(fields, where) : readV2(fields, set, where);
}

/** Texts are complete in this layout. */
function readV1(fields: Fields, where: string): EvalRow {
  const query = pair(text(fields, 'qry_text', where), text(fields, 'qry_img_path', where), where);
  const texts = textList(fields, 'tgt_text', where);
  const paths = textList(fields, 'tgt_img_path', where);
  if (texts.length !== paths.length || texts.length === 0) {
    throw new DatasetFormatError(`${where}: ${texts.length} target texts and ${paths.length} target images.`, {
      where,
    });
  }
  return { query, candidates: texts.map((each, i) => pair(each, paths[i]!, where)) };
}

/**
 * Instructions and texts are separate in this layout and are joined as `src/data/eval_dataset/image_*.py` of the V2
 * code join them, with the outcome of V1's strings.
 */
function readV2(fields: Fields, set: MmebSet, where: string): EvalRow {
  const instruction = text(fields, 'qry_inst', where);
  const queryText = text(fields, 'qry_text', where);
  const queryImage = set.composition === 'text' ? '' : text(fields, 'qry_img_path', where);
  const texts = textList(fields, 'tgt_text', where);
  if (texts.length === 0) throw new DatasetFormatError(`${where}: no targets.`, { where });
  const query = pair(queryString(instruction, queryText, set), queryImage, where);
  if (!set.imageTargets) return { query, candidates: texts.map((each) => pair(each, '', where)) };

  const paths = textList(fields, 'tgt_img_path', where);
  if (paths.length === 0) throw new DatasetFormatError(`${where}: no target images.`, { where });
  const target = text(fields, 'tgt_inst', where).replaceAll(IMAGE_TOKEN, '');
  const hasTexts = texts[0]!.trim() !== '';
  if (hasTexts && texts.length !== paths.length) {
    throw new DatasetFormatError(`${where}: ${texts.length} target texts and ${paths.length} target images.`, {
      where,
    });
  }
  // Crops come without a newline at the end; all others have one.
  const end = hasTexts || set.composition === 'text' ? '\n' : '';
  const candidates = paths.map((path, i) => {
    const body = hasTexts ? `${target} ${texts[i]!}` : target;
    return pair(tight(`${IMAGE_TOKEN} ${body}`) + end, path, where);
  });
  return { query, candidates };
}

function queryString(instruction: string, queryText: string, { name, composition }: MmebSet): string {
  if (composition === 'text') return `${instruction} ${queryText}\n${name === 'VisDial' ? '\n' : ''}`;
  const plain = instruction.replaceAll(IMAGE_TOKEN, '');
  const first = composition === 'image-line' ? `\n${plain.trim()}` : plain;
  return `${tight(`${IMAGE_TOKEN} ${queryText === '' ? first : `${first} ${queryText}`}`)}\n`;
}

const tight = (joined: string) => joined.replaceAll(' \n', '\n');

function pair(each: string, path: string, where: string): Pair {
  if (each === '' && path === '')
    throw new DatasetFormatError(`${where}: a text is empty and has no image.`, { where });
  return { text: each, image: path === '' ? null : path };
}

/** Null counts as empty. */
function text(fields: Fields, column: string, where: string): string {
  const value = fields[column] ?? '';
  if (typeof value !== 'string') throw new DatasetFormatError(`${where}: ${column} is not a text.`, { where, column });
  return value;
}

function textList(fields: Fields, column: string, where: string): string[] {
  const value = fields[column] ?? [];
  if (!Array.isArray(value)) throw new DatasetFormatError(`${where}: ${column} is not a list.`, { where, column });
  return value.map((each: unknown) => {
    if (typeof each === 'string') return each;
    if (each === null || each === undefined) return '';
    throw new DatasetFormatError(`${where}: ${column} is not a list of texts.`, { where, column });
  });
}
