/** @file The part of a content security policy that says which sites a page reads from, as pages need it: a grammar. */

/** The sources of `connect-src`. */
export function connectSources(policy: string): string[] {
  const directive = policy
    .split(';')
    .map((part) => part.trim().split(/\s+/))
    .find(([name]) => name === 'connect-src');
  return directive?.slice(1) ?? [];
}

/**
 * Whether a URL may be read. It supports this part of the grammar: `'self'`, `https:`, origins, and `https://*.host`.
 */
export function isAllowed(url: URL, sources: readonly string[], own: string): boolean {
  return sources.some((source) => {
    if (source === "'self'") return url.origin === own;
    if (/^https?:$/.test(source)) return url.protocol === source;
    const [, scheme, host] = /^(https?):\/\/\*\.([^/]+)$/.exec(source) ?? [];
    if (host !== undefined) return url.protocol === `${scheme}:` && url.host.endsWith(`.${host}`);
    return url.origin === source;
  });
}
