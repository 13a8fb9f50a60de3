/**
 * @file Checks the arguments of a photo index when they are passed: an option that is misspelt or makes no sense is
 * refused by name, not ignored or discovered only in the worker.
 */

import { InvalidInputError } from '../../errors';
import { expectHooks, expectKnown, expectOptions, named } from '../../hooks';
import { polygonProblem } from '../query/area';
import type {
  AreaBox,
  AreaPolygon,
  FinishedOptions,
  ListOptions,
  MapOptions,
  OpenOptions,
  PhotoFilter,
  PictureLimits,
  Place,
  QueryPart,
  SearchOptions,
  SearchQuery,
  TownOptions,
} from '../types';

type Check = (value: unknown, option: string) => void;
/** A check for each option, so that none is forgotten: `null` if {@link expectHooks} or other code does it. */
type Checks<T> = { readonly [Option in keyof Required<T>]: Check | null };

export function refuse(option: string, value: unknown, must: string): never {
  throw new InvalidInputError(`${option} is ${named(value)}; it must be ${must}.`, { option });
}

const string: Check = (value, option) => {
  if (typeof value !== 'string') refuse(option, value, 'a string');
};
const boolean: Check = (value, option) => {
  if (typeof value !== 'boolean') refuse(option, value, 'true or false');
};
const starter: Check = (value, option) => {
  if (typeof value !== 'function') refuse(option, value, 'a function that starts a worker');
};
const above0: Check = (value, option) => {
  if (!(typeof value === 'number' && value > 0)) refuse(option, value, 'a number above 0');
};
const pass: Check = (value, option) => {
  if (value !== 'first' && value !== 'deep') refuse(option, value, 'first or deep');
};
const order: Check = (value, option) => {
  if (!['newest', 'oldest', 'path'].includes(value as string)) refuse(option, value, 'newest, oldest or path');
};

/**
 * Pictures have the time of the camera's clock, whereas a `Date` is an instant: which day it means depends on where it
 * was created.
 */
const wallClock: Check = (value, option) => {
  if (value instanceof Date) {
    const day = Number.isNaN(value.valueOf()) ? '2024-05-31' : value.toISOString().slice(0, 10);
    const from = `Date.UTC(${day.split('-').map((part, i) => Number(part) - (i === 1 ? 1 : 0))})`;
    refuse(option, value, `milliseconds of the camera's wall clock: daysFilter('${day}', '${day}'), or ${from}`);
  }
  if (typeof value !== 'number' || Number.isNaN(value)) {
    refuse(option, value, "a number: milliseconds of the camera's wall clock, as in PhotoItem.taken and daysFilter");
  }
};
const strings: Check = (value, option) => {
  const all = Array.isArray(value) ? (value as unknown[]) : [value];
  if (!all.every((each) => typeof each === 'string')) refuse(option, value, 'a string, or an array of strings');
};
const picture: Check = (value, option) => {
  if (value instanceof Blob || Number.isInteger((value as { id?: unknown } | null)?.id)) return;
  refuse(option, value, 'a Blob, or { id } of a picture of the index');
};
const limit: Check = (value, option) => {
  if (!(Number.isInteger(value) && (value as number) >= 1)) refuse(option, value, 'a whole number, 1 or more');
};
const whole: Check = (value, option) => {
  if (!Number.isInteger(value)) refuse(option, value, 'a whole number');
};
const weight: Check = (value, option) => {
  if (!(typeof value === 'number' && value > 0 && value < Infinity)) refuse(option, value, 'a number above 0');
};

const PART: Checks<QueryPart> = { text: string, image: picture, weight };
const parts: Check = (value, option) => {
  if (!Array.isArray(value)) refuse(option, value, 'an array');
  (value as unknown[]).forEach((part, i) => {
    const at = `${option}[${i}]`;
    if (typeof part !== 'object' || part === null) refuse(at, part, '{ text }, { image }, or both');
    checkAll('search', part, PART, `${at}.`);
    const { text, image } = part as QueryPart;
    if (!text && image === undefined) {
      throw new InvalidInputError(`${at} is empty: give it a text, an image, or both.`, { option: at });
    }
  });
};

const within =
  (most: number): Check =>
  (value, option) => {
    if (!(typeof value === 'number' && Math.abs(value) <= most)) refuse(option, value, `degrees, −${most} to ${most}`);
  };
const [latitude, longitude] = [within(90), within(180)];
const BOX: Checks<AreaBox> = { south: latitude, west: longitude, north: latitude, east: longitude };
const PLACE: Checks<Place> = { latitude, longitude };
const POLYGON: Checks<AreaPolygon> = {
  corners: (value, option) => {
    if (!Array.isArray(value)) refuse(option, value, 'an array of { latitude, longitude }');
    (value as unknown[]).forEach((corner, i) => allOf('A corner', corner, PLACE, `${option}[${i}]`));
  },
};
const box: Check = (value, option) => {
  allOf('A box', value, BOX, option);
  const { south, north } = value as AreaBox;
  if (south > north) refuse(`${option}.south`, south, `at most north, which is ${north}`);
};
const area: Check = (value, option) => {
  if (typeof value !== 'object' || value === null || !('corners' in value)) return box(value, option);
  allOf('A polygon', value, POLYGON, option);
  const problem = polygonProblem(value as AreaPolygon);
  if (problem)
    throw new InvalidInputError(`${option}.corners is not a polygon: ${problem}.`, { option: `${option}.corners` });
};

