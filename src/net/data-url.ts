/**
 * @file `fetch` that reads `data:` addresses itself. Bundlers turn small files into such addresses, which a page's
 * content security policy (`connect-src 'self'`) would not let it fetch.
 */

const DATA = /^data:[^,]*?(;base64)?,/i;

/** As `fetch`, which it calls for all other addresses. */
export const fetchAnywhere: typeof fetch = async (input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  const match = DATA.exec(url);
  if (!match) return globalThis.fetch(input, init);
  init?.signal?.throwIfAborted();
  const text = decodeURIComponent(url.slice(match[0].length));
  return new Response(match[1] ? Uint8Array.from(atob(text), (char) => char.charCodeAt(0)) : text);
};
