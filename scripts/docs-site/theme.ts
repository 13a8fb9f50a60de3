/**
 * @file How the documents' site differs from TypeDoc's own theme: addresses, navigation, policy, links to the demo and
 * to the next page.
 */
import { createHash } from 'node:crypto';
import {
  DefaultTheme,
  JSX,
  KindRouter,
  PageEvent,
  ReflectionKind,
  type Application,
  type DocumentReflection,
  type NavigationElement,
  type ProjectReflection,
  type Reflection,
  type RouterTarget,
} from 'typedoc';
import type { Guides } from './guides.ts';
import { stagedPath, urlOf } from './guides.ts';
import { searchSections } from './sections.ts';

/** Marks addresses relative to the documents' folder; pages in its subfolders adjust them. */
const BASE = 'base:';

/** The link at the top of each page, to the demo, whose folder contains the documents. */
export const TOP_LINKS = {
  Demo: `${BASE}../index.html`,
  Licences: `${BASE}licenses.txt`,
};

/** The script that `docs/playground.md` waits for; the demo's build writes it, to the folder above. */
const PLAYGROUND = `<script type="module" src="${BASE}../playground.js"></script>`;

/** Defines router and theme, both called `guides` in TypeDoc's options. */
export function defineTheme(app: Application, guides: Guides): void {
  const fileOf = filesOf(guides);
  const sections = searchSections(app, (document) => stagedPath(guides.folder, fileOf(document, document.project)));

  class GuideRouter extends KindRouter {
    protected override getIdealBaseName(reflection: Reflection): string {
      if (!reflection.isDocument()) return super.getIdealBaseName(reflection);
      return urlOf(fileOf(reflection, reflection.project));
    }

    override getFullUrl(target: RouterTarget): string {
      return sections.get(target) ?? super.getFullUrl(target);
    }
  }
  class GuideTheme extends DefaultTheme {
    override buildNavigation(project: ProjectReflection): NavigationElement[] {
      const byFile = new Map(documentsOf(project).map((each) => [fileOf(each, project), each]));
      const link = (reflection: Reflection): NavigationElement => ({
        text: reflection.name,
        path: this.router.getFullUrl(reflection),
      });
      const groups = guides.groups.map(({ title, pages }) => ({
        text: title,
        children: pages.map(({ file }) => link(byFile.get(file)!)),
      }));
      const reference = super.buildNavigation(project).filter(({ kind }) => kind !== ReflectionKind.Document);
      return [...groups, { text: 'Reference', children: reference.map(withOverview) }];
    }
  }
  app.renderer.defineRouter('guides', GuideRouter);
  app.renderer.defineTheme('guides', GuideTheme);
  app.renderer.hooks.on('content.end', (context) => {
    const model = context.page.model;
    return model.isDocument()
      ? pager(model, guides, fileOf, (to) => context.urlTo(to)!)
      : JSX.createElement(JSX.Fragment, null);
  });
  app.renderer.on(PageEvent.END, (page) => {
    page.contents = finish(page.contents!, page.url);
  });
}

/** An element that opens and closes cannot be a link as well: a module's own page is its first entry. */
function withOverview({ path, children, ...rest }: NavigationElement): NavigationElement {
  if (!children?.length) return { path, ...rest };
  return { ...rest, children: [{ text: 'Overview', path }, ...children.map(withOverview)] };
}

export function documentsOf(project: ProjectReflection): DocumentReflection[] {
  return project.documents ?? [];
}

/** The path of a page in the repository. */
export function filesOf(guides: Guides): (document: Reflection, project: ProjectReflection) => string {
  const byPlace = new Map(guides.files.map((file) => [stagedPath(guides.folder, file), file]));
  return (document, project) => byPlace.get(project.files.getReflectionPath(document)!)!;
}

/** Links to the page before and to the next one, in the order of the navigation. */
function pager(
  document: DocumentReflection,
  guides: Guides,
  fileOf: ReturnType<typeof filesOf>,
  urlTo: (document: DocumentReflection) => string,
): JSX.Element {
  const { project } = document;
  const order = guides.groups.flatMap(({ pages }) => pages.map(({ file }) => file));
  const at = order.indexOf(fileOf(document, project));
  const step = (index: number, rel: 'prev' | 'next') => {
    const other = documentsOf(project).find((each) => fileOf(each, project) === order[index]);
    return other && at >= 0 ? JSX.createElement('a', { href: urlTo(other), rel }, other.name) : null;
  };
  return JSX.createElement(
    'nav',
    { class: 'pager', 'aria-label': 'Pages' },
    step(at - 1, 'prev'),
    step(at + 1, 'next'),
  );
}

/** What TypeDoc's pages lack for people who cannot see them, or have no mouse. */
const ACCESSIBLE: [found: RegExp, put: string][] = [
  [/<div class="col-content">/, '<div class="col-content" role="main">'],
  [/<nav id="tsd-sidebar-links"/, '<nav id="tsd-sidebar-links" aria-label="Site"'],
  [/<nav class="tsd-navigation">/, '<nav class="tsd-navigation" aria-label="All pages">'],
  // A link inside the element that opens and closes a section cannot be reached separately.
  [/(<summary\b(?:(?!<\/summary>).)*?)<a [^>]*class="tsd-anchor-icon".*?<\/a>/gs, '$1'],
  [/<h5 class="tsd-index-heading uppercase">(.*?)<\/h5>/g, '<h2 class="tsd-index-heading">$1</h2>'],
  [/<h3>(Settings|On This Page)<\/h3>/g, '<h2>$1</h2>'],
  [/<div class="page-menu">/, '<div class="page-menu" role="navigation" aria-label="This page">'],
  [/<th><\/th>/g, '<td></td>'],
  // Elements that scroll must be reachable by keyboard.
  [/<table>(.*?)<\/table>/gs, '<div class="wide" tabindex="0"><table>$1</table></div>'],
  [/<pre><code/g, '<pre tabindex="0"><code'],
];

/** The same policy for every page: only this site can be reached, and only its own scripts run. */
export function finish(html: string, url: string): string {
  const base = '../'.repeat(url.split('/').length - 1) || './';
  const hashes = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(
    ([, script]) => `'sha256-${createHash('sha256').update(script!).digest('base64')}'`,
  );
  const policy =
    `default-src 'none'; script-src 'self' 'wasm-unsafe-eval' ${hashes.join(' ')}; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; ` +
    "font-src 'self'; img-src 'self' blob: data:; connect-src 'self' blob: data:; base-uri 'none'; form-action 'none'";
  const accessible = ACCESSIBLE.reduce((text, [found, put]) => text.replace(found, put), html);
  return accessible
    .replace(
      /<meta charset="utf-8" ?\/>/,
      (meta) =>
        `${meta}<meta http-equiv="Content-Security-Policy" content="${policy}"/><meta name="referrer" content="no-referrer"/>`,
    )
    .replace(/(?=<\/head>)/, html.includes('id="playground-here"') ? PLAYGROUND.replace(BASE, base) : '')
    .replaceAll(`href="${BASE}`, `href="${base}`);
}
