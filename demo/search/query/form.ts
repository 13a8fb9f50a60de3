/** @file The contents of the search form, and the query made from it. */
import {
  daysFilter,
  searchQuery,
  type ParsedQuery,
  type PhotoFilter,
  type QueryImage,
  type QueryKind,
  type QueryPart,
  type SearchQuery,
} from '../../../src/search';
import { readArea } from './area';

/** A picture in the search form: to resemble, or to exclude. */
export interface PicturePart {
  /** Distinguishes equal pictures. */
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
  /** Id of an album, or of the favourites; null for any picture. */
  album: number | null;
  /** A box of the map, in the form that `readArea` takes; empty for anywhere. */
  area: string;
  /** Its displayed name; empty if it has none. */
  areaName: string;
}

export interface QueryForm {
  text: string;
  pictures: readonly PicturePart[];
  filter: FilterForm;
  /** Replaces the default instruction; null for the default. */
  instruction: string | null;
  /** Dates and places of the text that are to be treated only as words; absent for none. */
  asWords?: readonly string[];
}

export const NO_FILTER: FilterForm = { from: '', to: '', camera: '', folder: '', album: null, area: '', areaName: '' };
export const EMPTY_FORM: QueryForm = { text: '', pictures: [], filter: NO_FILTER, instruction: null };

/** The kind of words and first picture, which decides which instruction fits. */
export function kindOf(parsed: ParsedQuery, pictures: readonly PicturePart[]): QueryKind | null {
  const picture = pictures.some(({ sign }) => sign === 'like');
  if (parsed.text) return picture ? 'both' : 'text';
  return picture ? 'image' : null;
}

/**
 * The query: see `searchQuery`. An instruction that does not fit is left out.
 * @returns null if there is nothing to search for: an empty form, or exclusions alone
 */
export function toSearchQuery(form: QueryForm, parsed: ParsedQuery, limit: number): SearchQuery | null {
  const signed = (wanted: PicturePart['sign']) =>
    form.pictures.filter(({ sign }) => sign === wanted).map(({ image }) => image);
  const query = searchQuery({ parsed, like: signed('like'), unlike: signed('unlike') });
  if (!query) return null;
  const filter = toFilter(form.filter);
  const kind = kindOf(parsed, form.pictures);
  const { instruction } = form;
  const usable = instruction !== null && kind !== null && templateProblem(instruction, kind) === null;
  return {
    ...(form.text.trim() === '' ? query : typedQuery(form, query)),
    ...(usable && { instruction }),
    ...(filter && { filter }),
    limit,
  };
}

/** With the text as it was typed, instead of the words extracted from it. */
function typedQuery(
  { text, asWords = [] }: QueryForm,
  { image, combine = [], exclude = [] }: SearchQuery,
): SearchQuery {
  const pictures = (parts: readonly QueryPart[]) => parts.filter((part) => part.image !== undefined);
  const taken = wordsIn(text, asWords);
  return {
    typed: text.trim(),
    ...(image && { image }),
    ...(pictures(combine).length > 0 && { combine: pictures(combine) }),
    ...(pictures(exclude).length > 0 && { exclude: pictures(exclude) }),
    ...(taken.length > 0 && { asWords: taken }),
  };
}

/** Those of the parts to be treated as words that the text contains, each once. */
export function wordsIn(text: string, asWords: readonly string[]): string[] {
  const has = text.toLowerCase();
  const seen = new Set<string>();
  return asWords.filter((words) => {
    const known = words.toLowerCase();
    return known !== '' && has.includes(known) && !seen.has(known) && seen.add(known);
  });
}

/** @returns undefined if nothing is filtered */
export function toFilter({ from, to, camera, folder, album, area }: FilterForm): PhotoFilter | undefined {
  const box = readArea(area);
  const filter: PhotoFilter = {
    ...daysFilter(from, to),
    ...(camera && { camera }),
    ...(folder && { folder }),
    ...(album !== null && { album }),
    ...(box && { area: box }),
  };
  return Object.keys(filter).length > 0 ? filter : undefined;
}

/** Whether a template names all parts of a kind of query, and nothing else. */
export function templateFits(template: string, kind: QueryKind): boolean {
  return template.includes('{text}') === (kind !== 'image') && template.includes('{image}') === (kind !== 'text');
}

/**
 * What a template names that the query does not have; null if it can be used. Parts that it does not name are added by
 * the index: pictures before it, words after it.
 * @param isRaw whether the model reads whole prompts; others take an instruction, and insert words and pictures
 * themselves
 */
export function templateProblem(
  template: string,
  kind: QueryKind,
  isRaw = true,
): 'no-text' | 'no-image' | 'no-slots' | null {
  if (!isRaw) return /\{(text|image)\}/.test(template) ? 'no-slots' : null;
  if (kind === 'image' && template.includes('{text}')) return 'no-text';
  return kind === 'text' && template.includes('{image}') ? 'no-image' : null;
}
