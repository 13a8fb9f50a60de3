/**
 * @file Which sites this page reads from: those that its content security policy names. A worker is not bound by a
 * policy that stands in the page, so what a person types is checked here too.
 */

/** The sources of `connect-src`. */
export function connectSources(policy: string): string[] {
  const directive = policy.split(';').map((part) => part.trim().split(/\s+/)).find(([name]) => name === 'connect-src');
  return directive?.slice(1) ?? [];
}

/** Whether a URL may be read. Of the policy's grammar it knows `'self'`, origins, and `https://*.host`. */
export function isAllowed(url: URL, sources: readonly string[], own: string): boolean {
  return sources.some((source) => {
    if (source === "'self'") return url.origin === own;
    const [, scheme, host] = /^(https?):\/\/\*\.([^/]+)$/.exec(source) ?? [];
    if (host !== undefined) return url.protocol === `${scheme}:` && url.host.endsWith(`.${host}`);
    return url.origin === source;
  });
}

/** What an address on this page stands for. @throws in words where the page does not read from there */
export function allowedUrl(text: string): URL {
  if (!URL.canParse(text, document.baseURI)) throw new Error(`“${text}” is no address.`);
  const url = new URL(text, document.baseURI);
  const policy = document.querySelector<HTMLMetaElement>('meta[http-equiv="Content-Security-Policy"]')?.content ?? '';
  if (isAllowed(url, connectSources(policy), location.origin)) return url;
  throw new Error(
    `This page reads only from its own site and from the Hugging Face Hub, and ${url.origin} is another. ` +
      'Save the folder on this device and choose it here.',
  );
}
