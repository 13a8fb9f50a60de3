/**
 * @file The guides of the documents' site: `docs/README.md` is its first page and lists the others in order; whatever
 * they link to in the repository becomes a page too, including code, so that no link leaves the site. The pages are
 * staged in one folder with links that TypeDoc can follow.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The first page. */
export const START = 'docs/README.md';

/** A heading of {@link START} with the pages below it. */
export interface GuideGroup {
  title: string;
  /** Paths from the repository's root, and their names in the list. */
  pages: { file: string; title: string }[];
}

/** The staged pages. */
export interface Guides {
  /** Where they are: the same paths as in the repository, with `.md` appended to the names of code. */
  folder: string;
  groups: GuideGroup[];
  /** All pages except the first, in order: those of the groups, then what they link to. */
  files: string[];
}

const LINK = /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g;
/** Files that are shown as pages of code; other kinds are copied unchanged. */
const CODE: Record<string, string> = { '.ts': 'ts', '.tsx': 'tsx', '.js': 'js', '.py': 'python', '.html': 'html' };

/** Stages the pages that can be reached from the first one. @throws Error for a link that leads nowhere */
export function stageGuides(root: string, folder: string): Guides {
  rmSync(folder, { recursive: true, force: true });
  const groups = groupsOf(readFileSync(path.join(root, START), 'utf8'));
  const files = groups.flatMap(({ pages }) => pages.map(({ file }) => file));
  const known = new Set([START, ...files]);
  for (const file of [START, ...files]) stage(file);
  return { folder, groups, files };

  function stage(file: string): void {
    const extension = path.extname(file);
    const text = readFileSync(path.join(root, file), 'utf8');
    const page =
      extension === '.md'
        ? plainHeadings(withLinks(text, file))
        : `# \`${file}\`\n\n\`\`\`${CODE[extension]}\n${text}\`\`\`\n`;
    const place = stagedPath(folder, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, page);
  }

  /** Rewrites links as seen from the staged page. Files linked for the first time are staged too. */
  function withLinks(text: string, from: string): string {
    const place = path.dirname(stagedPath(folder, from));
    return outsideCode(text, (prose) =>
      prose.replace(LINK, (link, mark: string, label: string, target: string) => {
        if (/^([a-z]+:|#)/.test(target)) return link;
        const [name = '', anchor] = target.split('#');
        let file = path.join(path.dirname(from), name);
        if (!existsSync(path.join(root, file))) throw new Error(`${from}: ${target} leads nowhere.`);
        if (statSync(path.join(root, file)).isDirectory()) file = path.join(file, 'README.md');
        if (!existsSync(path.join(root, file))) return mark + label; // a folder without a page
        const extension = path.extname(file);
        const isPage = extension === '.md' || extension in CODE;
        if (isPage && !known.has(file)) {
          known.add(file);
          files.push(file);
          stage(file);
        }
        const to = path.relative(place, isPage ? stagedPath(folder, file) : path.join(root, file));
        return `${mark}[${label}](${to.startsWith('.') ? to : `./${to}`}${anchor === undefined ? '' : `#${anchor}`})`;
      }),
    );
  }
}

/** Where a page of the repository is staged. */
export function stagedPath(folder: string, file: string): string {
  return path.join(folder, file.endsWith('.md') ? file : `${file}.md`);
}

/** `docs/search.md` → `guides/search`, `examples/vite/README.md` → `examples/vite`, `SECURITY.md` → `about/security`. */
export function urlOf(file: string): string {
  const name = file.replace(/(\/README)?\.md$/, '').toLowerCase();
  if (name.startsWith('docs/')) return `guides/${name.slice('docs/'.length)}`;
  return name.includes('/') ? name : `about/${name}`;
}

function groupsOf(text: string): GuideGroup[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((part) => ({
      title: part.split('\n')[0]!,
      pages: [...part.matchAll(/^- \[([^\]]+)\]\(([^)]+)\)/gm)].map(([, title, target]) => ({
        title: title!,
        file: path.join(path.dirname(START), target!),
      })),
    }));
}

/**
 * TypeDoc leaves code out of a heading's anchor and of the page's contents; GitHub does not. Names of elements are
 * shown, not rendered as elements.
 */
function plainHeadings(text: string): string {
  return outsideCode(text, (prose) =>
    prose.replace(/^#+ .+$/gm, (heading) =>
      heading.replaceAll(/`([^`]*)`/g, (_, code: string) => code.replaceAll('<', '&lt;')),
    ),
  );
}

/** Changes only text outside fenced blocks and backticks. */
function outsideCode(text: string, change: (prose: string) => string): string {
  return text
    .split(/(^ *```[^\n]*\n.*?^ *```$)/ms)
    .map((part, i) => (i % 2 === 1 ? part : change(part)))
    .join('');
}
