/**
 * @file `npm run docs`: the documents' site in `dist/site/docs`, beside the demo: the guides of `docs/` and the reference.
 * Static, with relative addresses; searched in the page. Whatever is wrong with a comment, an example or a link is an error.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Converter, type ProjectReflection, type TypeDocOptions } from 'typedoc';
import { START, stagedPath, stageGuides, type Guides } from './guides.ts';
import { readReference } from './reference.ts';
import { defineTheme, documentsOf, filesOf, TOP_LINKS } from './theme.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Writes the site. @returns what is wrong with it; if anything is, there may be no output */
export async function buildDocs(out: string): Promise<string[]> {
  const guides = stageGuides(ROOT, path.join(ROOT, '.cache/docs-site'));
  const options: TypeDocOptions = {
    includeVersion: true,
    readme: stagedPath(guides.folder, START),
    projectDocuments: guides.files.map((file) => stagedPath(guides.folder, file)),
    router: 'guides',
    theme: 'guides',
    favicon: path.join(ROOT, 'public/icons/icon.svg'),
    customCss: path.join(import.meta.dirname, 'docs.css'),
    customJs: path.join(import.meta.dirname, 'docs.js'),
    navigationLinks: TOP_LINKS,
    searchInDocuments: true,
    searchInComments: true,
    headings: { readme: false, document: false },
    highlightLanguages: HIGHLIGHTED,
    hideGenerator: true,
    sort: ['alphabetical-ignoring-documents'],
  };
  const { app, project, complaints } = await readReference(options, (app) => {
    defineTheme(app, guides);
    app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => nameGuides(project, guides));
  });
  if (complaints.length > 0) return complaints;
  await app.generateDocs(project, out);
  copyFileSync(
    path.join(FONT, 'files/bricolage-grotesque-latin-wght-normal.woff2'),
    path.join(out, 'assets/bricolage-grotesque.woff2'),
  );
  writeFileSync(path.join(out, 'licenses.txt'), licences());
  return complaints; // problems found while pages were written
}

const MODULES = path.join(ROOT, 'node_modules');
const FONT = path.join(MODULES, '@fontsource-variable/bricolage-grotesque');

/** Licences of the third-party code in the pages. */
function licences(): string {
  const folders = {
    TypeDoc: path.join(MODULES, 'typedoc'),
    lunr: path.join(MODULES, 'lunr'),
    'Bricolage Grotesque': FONT,
  };
  return Object.entries(folders)
    .map(([name, folder]) => `${name}\n\n${readFileSync(path.join(folder, 'LICENSE'), 'utf8').trim()}\n`)
    .join(`\n${'-'.repeat(72)}\n\n`);
}

const HIGHLIGHTED = ['ts', 'tsx', 'js', 'json', 'html', 'bash', 'sh', 'python', 'nginx', 'yaml', 'css', 'http', 'text'];

/** Pages have the names that `docs/README.md` gives them, else their headings. */
function nameGuides(project: ProjectReflection, guides: Guides): void {
  const fileOf = filesOf(guides);
  const titles = new Map(guides.groups.flatMap(({ pages }) => pages.map(({ file, title }) => [file, title])));
  for (const document of documentsOf(project)) {
    const file = fileOf(document, project);
    const heading = /^# (.+)$/m.exec(readFileSync(stagedPath(guides.folder, file), 'utf8'))?.[1];
    document.name = titles.get(file) ?? heading?.replaceAll('`', '') ?? file;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const complaints = await buildDocs(path.resolve(process.argv[2] ?? path.join(ROOT, 'dist/site/docs')));
  if (complaints.length > 0) {
    console.error(complaints.join('\n'));
    process.exitCode = 1;
  }
}
