/** @file `vlm2vec search`: takes words or a picture, prints paths of pictures, best first. */

import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { InvalidInputError, SourceNotFoundError } from '../errors';
import {
  FAVOURITES,
  parseQuery,
  searchQuery,
  type PhotoFilter,
  type PhotoItem,
  type QueryImage,
  type Reason,
  type SearchQuery,
  type Understood,
} from '../search';
import { DiskFile } from '../search/node/disk-file.node.js';
import { openIndex, placeOf, type OpenIndex } from '../search/node/open-index.node.js';
import { embedQuery } from '../search/library/embed-query';
import { albumKey, describeAlbums } from '../search/library/albums';
import { find, listPictures, type VectorQuery } from '../search/library/find';
import type { Library } from '../search/library/library';
import type { PictureRow } from '../search/library/rows';
import { searchTyped } from '../search/library/search-typed';
import { installedPlaces } from '../search/node/installed-places.node.js';
import { dayOf, daysFilter } from '../search/query';
import { WordSearch } from '../search/words/match';
import { printLine, printRaw } from './output';
import { printableLine } from './printable';
import { loadEmbedder, type ModelArguments } from './photo-embedder';
import { areaArgument } from './area-argument';
import { BUILT_IN_NAME } from './places';
import type { ProgressLine } from './progress';
import { warn } from './warn';

export interface PhotoSearchArguments extends ModelArguments {
  model?: string;
  image?: string[];
  like?: string[];
  instruction?: string;
  from?: string;
  to?: string;
  camera?: string[];
  folder?: string;
  album?: string;
  area?: string;
  asWords?: string[];
  dayFirst?: boolean;
  top?: number;
  minScore?: number;
  relative?: boolean;
  null?: boolean;
  json?: boolean;
}

/** Pictures that stand out are printed; at most this many, unless `--top` says so. */
const MOST = 200;

export async function searchCommand(
  place: string,
  words: readonly string[],
  args: PhotoSearchArguments,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  const index = await openIndex(place);
  try {
    const { library } = index;
    const filter = filterOf(args, library);
    const query = queryOf(words, args, library);
    const found = query
      ? await look(index, { ...query, filter, limit: args.top ?? MOST }, args, progress, signal)
      : listed(library, filter, args);
    for (const { text, meaning } of found.understood?.recognised ?? []) {
      warn(`“${text}” filters: ${meaning}. To take it as words: --as-words "${text}"`, progress);
    }
    await printHits(found, library, args);
    if (found.weak) warn('Nothing stands out: the results may be no better than chance.', progress);
  } finally {
    await index.library.close();
  }
}

interface Found {
  hits: { id: number; score: number | null; z: number | null; relevant: boolean | null; why?: readonly Reason[] }[];
  weak: boolean;
  /** How many pictures the filter let through. */
  candidates: number;
  /** For queries in words. */
  understood?: Understood;
}

/** Null if only filters were given. @throws InvalidInputError */
function queryOf(words: readonly string[], args: PhotoSearchArguments, library: Library): SearchQuery | null {
  const like: QueryImage[] = [
    ...(args.image ?? []).map(pictureFile),
    ...(args.like ?? []).map((each) => ({ id: indexedPicture(each, library).id })),
  ];
  const text = words.join(' ').trim();
  const query = searchQuery({ parsed: parseQuery(text), like });
  if (query) {
    const [image, ...others] = like;
    const { asWords, dayFirst, instruction } = args;
    return {
      ...(text !== '' && { typed: text, asWords, dayFirst }),
      ...(image && { image }),
      ...(others.length > 0 && { combine: others.map((each) => ({ image: each })) }),
      ...(instruction !== undefined && { instruction }),
    };
  }
  if (text !== '') {
    throw new InvalidInputError(`“${text}” only says what pictures should not be like. Also say what to search for.`);
  }
  const isFiltered = Object.keys(filterOf(args, library)).length > 0;
  if (isFiltered || args.top !== undefined) return null;
  throw new InvalidInputError(
    'The query is empty: give words, --image, --like, or a filter (--from, --to, --camera, --folder, --album, --area).',
  );
}

function pictureFile(place: string): Blob {
  const status = statSync(place, { throwIfNoEntry: false });
  if (!status?.isFile()) throw new SourceNotFoundError(`There is no picture at ${place}.`, { place });
  return new DiskFile(place, { size: status.size, modified: status.mtimeMs });
}

/** The picture by its path on this disk, or as `--relative` prints it. @throws SourceNotFoundError */
function indexedPicture(place: string, library: Library): PictureRow {
  const absolute = path.resolve(place);
  const real = realOf(absolute);
  let byName: PictureRow | null = null;
  for (const { id } of library.catalog.rows.filter((item) => item !== null)) {
    const row = library.catalog.picture(id)!;
    const at = placeOf(library, row);
    if (at === absolute || at === real) return row;
    if (library.catalog.itemOf(row).path === place) byName = row;
  }
  if (byName) return byName;
  throw new SourceNotFoundError(
    `The index has no picture ${place}. For a picture that is not in the index, use --image ${place}`,
    {
      place,
    },
  );
}

function realOf(place: string): string {
  try {
    return realpathSync(place);
  } catch {
    return place;
  }
}

