/** @file The page's content security policy, from the inside: what it says, and how a page makes it stricter. */
import { connectSources } from './hosts';

/** Whether the policy lets this page reach other sites than its own. */
export function reachesOtherSites(): boolean {
  const policies = [...document.querySelectorAll<HTMLMetaElement>('meta[http-equiv="Content-Security-Policy"]')];
  // Policies add up: a connection must be allowed by each.
  return policies
    .map(({ content }) => connectSources(content))
    .every((sources) => sources.some((source) => /^https?:/.test(source)));
}

/**
 * From here on, for as long as it is open, this page reaches its own site only. A policy cannot be loosened again: a
 * page that needs another site later has to be opened anew without this call.
 */
export function confineToSite(): void {
  const meta = document.createElement('meta');
  meta.httpEquiv = 'Content-Security-Policy';
  meta.content = "connect-src 'self' blob:";
  document.head.append(meta);
}