const FILTER: Checks<PhotoFilter> = {
  from: wallClock,
  to: wallClock,
  camera: strings,
  folder: string,
  album: whole,
  area,
};
const filter: Check = (value, option) => {
  if (typeof value !== 'object' || value === null) refuse(option, value, 'an object');
  checkAll('The filter', value, FILTER, `${option}.`);
};

const QUERY: Checks<SearchQuery> = {
  text: string,
  image: picture,
  combine: parts,
  exclude: parts,
  instruction: string,
  filter,
  limit,
  typed: string,
  now: wallClock,
  dayFirst: boolean,
  languages: strings,
  asWords: strings,
};
const cosine: Check = (value, option) => {
  if (!(typeof value === 'number' && value >= -1 && value <= 1)) refuse(option, value, 'a cosine, −1 to 1');
};
const LIMITS: Checks<PictureLimits> = {
  fileBytes: above0,
  pixels: above0,
  decodeSeconds: above0,
  embedSeconds: above0,
};
const limits: Check = (value, option) => {
  if (typeof value !== 'object' || value === null) refuse(option, value, 'an object');
  checkAll('openPhotoIndex', value, LIMITS, `${option}.`);
};
const places: Check = (value, option) => {
  if (typeof value === 'string' || typeof value === 'function' || value instanceof URL) return;
  refuse(option, value, 'the address of places.bin, or a function that resolves to its bytes');
};
const OPEN: Checks<OpenOptions> = {
  name: string,
  embedder: null,
  deep: null,
  limits,
  worker: starter,
  surveyWorker: starter,
  places,
};
const SEARCH: Checks<SearchOptions> = { signal: null, pass, onWords: null, onFirst: null, onProgress: null };
const LIST: Checks<ListOptions> = { filter, order };
const FINISHED: Checks<FinishedOptions> = { signal: null, pass };
const TOWNS: Checks<TownOptions> = { box, limit };
const MAP: Checks<MapOptions> = { signal: null, onProgress: null };

function checkAll<T extends object>(what: string, given: object, checks: Checks<T>, prefix = ''): void {
  expectKnown(what, given, Object.keys(checks), prefix);
  for (const [option, check] of Object.entries<Check | null>(checks)) {
    const value = (given as Record<string, unknown>)[option];
    if (value !== undefined) check?.(value, `${prefix}${option}`);
  }
}

/** For arguments that make sense only together. */
function allOf<T extends object>(what: string, value: unknown, checks: Checks<T>, option: string): void {
  const names = Object.keys(checks);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse(option, value, `an object with ${names.join(', ')}`);
  }
  expectKnown(what, value, names, `${option}.`);
  for (const [name, check] of Object.entries<Check | null>(checks)) {
    check!((value as Record<string, unknown>)[name], `${option}.${name}`);
  }
}

function checkCall<T extends object>(call: string, options: unknown, checks: Checks<T>): void {
  expectOptions(call, options);
  checkAll(call, options as object, checks);
  expectHooks(options as object);
}

// These are functions, since bundlers could not remove the results of calls.
export const checkOpen = (options: unknown) => checkCall('openPhotoIndex', options, OPEN);
export const checkSearchOptions = (options: unknown) => checkCall('The second argument of search', options, SEARCH);
export const checkList = (options: unknown) => checkCall('list', options, LIST);
export const checkFinished = (options: unknown) => checkCall('finished', options, FINISHED);
export const checkGroups = (options: unknown) => checkCall('groups', options, { signal: null, threshold: cosine });
export const checkAlbums = (options: unknown) => checkCall('albums', options, { of: null });
export const checkMap = (options: unknown) => checkCall('map', options, MAP);
export const checkTowns = (options: unknown) => checkCall('towns', options, TOWNS);
/** For calls that take only a signal. */
export const checkSignal = (call: string, options: unknown) => checkCall(call, options, { signal: null });

/** @throws InvalidInputError, also for an empty query */
export function checkQuery(query: unknown): void {
  if (typeof query !== 'object' || query === null || query instanceof Blob || Array.isArray(query)) {
    const meant =
      typeof query === 'string' ? '{ text }' : query instanceof Blob ? '{ image }' : 'an object such as { text }';
    refuse('query', query, meant);
  }
  checkAll('A query', query, QUERY);
  const { typed, text, image, combine = [], exclude = [] } = query as SearchQuery;
  if (typed !== undefined && text !== undefined) {
    throw new InvalidInputError('A query has both typed and text: give only one of them.', { option: 'typed' });
  }
  if (!typed && !text && image === undefined && combine.length === 0 && exclude.length === 0) {
    throw new InvalidInputError('The query is empty: give it a text, an image, or parts to combine or exclude.', {
      option: 'query',
    });
  }
}
