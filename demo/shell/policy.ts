/** @file This page's content security policies from the inside: which sites it may contact. */
import { connectSources, isAllowed } from './hosts';

/** The sources of each policy. They add up: a connection must be allowed by each. */
function policies(): string[][] {
  const metas = document.querySelectorAll<HTMLMetaElement>('meta[http-equiv="Content-Security-Policy"]');
  return [...metas].map(({ content }) => connectSources(content));
}

/** Whether this page may read a URL. Our workers are restricted by the same policies. */
export function mayReach(url: URL): boolean {
  const all = policies();
  return all.length > 0 && all.every((sources) => isAllowed(url, sources, location.origin));
}

/**
 * The other sites that this page may contact according to the strictest policy: the last one, since each can only
 * narrow.
 */
export function otherSites(): string[] {
  return (policies().at(-1) ?? []).filter((source) => /^https?:/.test(source));
}

/** Parses an address. @throws with a message to display if it is not valid */
export function addressOf(text: string): URL {
  const url = URL.canParse(text, document.baseURI) ? new URL(text, document.baseURI) : null;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new Error(`“${text}” is not a valid address.`);
}
