/** @file Everything that the search page knows, in one place; its parts get it through context. */
import { computed, effect, signal, untracked } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { parseQuery, type Facets } from '../../src/search';
import { ModelControl } from '../shell';
import { followAddress } from './address/follow';
import { watchRequests } from './data/requests';
import { NOTHING, type Selection } from './grid/selection';
import { Measuring } from '../cards/measuring';
import { BeforeRun } from './before/before-run';
import { PhotoSizeChoice } from './before/photo-sizes';
import { DeepControl } from './deep/deep-control';
import { AlbumState } from './albums/album-state';
import { Library } from './library/library';
import { Finder } from './query/finder';
import { Arrangement } from './time/arrangement';

export type ViewName = 'pictures' | 'groups' | 'places' | 'map';

/** The pictures that the viewer goes through, and the one it shows. */
export interface Viewing {
  ids: Uint32Array;
  at: number;
}

/** Beyond this scroll position, in pixels, someone is looking through results. */
const LOOKING = 300;

export class SearchState {
  readonly control = new ModelControl();
  readonly deep = new DeepControl();
  readonly sizes = new PhotoSizeChoice();
  readonly measuring = new Measuring();
  readonly before = new BeforeRun(this.sizes, () => this.control.model.value?.info ?? null);
  readonly library = new Library((sources) => this.before.ask(sources));
  readonly finder = new Finder({ parse: parseQuery, calm: () => this.#nobodyLooks() });
  readonly arrangement = new Arrangement({
    found: this.finder.found,
    unfolded: this.finder.unfolded,
    index: computed(() => this.library.open.value?.index ?? null),
  });
  readonly albums = new AlbumState(this.library);
  readonly requests = watchRequests();
  readonly selection = signal<Selection>(NOTHING);
  readonly view = signal<ViewName>('pictures');
  readonly viewing = signal<Viewing | null>(null);
  readonly showScores = signal(false);
  readonly facets = signal<Facets | null>(null);

  /** The model that gets instructions: the second one, if it is in use. */
  readonly asked = computed(() => {
    const deep = this.library.state.value?.deep ? this.deep.info.value : null;
    return deep ?? this.control.model.value?.info ?? null;
  });

  /** From here on, results follow the library. */
  follow(): void {
    effect(() => {
      const open = this.library.open.value;
      untracked(() => this.finder.use(open?.index ?? null));
      this.selection.value = NOTHING;
      this.viewing.value = null;
      this.facets.value = null;
    });
    // An instruction for one model means nothing to another with different prompts.
    let recipe: string | undefined;
    effect(() => {
      const name = this.asked.value?.recipe.name;
      if (name === undefined || name === recipe) return;
      if (recipe !== undefined) untracked(() => this.finder.change({ instruction: null }));
      recipe = name;
    });
    effect(() => {
      const state = this.library.state.value;
      if (state) untracked(() => this.finder.follow(state));
    });
    this.arrangement.follow();
    this.#followFacets();
    this.#followAlbums();
    followAddress(this);
  }

  /** An album deleted here or in another tab no longer filters, and pictures that are gone are no longer selected. */
  #followAlbums(): void {
    this.albums.follow();
    effect(() => {
      const all = this.albums.all.value;
      const { filter } = untracked(() => this.finder.form.value);
      if (all.length === 0 || filter.album === null || all.some(({ id }) => id === filter.album)) return;
      untracked(() => this.finder.change({ filter: { ...filter, album: null } }));
    });
    const revision = computed(() => this.library.state.value?.contentRevision);
    effect(() => {
      const index = this.library.open.value?.index;
      const ids = untracked(() => [...this.selection.value.ids]);
      if (!index || revision.value === undefined || ids.length === 0) return;
      void index.items(ids).then(
        (items) => {
          const gone = new Set(ids.filter((_, i) => items[i] === null));
          const { ids: now, anchor } = this.selection.value;
          if (gone.size > 0) this.selection.value = { ids: new Set([...now].filter((id) => !gone.has(id))), anchor };
        },
        () => undefined,
      );
    });
  }

  /** What filters can choose from, as pictures come and go. */
  #followFacets(): void {
    const revision = computed(() => this.library.state.value?.contentRevision);
    effect(() => {
      const open = this.library.open.value;
      if (!open || revision.value === undefined) return;
      let current = true;
      const look = () =>
        void open.index.facets().then(
          (found) => current && (this.facets.value = found),
          () => undefined,
        );
      // While pictures are indexed this would change several times a second.
      const timer = setTimeout(look, untracked(() => this.facets.value) ? 1500 : 0);
      return () => {
        current = false;
        clearTimeout(timer);
      };
    });
  }

  #nobodyLooks(): boolean {
    const focused = document.activeElement?.closest('[role="grid"]');
    return this.viewing.value === null && this.selection.value.ids.size === 0 && !focused && scrollY < LOOKING;
  }

  /** Searches for pictures like one of the library. */
  moreLike(id: number, name: string): void {
    this.viewing.value = null;
    this.view.value = 'pictures';
    this.finder.addPicture({ image: { id }, name }, true);
    scrollTo({ top: 0 });
  }
}

const Context = createContext<SearchState | null>(null);

export const StateProvider = Context.Provider;

export function useSearch(): SearchState {
  const state = useContext(Context);
  if (!state) throw new Error('Outside of the search page');
  return state;
}
