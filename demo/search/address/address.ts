/**
 * @file The search page's address: the query, filters, view, order and the open picture come after the `#`, which
 * browsers send to no one. Links may come from anywhere, so parts that make no sense are left out.
 */
import { readArea } from '../query/area';
import { NO_FILTER, wordsIn, type FilterForm } from '../query/form';
import type { ViewName } from '../state';
import { SORTS, type Sort } from '../time/arrangement';

/** A picture of the index that is part of the query, or excluded. Others have no address. */
export interface AddressPicture {
  id: number;
  sign: 'like' | 'unlike';
}

export interface Address {
  text: string;
  /** Dates and places of the text that are to be treated only as words. */
  asWords: readonly string[];
  pictures: readonly AddressPicture[];
  filter: FilterForm;
  view: ViewName;
  sort: Sort;
  /** The picture that the viewer shows; null if it is closed. */
  photo: number | null;
}

const VIEWS: readonly ViewName[] = ['pictures', 'groups', 'places', 'map'];
/** Longer texts are not queries or names. */
const MOST_LETTERS = 1000;
/** The largest number that the page takes from a selection. */
const MOST_PICTURES = 8;
/** Dates and places of one query. */
const MOST_WORDS = 8;
const FIELDS = ['from', 'to', 'camera', 'folder', 'area', 'areaName'] as const satisfies readonly (keyof FilterForm)[];
const DATES: readonly string[] = ['from', 'to'];

export const START: Address = {
  text: '',
  asWords: [],
  pictures: [],
  filter: NO_FILTER,
  view: 'pictures',
  sort: 'fit',
  photo: null,
};

/** @param hash the value of `location.hash`. @returns null if it is not an address of this page, as `#content` */
export function readAddress(hash: string): Address | null {
  const words = hash.replace(/^#/, '');
  if (words !== '' && !words.includes('=')) return null;
  const said = new URLSearchParams(words);
  const filter = { ...NO_FILTER };
  for (const field of FIELDS) {
    const value = textOf(said.get(field));
    if (!DATES.includes(field) || isDay(value)) filter[field] = value;
  }
  if (!readArea(filter.area)) filter.area = filter.areaName = '';
  // The favourites have the number 0.
  const album = said.get('album');
  filter.album = album === '0' ? 0 : idOf(album);
  const text = textOf(said.get('q'));
  return {
    text,
    asWords: wordsIn(text, said.getAll('words').map(textOf)).slice(0, MOST_WORDS),
    pictures: picturesOf(said.getAll('like')),
    filter,
    view: oneOf(VIEWS, said.get('view')),
    sort: oneOf(SORTS, said.get('sort')),
    photo: idOf(said.get('photo')),
  };
}

/** @returns with its `#`; empty for the page as it starts */
export function writeAddress({ text, asWords, pictures, filter, view, sort, photo }: Address): string {
  const said = new URLSearchParams();
  if (text) said.set('q', text);
  for (const words of wordsIn(text, asWords).slice(0, MOST_WORDS)) said.append('words', words);
  for (const { id, sign } of pictures) said.append('like', sign === 'like' ? String(id) : `-${id}`);
  for (const field of FIELDS) if (filter[field]) said.set(field, filter[field]);
  if (filter.album !== null) said.set('album', String(filter.album));
  if (view !== START.view) said.set('view', view);
  if (sort !== START.sort) said.set('sort', sort);
  if (photo !== null) said.set('photo', String(photo));
  const words = said.toString();
  return words && `#${words}`;
}

/** Whether both are the same except for the open picture. */
export function isSamePlace(a: Address, b: Address): boolean {
  return writeAddress({ ...a, photo: null }) === writeAddress({ ...b, photo: null });
}

/** As one line, as if typed. */
function textOf(value: string | null): string {
  return (value ?? '').replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, MOST_LETTERS);
}

function isDay(value: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(value) && Number.isFinite(Date.parse(value));
}

function idOf(value: string | null): number | null {
  return value !== null && /^[1-9]\d{0,14}$/.test(value) ? Number(value) : null;
}

function picturesOf(values: readonly string[]): AddressPicture[] {
  const pictures = values.flatMap((value): AddressPicture[] => {
    const id = idOf(value.replace(/^-/, ''));
    return id === null ? [] : [{ id, sign: value.startsWith('-') ? 'unlike' : 'like' }];
  });
  const seen = new Set<number>();
  return pictures.filter(({ id }) => !seen.has(id) && seen.add(id)).slice(0, MOST_PICTURES);
}

function oneOf<T extends string>(known: readonly T[], value: string | null): T {
  return known.find((each) => each === value) ?? known[0]!;
}
