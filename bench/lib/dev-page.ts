/** @file Pages of Chromium that run modules of this repository, served from their sources by Vite. */

import type { Browser, BrowserContext, Page } from '@playwright/test';
import { createServer } from 'vite';

/** Vite on a free port. */
export interface DevSite {
  /** Its address, with a slash at the end. */
  base: string;
  close(): Promise<void>;
}

export async function startDevSite(): Promise<DevSite> {
  const site = await createServer({ logLevel: 'error', server: { port: 0, watch: null, hmr: false } });
  await site.listen();
  return { base: site.resolvedUrls!.local[0]!, close: () => site.close() };
}

/** An empty page, where nothing has a limit of time. */
export async function openDevPage(browser: Browser | BrowserContext, { base }: DevSite): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  await page.routeWebSocket('**', () => undefined); // the server must not reload it
  // tsx wraps functions in this to keep their names, which does not exist in the page.
  await page.addInitScript('globalThis.__name = (value) => value');
  await page.goto(new URL('/e2e/blank.html', base).href);
  return page;
}

/** What {@link pageRunner} returns: resolves to what `action` returns in the page; both are plain data. */
export type RunInPage<Module> = <T, A>(
  action: (module: Module, argument: A) => T | Promise<T>,
  argument?: A,
) => Promise<T>;

/**
 * Runs functions in a page, with the exports of a module there.
 * @param path of the module: `/bench/lib/search-page.ts`
 */
export function pageRunner<Module>(page: Page, path: string): RunInPage<Module> {
  return async <T, A>(action: (module: Module, argument: A) => T | Promise<T>, argument?: A) => {
    const source = `(async () => (${action})(await import('${path}'), ${JSON.stringify(argument)}))()`;
    return (await page.evaluate(source)) as T;
  };
}
