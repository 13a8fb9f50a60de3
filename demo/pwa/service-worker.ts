/**
 * @file Makes the site work without a network. Stored on installation: pages, scripts, styles, samples and nano. Stored
 * when they are first used: the large parts that not every visitor needs (one of ONNX Runtime's builds, decoders).
 * Everything else, above all the weights of other models, is not stored here: those are in OPFS, under the visitor's
 * own control. A new version waits until a page asks for it.
 *
 * Only the bytes that were built are stored: each file has its SHA-256 in this script, and a host that answers with
 * something else (an error page with status 200, half of another version) leaves no trace.
 */
import {
  matchPrecache,
  precache,
  cleanupOutdatedCaches,
  getCacheKeyForURL,
  type PrecacheEntry,
} from 'workbox-precaching';
import { createPartialResponse } from 'workbox-range-requests';
import { filesOf, isLarge } from './files';

declare const self: ServiceWorkerGlobalScope;

/**
 * The messages of pages. `keep`: store a build of ONNX Runtime, or `places`. `activate`: take over from the previous
 * version.
 */
type Message = { keep: string } | { activate: true };

/**
 * Files with a hash in their names, stored when they are first used. Sites in other folders of a host have their own
 * cache.
 */
const ON_USE = `on-use ${self.registration.scope}`;

const files = self.__WB_MANIFEST as PrecacheEntry[]; // put here by scripts/pwa.ts
const scope = new URL('./', self.location.href);
const absolute = (file: string) => new URL(file, scope).href;
/** Addresses of the large files, with their hashes. */
const large = new Map(files.filter(({ url }) => isLarge(url)).map(({ url, integrity }) => [absolute(url), integrity]));

precache(files.filter(({ url }) => !isLarge(url)));
cleanupOutdatedCaches();

self.addEventListener('activate', (event) => {
  event.waitUntil(Promise.all([self.clients.claim(), forgetOld()]));
});

/** Caches of earlier versions. */
async function forgetOld(): Promise<void> {
  const cache = await caches.open(ON_USE);
  for (const { url } of await cache.keys()) if (!large.has(url)) await cache.delete(url);
}

self.addEventListener('message', (event) => {
  const message = event.data as Message;
  if ('activate' in message) void self.skipWaiting();
  else event.waitUntil(keep(message.keep).then((fresh) => event.ports[0]?.postMessage({ fresh })));
});

/** @returns how many files were not stored before */
async function keep(part: string): Promise<number> {
  const cache = await caches.open(ON_USE);
  let fresh = 0;
  for (const file of filesOf([...large.keys()], part)) {
    if (await cache.match(file)) continue;
    await cache.add(new Request(file, { integrity: large.get(file) }));
    fresh++;
  }
  return fresh;
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== scope.origin) return;
  if (large.has(url.href)) return event.respondWith(onUse(request));
  const page = pageOf(url, request);
  if (getCacheKeyForURL(page)) event.respondWith(kept(request, page));
});

/** The file for an address: for a folder its `index.html`; the query of a page does not matter. */
function pageOf(url: URL, { mode }: Request): string {
  const plain = new URL(url);
  plain.hash = '';
  if (mode === 'navigate') plain.search = '';
  if (plain.pathname.endsWith('/')) plain.pathname += 'index.html';
  return plain.href;
}

async function kept(request: Request, page: string): Promise<Response> {
  const response = await matchPrecache(page);
  if (!response) return fetch(request); // the browser cleared its caches
  return request.headers.has('range') ? createPartialResponse(request, response) : response;
}

async function onUse(request: Request): Promise<Response> {
  const cache = await caches.open(ON_USE);
  const found = await cache.match(request.url);
  if (found) return found;
  const response = await fetch(request, { integrity: large.get(request.url) });
  if (response.status === 200) await cache.put(request.url, response.clone());
  return response;
}