/** @throws InvalidInputError for an invalid date, and for an album that does not exist */
function filterOf({ from, to, camera, folder, album, area }: PhotoSearchArguments, library: Library): PhotoFilter {
  for (const [name, day] of [['--from', from] as const, ['--to', to] as const]) {
    if (day === undefined || Number.isFinite(dayOf(day))) continue;
    throw new InvalidInputError(`${name} ${day}: a day such as 2024-05-31 is expected.`, { option: name });
  }
  return {
    ...daysFilter(from ?? '', to ?? ''),
    ...(camera && { camera }),
    ...(folder !== undefined && { folder }),
    ...(album !== undefined && { album: albumNamed(album, library) }),
    ...(area !== undefined && { area: areaArgument(area) }),
  };
}

/** The favourites have no name of their own. */
const FAVOURITES_NAMES = ['favourites', 'favorites'];

function albumNamed(name: string, { catalog }: Library): number {
  const albums = describeAlbums(catalog);
  const found = albums.find((album) => album.id !== FAVOURITES && albumKey(album.name) === albumKey(name));
  if (found) return found.id;
  if (FAVOURITES_NAMES.includes(albumKey(name))) return FAVOURITES;
  const known = albums.map((album) => (album.id === FAVOURITES ? FAVOURITES_NAMES[0]! : album.name));
  throw new InvalidInputError(`The index has no album “${name}”; it has: ${known.join(', ')}.`, { option: 'album' });
}

/** Uses the index's own model, which is loaded only if something is to be embedded. */
async function look(
  index: OpenIndex,
  query: SearchQuery,
  args: PhotoSearchArguments,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<Found> {
  const { catalog } = index.library;
  const embed = (wanted: SearchQuery) => embedded(index, wanted, args, progress, signal);
  const words = new WordSearch();
  const readPlaces = async () => void (words.places = await installedPlaces());
  const { hits, relevantCount, weak, candidates, understood } =
    query.typed === undefined
      ? { ...find(catalog, await embed(query)), understood: undefined }
      : await searchTyped(query, { catalog, words, readPlaces, embed });
  const kept = hits.map(({ id, score, z, why }, i) => {
    const scores = Number.isNaN(score) ? { score: null, z: null } : { score, z };
    return { id, ...scores, relevant: i < relevantCount, ...(why && { why }) };
  });
  const shown = args.top === undefined && args.minScore === undefined ? kept.slice(0, relevantCount) : kept;
  const { minScore = -Infinity } = args;
  return { hits: shown.filter(({ score }) => (score ?? Infinity) >= minScore), weak, candidates, understood };
}

async function embedded(
  { library, indexed, model }: OpenIndex,
  query: SearchQuery,
  args: PhotoSearchArguments,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<VectorQuery> {
  const parts = [query, ...(query.combine ?? []), ...(query.exclude ?? [])];
  const needsModel = query.instruction !== undefined || parts.some(({ text, image }) => text || image instanceof Blob);
  const place = args.model ?? model ?? (indexed.name === BUILT_IN_NAME ? BUILT_IN_NAME : null);
  if (needsModel && place === null) {
    throw new InvalidInputError(
      `The index does not say where its model is: ${indexed.name ?? 'without a name'}, id ${indexed.id.slice(0, 12)}. ` +
        'Name its bundle: --model <bundle>',
      { model: indexed.id },
    );
  }
  const loaded = needsModel ? await loadEmbedder(place!, { ...args, indexed }, progress, signal) : null;
  try {
    const { query: asked } = await embedQuery(query, {
      recipe: loaded?.embedder.recipe,
      embed: (inputs) => loaded!.embedder.embed(inputs, { signal, find: 'image' }),
      file: async (id) => pictureFile(placeOf(library, library.catalog.picture(id)!)),
    });
    return asked;
  } finally {
    await loaded?.dispose();
  }
}

/** Newest first. */
function listed({ catalog }: Library, filter: PhotoFilter, { top }: PhotoSearchArguments): Found {
  const ids = listPictures(catalog, { filter });
  const hits = Array.from(ids.subarray(0, top ?? ids.length), (id) => ({ id, score: null, z: null, relevant: null }));
  return { hits, weak: false, candidates: ids.length };
}

async function printHits(
  { hits, weak, candidates, understood }: Found,
  library: Library,
  args: PhotoSearchArguments,
): Promise<void> {
  const { relative = false, json = false } = args;
  const lines = hits.map(({ id, ...hit }) => {
    const row = library.catalog.picture(id)!;
    const item = library.catalog.itemOf(row);
    return { path: relative ? item.path : placeOf(library, row), ...hit, item };
  });
  if (json) {
    const found = lines.map(({ item, ...line }) => ({ ...line, ...facts(item) }));
    await printLine(JSON.stringify({ hits: found, weak, candidates, understood: understood?.recognised }));
    return;
  }
  for (const { path: each } of lines) {
    if (args.null) await printRaw(`${each}\0`);
    else await printLine(printableLine(each));
  }
}

function facts({ name, taken, dated, camera, place, width, height }: PhotoItem): object {
  // The wall clock's time, which has no time zone.
  return { name, taken: dated ? new Date(taken).toISOString().slice(0, 19) : null, camera, place, width, height };
}
