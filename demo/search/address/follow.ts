/**
 * @file Keeps the page and its address in step: the user's actions are written there, and Back and Forward are carried
 * out.
 */
import { computed, effect, untracked } from '@preact/signals';
import { followScroll } from '../parts/scrolling';
import type { PicturePart, QueryForm } from '../query/form';
import type { SearchState } from '../state';
import { isSamePlace, readAddress, START, writeAddress, type Address } from './address';
import { stepOf, type EntryState } from './step';

/** How many searches with external pictures Back can still restore. */
const REMEMBERED = 30;
/** Milliseconds before the browser is told that an entry is replaced. */
const SOON = 150;

export function followAddress(state: SearchState): void {
  const { finder, view, viewing, arrangement, library } = state;
  /** The contents of the history entry. */
  let at = readAddress(location.hash) ?? START;
  /** Pictures to restore once there is an index, and the one to open. */
  let coming: Address | null = at;
  let returning = false;
  /** Where to scroll once the results are there. */
  let scrolling: number | null = entry().y ?? null;
  let y = 0;
  /** What the browser stores with this entry, or will in a moment. */
  let kept: EntryState = entry();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pictures = new Map<number, readonly PicturePart[]>();
  let shown: readonly PicturePart[] = finder.form.value.pictures;
  let count = 0;

  history.scrollRestoration = 'manual';
  followScroll(() => void (y = scrollY));
  addEventListener('pagehide', () => put({ y: scrollY }));
  addEventListener('popstate', restore);
  show(at);

  const now = computed<Address>(() => {
    const { text, asWords = [], filter, pictures } = finder.form.value;
    const open = viewing.value;
    return {
      text,
      asWords,
      filter,
      pictures: pictures.flatMap(({ image, sign }) => (image instanceof Blob ? [] : [{ id: image.id, sign }])),
      view: view.value,
      sort: arrangement.sort.value,
      photo: open ? open.ids[open.at]! : null,
    };
  });
  // One action may change several things, which together are one step.
  let waiting = false;
  effect(() => {
    void now.value;
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      write();
    });
  });

  // Only an index can look up pictures.
  effect(() => {
    if (!library.open.value) return;
    untracked(() => coming && void comeWith(coming));
  });
  effect(() => {
    const arranged = arrangement.arranged.value;
    if (!arranged || finder.stale.value || arranged.found !== finder.found.value) return;
    untracked(() => {
      const wanted = coming?.photo ?? null;
      if (coming && coming.pictures.length === 0) {
        coming = null;
        if (wanted !== null) void openPhoto(wanted);
      }
      const top = scrolling;
      scrolling = null;
      if (top !== null) requestAnimationFrame(() => requestAnimationFrame(() => scrollTo({ top })));
    });
  });

  function write(): void {
    const next = now.value;
    const parts = finder.form.value.pictures;
    if (returning) return;
    // What the address has yet to restore is not a change.
    if (coming && isSamePlace({ ...next, pictures: [] }, { ...coming, pictures: [] }) && next.photo === null) return;
    coming = null;
    const other = parts !== shown && keysOf(parts) !== keysOf(shown) && writeAddress(next) === writeAddress(at);
    const step = stepOf(at, next, { entry: kept, now: Date.now(), other });
    shown = parts;
    if (step.kind === 'none') return;
    if (step.kind === 'back') {
      returning = true;
      return history.back();
    }
    // The scroll position belonged to the view that was left.
    scrolling = null;
    const before = { hash: writeAddress(at), state: { ...kept, y } };
    at = next;
    kept = { ...step.state };
    if (parts.some(({ image }) => image instanceof Blob)) {
      if (step.kind === 'push' || kept.pictures === undefined) kept.pictures = ++count;
      pictures.set(kept.pictures, parts);
      if (pictures.size > REMEMBERED) pictures.delete(pictures.keys().next().value!);
    }
    clearTimeout(timer);
    // Arrow keys change pictures faster than browsers accept updates.
    if (step.kind === 'replace') return void (timer = setTimeout(put, SOON));
    attempt(() => history.replaceState(before.state, '', addressOf(before.hash)));
    attempt(() => history.pushState(kept, '', addressOf(writeAddress(next))));
  }

  /** Updates the browser's entry to the current state. */
  function put(more: EntryState = {}): void {
    clearTimeout(timer);
    kept = { ...kept, ...more };
    attempt(() => history.replaceState(kept, '', addressOf(writeAddress(at))));
  }

  function restore(): void {
    clearTimeout(timer);
    const next = readAddress(location.hash);
    const before = kept;
    kept = entry();
    if (returning) {
      returning = false;
      at = next ?? START;
      return write();
    }
    // A link within the page, such as the one that skips to its content: the view stays.
    if (!next) {
      kept = before;
      return put();
    }
    const samePlace = isSamePlace(at, next) && kept.pictures === before.pictures;
    at = next;
    if (samePlace) {
      if (next.photo === null) viewing.value = null;
      else void openPhoto(next.photo);
      return;
    }
    scrolling = kept.y ?? 0;
    show(next);
    if (library.open.value && coming) void comeWith(coming);
  }

  /** Applies an address, as far as that is possible at once. */
  function show(next: Address): void {
    const { text, asWords, filter, view: nextView, sort } = next;
    const remembered = pictures.get(kept.pictures ?? 0) ?? [];
    coming = remembered.length > 0 ? { ...next, pictures: [] } : next;
    viewing.value = null;
    view.value = nextView;
    arrangement.sort.value = sort;
    const form: Partial<QueryForm> = { text, asWords, filter, pictures: remembered };
    shown = remembered;
    if (next !== START) finder.change(form);
  }

  /** Pictures of the index in the query; those that it does not have are left out. */
  async function comeWith(wanted: Address): Promise<void> {
    const index = library.open.value?.index;
    if (wanted.pictures.length === 0 || !index) return;
    const items = await index.items(wanted.pictures.map(({ id }) => id)).catch(() => []);
    if (coming !== wanted || library.open.value?.index !== index) return;
    const parts = items.flatMap((item, i): Omit<PicturePart, 'key'>[] =>
      item ? [{ image: { id: item.id }, name: item.name, sign: wanted.pictures[i]!.sign }] : [],
    );
    coming = { ...wanted, pictures: [] };
    at = { ...wanted, pictures: parts.map(({ image, sign }) => ({ id: (image as { id: number }).id, sign })) };
    shown = parts.map((part, i) => ({ ...part, key: -1 - i }));
    put();
    finder.change({ pictures: shown });
  }

  async function openPhoto(id: number): Promise<void> {
    const ids = arrangement.order.value;
    const place = ids.indexOf(id);
    if (place >= 0) return void (viewing.value = { ids, at: place });
    const place0 = at;
    const [item] = (await library.open.value?.index.items([id]).catch(() => null)) ?? [];
    if (at !== place0) return;
    if (item) viewing.value = { ids: Uint32Array.of(id), at: 0 };
    else {
      at = { ...at, photo: null };
      put();
    }
  }
}

const keysOf = (parts: readonly PicturePart[]) => parts.map(({ key, sign }) => `${key} ${sign}`).join();

/** A page opened through a link has none. */
function entry(): EntryState {
  const { state } = history as { state: unknown };
  return typeof state === 'object' && state !== null ? (state as EntryState) : {};
}

const addressOf = (hash: string) => `${location.pathname}${location.search}${hash}`;

/** Browsers refuse more than some hundred changes in half a minute: the address then lags behind. */
function attempt(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'SecurityError')) throw error;
  }
}
