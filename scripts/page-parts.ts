/** @file What the HTML files of the pages have in common, put in from one place: their head with its policy, their body. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'vite';

/** `<!-- include shell/head.html connect="https://huggingface.co" -->`: which file of `demo/`, and whom the page may reach. */
const INCLUDE = /^[ \t]*<!-- include ([\w/-]+\.html)(?: connect="([^"]*)")? -->\n/gm;

/** A page with its parts put in. */
export function withParts(html: string, read: (part: string) => string): string {
  return html.replace(INCLUDE, (_, part: string, connect?: string) =>
    read(part).replaceAll('{{connect}}', connect ? ` ${connect}` : ''),
  );
}

export function pageParts(): Plugin {
  const read = (part: string) => readFileSync(path.resolve('demo', part), 'utf8');
  // Before Vite looks for what a page loads.
  return { name: 'page-parts', transformIndexHtml: { order: 'pre', handler: (html) => withParts(html, read) } };
}
