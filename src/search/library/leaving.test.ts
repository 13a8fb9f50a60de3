import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { forgetLeaving, noteLeaving, readLeaving } from './leaving';

let page: EventTarget;
let view: EventTarget & { visibilityState?: string };
let stored: Map<string, string>;

beforeEach(() => {
  [page, view, stored] = [new EventTarget(), new EventTarget(), new Map()];
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  vi.stubGlobal('document', view);
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
});
afterEach(() => vi.unstubAllGlobals());

const hide = () => page.dispatchEvent(new Event('pagehide'));
const show = (state: 'hidden' | 'visible') => {
  view.visibilityState = state;
  view.dispatchEvent(new Event('visibilitychange'));
};

test('in the background the note says hidden, in the foreground there is none, and at the end it says closed', () => {
  noteLeaving('place', () => 'a-session');
  expect(readLeaving('place')).toBeNull();
  show('hidden');
  expect(readLeaving('place')).toEqual({ session: 'a-session', kind: 'hidden' });
  show('visible');
  expect(readLeaving('place')).toBeNull();
  show('hidden');
  hide();
  expect(readLeaving('place')).toEqual({ session: 'a-session', kind: 'closed' });
  show('visible'); // restored from the page cache
  expect(readLeaving('place')).toBeNull();
  hide();
  show('hidden'); // in this order when it is reloaded
  expect(readLeaving('place')).toEqual({ session: 'a-session', kind: 'closed' });
  forgetLeaving('place');
  expect(readLeaving('place')).toBeNull();
});

test('a page that only reads writes no note, and leaves the notes of others alone', () => {
  noteLeaving('place', () => 'writer');
  hide();
  page = new EventTarget();
  view = new EventTarget();
  noteLeaving('place', () => null);
  show('hidden');
  show('visible');
  hide();
  expect(readLeaving('place')).toEqual({ session: 'writer', kind: 'closed' });
});

test('after its end it writes no note; without storage, or with anything else in it, there is no note', () => {
  noteLeaving('place', () => 's')();
  hide();
  expect(readLeaving('place')).toBeNull();
  stored.set('place', 'something else');
  expect(readLeaving('place')).toBeNull();
  vi.stubGlobal('localStorage', undefined);
  noteLeaving('place', () => 's');
  hide();
  expect(readLeaving('place')).toBeNull();
});
