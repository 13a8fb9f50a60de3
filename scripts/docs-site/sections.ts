/** @file Sections of the guides in the search of the documents' site. TypeDoc's own entries are whole pages. */
import { readFileSync } from 'node:fs';
import { DocumentReflection, IndexEvent, Slugger, type Application, type Reflection } from 'typedoc';

/** The text below a heading, down to the next one. */
export interface Section {
  title: string;
  /** The heading's `id` in the page. */
  anchor: string;
  text: string;
}

const HEADING = /^(#{1,6}) (.+)$/;

/**
 * The sections of a page, at all levels.
 * @param slugOf makes anchors from headings, numbering repeated ones; it is also called with the page's title
 * @returns `opening`: the text above the first section, with the page's title
 */
export function sectionsOf(
  markdown: string,
  slugOf: (heading: string) => string,
): { opening: string; sections: Section[] } {
  const opening: string[] = [];
  const found: { title: string; anchor: string; lines: string[] }[] = [];
  let isCode = false;
  for (const line of markdown.split('\n')) {
    if (/^ *```/.test(line)) isCode = !isCode;
    const [, marks, heading] = (!isCode && HEADING.exec(line)) || [];
    const title = heading && plain(heading);
    const anchor = title && slugOf(title);
    if (title && anchor && marks !== '#') found.push({ title, anchor, lines: [] });
    else (found.at(-1)?.lines ?? opening).push(line);
  }
  return {
    opening: opening.join('\n'),
    sections: found.map(({ lines, ...each }) => ({ ...each, text: lines.join('\n') })),
  };
}

/** A heading as readers see it: without links and markup. */
function plain(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('**', '')
    .replaceAll('&lt;', '<')
    .trim();
}

/**
 * Adds the sections to the index of the search when it is built; pages keep their names and openings.
 * @param stagedOf the file that a page is made from
 * @returns addresses of the entries, for the router; filled when the index is built
 */
export function searchSections(
  app: Application,
  stagedOf: (document: DocumentReflection) => string,
): Map<unknown, string> {
  const addresses = new Map<unknown, string>();
  app.renderer.on(IndexEvent.PREPARE_INDEX, (event: IndexEvent) => {
    const results: Reflection[] = [...event.searchResults];
    results.forEach((page, index) => {
      if (!page.isDocument()) return;
      const slugger = new Slugger(app.options.getValue('sluggerConfiguration'));
      const markdown = readFileSync(stagedOf(page), 'utf8');
      const { opening, sections } = sectionsOf(markdown, (heading) => slugger.slug(heading));
      event.searchFields[index] = { ...event.searchFields[index], document: opening };
      for (const { title, anchor, text } of sections) {
        const entry = new DocumentReflection(title, page, [{ kind: 'text', text }], {});
        addresses.set(entry, `${app.renderer.router!.getFullUrl(page)}#${anchor}`);
        event.searchResults.push(entry);
        event.searchFields.push({});
      }
    });
  });
  return addresses;
}
