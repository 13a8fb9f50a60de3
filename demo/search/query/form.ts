/** @file What a person put into the search form, and the query that it makes. */
import type { PhotoFilter, QueryImage, QueryPart, SearchQuery } from '../../../src/search';

/** A picture in the search form: to look like, or not to look like. */
export interface PicturePart {
  /** Tells equal pictures apart. */
  key: number;
  image: QueryImage;
  name: string;
  sign: 'like' | 'unlike';
}

export interface FilterForm {
  /** As date fields give them: `2024-05-01`, or empty. Both days belong to the range. */
  from: string;
  to: string;
  camera: string;
  folder: string;
}

export interface QueryForm {
  text: string;
  pictures: readonly PicturePart[];
  filter: FilterForm;
  /** In place of the instruction that fits; null for that one. */
  instruction: string | null;
}

/** The words of the search box, taken apart: `beach +sunset -people`. */
export interface ParsedText {
  text: string;
  combine: readonly QueryPart[];
  exclude: readonly QueryPart[];
}

export const NO_FILTER: FilterForm = { from: '', to: '', camera: '', folder: '' };
export const EMPTY_FORM: QueryForm = { text: '', pictures: [], filter: NO_FILTER, instruction: null };

/** What the words and the first picture are: that decides which instruction fits. */
export type QueryKind = 'text' | 'picture' | 'both';

export function kindOf(parsed: ParsedText, pictures: readonly PicturePart[]): QueryKind | null {
  const picture = pictures.some(({ sign }) => sign === 'like');
  if (parsed.text) return picture ? 'both' : 'text';
  return picture ? 'picture' : null;
}

/**
 * The query: the words and the first picture are read together, in one pass; further pictures are added to that as
 * vectors, and what is excluded is subtracted.
 * @returns null where there is nothing to look for: nothing, or exclusions alone
 */
export function toSearchQuery(form: QueryForm, parsed: ParsedText, limit: number): SearchQuery | null {
  const [first, ...others] = form.pictures.filter(({ sign }) => sign === 'like');
  const combine = [...parsed.combine, ...others.map(({ image }) => ({ image }))];
  const exclude = [
    ...parsed.exclude,
    ...form.pictures.filter(({ sign }) => sign === 'unlike').map(({ image }) => ({ image })),
  ];
  if (!parsed.text && !first && combine.length === 0) return null;
  const filter = toFilter(form.filter);
  return {
    ...(parsed.text && { text: parsed.text }),
    ...(first && { image: first.image }),
    ...(combine.length > 0 && { combine }),
    ...(exclude.length > 0 && { exclude }),
    ...(form.instruction !== null && { instruction: form.instruction }),
    ...(filter && { filter }),
    limit,
  };
}

const DAY = 86_400_000;

/** @returns undefined where nothing is filtered */
export function toFilter({ from, to, camera, folder }: FilterForm): PhotoFilter | undefined {
  const start = dayOf(from);
  const end = dayOf(to) + DAY;
  const filter: PhotoFilter = {
    ...(Number.isFinite(start) && { from: start }),
    ...(Number.isFinite(end) && { to: end }),
    ...(camera && { camera }),
    ...(folder && { folder }),
  };
  return Object.keys(filter).length > 0 ? filter : undefined;
}

/** Midnight of a day, as pictures' wall clocks have it; NaN for what is no whole date. */
function dayOf(date: string): number {
  return /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(date) : NaN;
}

/** Why a template cannot be used for this kind of query; null where it can. */
export function templateProblem(template: string, kind: QueryKind): 'needs-text' | 'needs-image' | 'no-text' | 'no-image' | null {
  const text = template.includes('{text}');
  const image = template.includes('{image}');
  if (kind !== 'picture' && !text) return 'needs-text';
  if (kind !== 'text' && !image) return 'needs-image';
  if (kind === 'picture' && text) return 'no-text';
  if (kind === 'text' && image) return 'no-image';
  return null;
}
