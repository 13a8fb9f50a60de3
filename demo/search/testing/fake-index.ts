/**
 * @file A photo index in memory, for tests of the page: invented pictures, instant answers, and a run that a test
 * advances.
 */
import {
  FAVOURITES,
  type Album,
  type IndexState,
  type PhotoIndex,
  type PhotoItem,
  type PhotoProblem,
  type SearchHit,
} from '../../../src/search';

export interface FakeOptions {
  count: number;
  /** A fraction of the hits stands out. @default 0.2 */
  relevant?: number;
  thumbnail?: (id: number) => Promise<Blob>;
  problems?: PhotoProblem[];
}

export const DEEP_HITS = 3;
const FOLDERS = ['Holidays/2023/Norway', 'Holidays/2024/Crete', 'Garden', 'Phone'];
const CAMERAS = ['Fujifilm X-T5', 'Apple iPhone 15', null];
const START = Date.UTC(2019, 0, 1);

const takenOf = (id: number) => START + id * 3_600_000;
const isDated = (id: number) => id % 7 !== 0;

export function fakeItem(id: number): PhotoItem {
  const folder = FOLDERS[id % FOLDERS.length]!;
  const name = `IMG_${String(id).padStart(6, '0')}.jpg`;
  return {
    id,
    path: `${folder}/${name}`,
    name,
    folderId: 1,
    size: 2_000_000 + id,
    taken: takenOf(id),
    dated: isDated(id),
    camera: CAMERAS[id % CAMERAS.length]!,
    place: id % 5 === 0 ? null : fakePlace(id),
    unread: null,
    width: 4000,
    height: 3000,
    hash: id.toString(16).padStart(64, '0'),
  };
}

/** Around three hundred towns of Europe and beyond, more in some than in others. */
function fakePlace(id: number) {
  const scatter = (seed: number) => ((Math.sin(seed * 12.9898) * 43758.5453) % 1) ** 3;
  const town = (id * id) % 307;
  return {
    latitude: 47 + 18 * scatter(town) + 0.1 * scatter(id + 0.5),
    longitude: 11 + 45 * scatter(town + 0.25) + 0.1 * scatter(id + 0.75),
  };
}

/**
 * `searches` holds every query, `reconnected` the folders, `deepCalls` the calls to the second pass; `set` changes
 * the state as a run would. With a second model, that model has ranked the best {@link DEEP_HITS} of each search.
 */
export type FakeIndex = PhotoIndex & {
  searches: unknown[];
  deepCalls: string[];
  reconnected: number[];
  set(change: Partial<IndexState>): void;
};

