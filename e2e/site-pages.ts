/** @file What the tests of the site share: pages that are watched, and helpers for their parts. */
import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Locator, type Page, type TestInfo } from '@playwright/test';

/** Whether longer tests run: `npm run test:full`. */
export const IS_FULL = process.env.VLM2VEC_FULL_TESTS === '1';

export const siteOf = ({ project }: Pick<TestInfo, 'project'>): string => project.metadata.siteURL as string;
export const siteFolderOf = ({ project }: Pick<TestInfo, 'project'>): string => project.metadata.siteFolder as string;

/**
 * Opens a page and records what should not happen: requests to other origins, errors. Workers' requests are seen too.
 */
export async function openWatched(page: Page, url: string): Promise<{ foreign: string[]; problems: string[] }> {
  const { origin } = new URL(url);
  const foreign: string[] = [];
  const problems: string[] = [];
  page.context().on('request', (request) => {
    const asked = new URL(request.url());
    if (/^https?:$/.test(asked.protocol) && asked.origin !== origin) foreign.push(asked.href);
  });
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(url);
  return { foreign, problems };
}

/** The violations that axe finds. @param rules only these, if the page was already checked in other colours */
export async function violations(page: Page, ...rules: string[]): Promise<string[]> {
  // Legacy means within the page; otherwise every call opens another, for the sake of foreign frames, which no page has.
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const found = await (rules.length > 0 ? axe.withRules(rules) : axe).analyze();
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`,
  );
}

/** The ranking page on the CPU, with the state that a link contains. */
export function rankUrl(site: string, words: Record<string, string | string[]> = {}): string {
  const hash = new URLSearchParams();
  for (const [name, value] of Object.entries({ task: 'caption', ...words })) {
    for (const one of [value].flat()) hash.append(name, one);
  }
  return `${site}/?device=wasm#${hash.toString()}`;
}

/** The ranked candidates of the current selection. */
export const ranked = (page: Page): Locator => page.locator('#ranking li');

/** Waits until the last change is ranked: the table is busy from the moment of the change. */
export async function settled(page: Page): Promise<void> {
  await expect(page.locator('.matrix')).toHaveAttribute('aria-busy', 'false');
}

/** Files as drag and drop and the clipboard carry them. */
export function transferOf(page: Page, files: readonly { path: string; name: string; type: string }[]) {
  return page.evaluateHandle(
    (files) => {
      const transfer = new DataTransfer();
      for (const { bytes, name, type } of files) transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
      return transfer;
    },
    files.map(({ path, name, type }) => ({ bytes: [...readFileSync(path)], name, type })),
  );
}

/** Drops files onto the page as a user does. */
export async function drop(page: Page, ...files: { path: string; name: string; type: string }[]): Promise<void> {
  const dataTransfer = await transferOf(page, files);
  for (const event of ['dragenter', 'dragover', 'drop']) await page.dispatchEvent('main', event, { dataTransfer });
}
