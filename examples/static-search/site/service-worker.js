/**
 * Keeps what the page reads, so that it works without a network after a visit with a search. A file is kept whole when it, or a
 * part of it, is read for the first time, and comes from here from then on. Another build keeps anew and drops what was kept.
 */
const OWN = self.registration.scope; // other folders of the host are not touched
const CACHE = `${OWN} BUILD`; // build.js puts the hash of the build there
/** Larger files stay on the server: offline, what needs them does not work. */
const LARGEST_BYTES = 64e6;
const keeping = new Set();

self.addEventListener('install', (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(CACHE).then((cache) => cache.add(new Request(OWN, { cache: 'reload' }))));
});

self.addEventListener('activate', (event) => event.waitUntil(begin()));

self.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method === 'GET' && url.startsWith(OWN)) event.respondWith(answer(event));
});

async function begin() {
  const earlier = (await caches.keys()).filter((name) => name.startsWith(`${OWN} `) && name !== CACHE);
  await Promise.all(earlier.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function answer(event) {
  const { request } = event;
  const { url } = request;
  const range = request.headers.get('Range');
  const cache = await caches.open(CACHE);
  const kept = await cache.match(url, { ignoreSearch: true, ignoreVary: true });
  if (kept) return range === null ? kept : partOf(await kept.blob(), range, kept.headers);
  const response = await fetch(request);
  const bytes = Number(response.headers.get('Content-Range')?.split('/')[1] ?? response.headers.get('Content-Length'));
  if (bytes > LARGEST_BYTES || keeping.has(url)) return response;
  if (response.status === 200) event.waitUntil(keep(cache, url, response.clone()));
  if (response.status === 206) event.waitUntil(keep(cache, url, fetch(url)));
  return response;
}

async function keep(cache, url, response) {
  keeping.add(url);
  try {
    const whole = await response;
    if (whole.status === 200) await cache.put(url, whole);
  } catch {
    // No room, or no network: the next who reads it tries again.
  } finally {
    keeping.delete(url);
  }
}

/** The bytes that were asked for. Without the whole file's ETag, which servers change where they compress. */
function partOf(blob, range, headers) {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? [];
  const end = last ? Math.min(Number(last) + 1, blob.size) : blob.size;
  const start = Number(first);
  if (!(start < end)) return new Response(null, { status: 416, headers: { 'Content-Range': `bytes */${blob.size}` } });
  return new Response(blob.slice(start, end), {
    status: 206,
    headers: {
      'Content-Type': headers.get('Content-Type') ?? 'application/octet-stream',
      'Content-Range': `bytes ${start}-${end - 1}/${blob.size}`,
      'Content-Length': String(end - start),
    },
  });
}