export function fakeIndex({ count, relevant = 0.2, thumbnail, problems = [] }: FakeOptions): FakeIndex {
  const listeners = new Set<(state: IndexState) => void>();
  let state: IndexState = {
    phase: 'idle',
    readOnly: false,
    indexed: count,
    problems: problems.length,
    folders: [{ id: 1, name: 'Pictures', access: 'ready', problem: null, older: 0, found: count, indexed: count }],
    run: null,
    error: null,
    revision: 1,
    contentRevision: 1,
    albumRevision: 0,
    deep: null,
  };
  const ids = () => Uint32Array.from({ length: state.indexed }, (_, i) => i + 1);
  const searches: unknown[] = [];
  const reconnected: number[] = [];
  const deepCalls: string[] = [];
  const done = async () => undefined;
  const albums = new Map<number, { name: string; ids: Set<number> }>([[FAVOURITES, { name: '', ids: new Set() }]]);
  const changedAlbums = () => {
    state = { ...state, albumRevision: state.albumRevision + 1 };
    for (const listener of listeners) listener(state);
  };
  const described = (of: readonly number[] = []) =>
    Array.from(albums, ([id, { name, ids }]): Album => {
      return { id, name, created: 0, pictures: ids.size, contains: of.filter((each) => ids.has(each)).length };
    });
  return {
    searches,
    reconnected,
    deepCalls,
    set(change) {
      state = { ...state, contentRevision: change.revision ?? state.contentRevision, ...change };
      for (const listener of listeners) listener(state);
    },
    get state() {
      return state;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    add: async () => state.folders[0]!,
    reconnect: async (id) => reconnected.push(id) > 0,
    removeFolder: done,
    start: done,
    finished: async () => state,
    pause: done,
    cancel: done,
    retry: done,
    useDeep: done,
    startDeep: async () => void deepCalls.push('start'),
    pauseDeep: async () => void deepCalls.push('pause'),
    forgetDeep: done,
    async search(query) {
      searches.push(query);
      const hits: SearchHit[] = Array.from(ids().subarray(0, query.limit ?? 200), (id, i) => ({
        id,
        score: 0.9 - i / 1000,
        z: 6 - i / 100,
        pass: state.deep && i < DEEP_HITS ? 'deep' : 'first',
      }));
      return {
        hits,
        relevantCount: Math.ceil(hits.length * relevant),
        weak: false,
        candidates: state.indexed,
        revision: state.revision,
        phase: state.phase,
        deep: state.deep && { wanted: hits.length, embedded: DEEP_HITS, left: hits.length - DEEP_HITS },
        deepError: null,
        milliseconds: { embed: 30, score: 4, deepen: 0 },
      };
    },
    list: async ({ filter } = {}) =>
      filter?.album === undefined ? ids().reverse() : Uint32Array.from(albums.get(filter.album)!.ids),
    albums: async ({ of = [] } = {}) => described([...of]),
    async createAlbum(name, ids = []) {
      const id = Math.max(...albums.keys()) + 1;
      albums.set(id, { name, ids: new Set(ids) });
      changedAlbums();
      return described().find((album) => album.id === id)!;
    },
    async renameAlbum(id, name) {
      albums.get(id)!.name = name;
      changedAlbums();
    },
    async changeAlbum(id, { add = [], remove = [] }) {
      for (const each of remove) albums.get(id)!.ids.delete(each);
      for (const each of add) albums.get(id)!.ids.add(each);
      changedAlbums();
    },
    async deleteAlbum(id) {
      albums.delete(id);
      changedAlbums();
    },
    items: async (wanted) => Array.from(wanted, (id) => (id <= state.indexed ? fakeItem(id) : null)),
    async places(wanted) {
      const all = Array.from(wanted, (id) => fakeItem(id).place);
      return {
        latitude: Float64Array.from(all, (place) => place?.latitude ?? NaN),
        longitude: Float64Array.from(all, (place) => place?.longitude ?? NaN),
      };
    },
    async placeNames(wanted) {
      const none = () => new Int32Array(wanted.length).fill(-1);
      return { town: none(), region: none(), country: none(), names: [] };
    },
    towns: async () => [],
    dates: async (wanted) => ({
      taken: Float64Array.from(wanted, takenOf),
      dated: Uint8Array.from(wanted, (id) => Number(isDated(id))),
    }),
    facets: async () => ({
      cameras: [{ name: 'Fujifilm X-T5', count: 3 }],
      folders: [
        'Garden',
        'Holidays',
        'Holidays/2023',
        'Holidays/2024',
        'Holidays/2023/Norway',
        'Holidays/2024/Crete',
        'Phone',
      ].map((path) => ({ path, count: 1 })),
      taken: { from: START, to: START + count * 3_600_000 },
    }),
    thumbnail: thumbnail ?? (async () => new Blob()),
    file: async (id) => new File([(await thumbnail?.(id)) ?? ''], `${id}.webp`, { type: 'image/webp' }),
    problems: async () => problems,
    groups: async () => ({ exact: [[1, 2]], similar: [[3, 4, 5]] }),
    async map() {
      const x = Float32Array.from(ids(), (id) => Math.sin(id * 12.9898) * ((id % 97) / 97));
      const y = Float32Array.from(ids(), (id) => Math.cos(id * 12.9898) * ((id % 89) / 89));
      return { ids: ids(), x, y, revision: state.contentRevision, sampled: count, milliseconds: 0 };
    },
    export: async () => new Blob(),
    import: done,
    exportParquet: async () => new Blob(),
    clear: done,
    close: done,
    [Symbol.asyncDispose]: done,
  };
}
