/** @file Inserts what the HTML files of the pages have in common: their head with its policy, and their body. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'vite';

/**
 * `<!-- include shell/head.html connect="https://huggingface.co" -->`: which file of `demo/`, and which hosts the page
 * may reach.
 */
const INCLUDE = /^[ \t]*<!-- include ([\w/-]+\.html)(?: connect="([^"]*)")? -->\n/gm;

/** A page with its parts inserted. */
export function withParts(html: string, read: (part: string) => string): string {
  return html.replace(INCLUDE, (_, part: string, connect?: string) =>
    read(part).replaceAll('{{connect}}', connect ? ` ${connect}` : ''),
  );
}

export function pageParts(): Plugin {
  const read = (part: string) => readFileSync(path.resolve('demo', part), 'utf8');
  // Runs before Vite looks for the files that a page loads.
  return { name: 'page-parts', transformIndexHtml: { order: 'pre', handler: (html) => withParts(html, read) } };
}
