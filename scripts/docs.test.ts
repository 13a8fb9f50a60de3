/**
 * @file Checks that the guides are true: links and anchors are valid, examples type-check against the source, commands
 * and scripts exist with the options shown, every error has its section. Examples that need no page are run, and print
 * what their comments say. The site built from them: `docs-site/site.test.ts`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import GithubSlugger from 'github-slugger';
import ts from 'typescript';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { main } from '../src/cli/main';
import * as api from '../src/index';
import { EXAMPLES } from './docs-site/examples';

const ROOT = path.resolve(import.meta.dirname, '..');
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  ...['docs', 'examples'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
      .map((name) => `${folder}/${name}`),
  ),
];
const read = (page: string) => readFileSync(path.join(ROOT, page), 'utf8');

interface Block {
  page: string;
  /** Number of the first line in the page, from 0. */
  line: number;
  language: string;
  text: string;
}

/** The fenced blocks of a page. */
function blocksOf(page: string): Block[] {
  const text = read(page);
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length,
    language: match[1]!,
    text: match[2]!,
  }));
}

/** A page without its fenced blocks. */
const prose = (page: string) => read(page).replaceAll(/^```.*?^```$/gms, '');

/** Anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const slugger = new GithubSlugger();
  const headings = [...prose(page).matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!.replaceAll(/[`*]/g, ''));
  return new Set(headings.map((heading) => slugger.slug(heading)));
}

test.each(PAGES)('links of %s', (page) => {
  const targets = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
  const broken = targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [file = '', anchor] = target.split('#');
    const place = path.join(path.dirname(page), file || path.basename(page));
    if (!existsSync(path.join(ROOT, place))) return true;
    return anchor !== undefined && !(place.endsWith('.md') && anchorsOf(place).has(anchor));
  });
  expect(broken).toEqual([]);
});

describe('code', () => {
  /** Declarations that examples may assume. */
  const GIVEN = `
    import type { VLM2Vec } from 'vlm2vec-web';
    import type { PhotoEmbedder, PhotoIndex } from 'vlm2vec-web/search';
    import type { EmbeddingsInterface } from '@langchain/core/embeddings';
    import type { Page } from '@playwright/test';
    declare global {
      const model: VLM2Vec;
      const file: File;
      const blob: Blob;
      const captions: string[];
      const signal: AbortSignal;
      const onProgress: () => void;
      const embedder: PhotoEmbedder;
      const index: PhotoIndex;
      const page: Page;
      const MemoryVectorStore: new (embeddings: EmbeddingsInterface) => unknown;
    }`;

  /** Mistakes, with the part that the compiler must blame for each. */
  const MISTAKES: [code: string, blamed: RegExp][] = [
    [`await model.embed('a text', { precison: 'int8' });`, /'precison' does not exist/],
    [`await model.embed(['a text'], { maxPixels: 'many' });`, /'string' is not assignable to type 'number'/],
    [`await model.embedQuery('a text', { role: 'query' });`, /'role' does not exist/],
    [`await model.embedDocument(file, { dim: 64 });`, /'dim' does not exist/],
    [`await model.embed(5);`, /'number' is not assignable to parameter of type 'EmbedInput/],
  ];

  test('every example in TypeScript compiles; mistakes are reported in the right place', () => {
    const { options } = ts.parseJsonConfigFileContent(
      ts.readConfigFile(path.join(ROOT, 'tsconfig.json'), ts.sys.readFile).config,
      ts.sys,
      ROOT,
    );
    Object.assign(options, {
      noUncheckedIndexedAccess: false, // most readers' projects do not set it
      paths: {
        'vlm2vec-web': [`${ROOT}/src/index.ts`],
        'vlm2vec-web/search': [`${ROOT}/src/search/index.ts`],
        'vlm2vec-web/elements': [`${ROOT}/src/elements/index.ts`],
        'vlm2vec-web/react': [`${ROOT}/src/elements/react.ts`],
        'vlm2vec-web/vue': [`${ROOT}/src/elements/vue.ts`],
        'vlm2vec-web/adapters/*': [`${ROOT}/src/adapters/*.ts`],
      },
    } satisfies ts.CompilerOptions);
    const files = new Map([[`${ROOT}/docs/given.ts`, GIVEN]]);
    for (const name of readdirSync(EXAMPLES)) {
      const file = path.join(EXAMPLES, name);
      files.set(file, readFileSync(file, 'utf8'));
    }
    const blocks = PAGES.flatMap(blocksOf).filter(({ language }) => language === 'ts');
    const names = blocks.map(({ page, line }) => `${ROOT}/${page.replace(/\.md$/, '')}-${line}.ts`);
    blocks.forEach(({ line, text }, i) => files.set(names[i]!, `${'\n'.repeat(line)}${text}\nexport {};`));

    const host = ts.createCompilerHost(options);
    const { getSourceFile, fileExists, readFile } = host;
    host.getSourceFile = (name, ...rest) => {
      const text = files.get(name);
      return text === undefined
        ? getSourceFile(name, ...rest)
        : ts.createSourceFile(name, text, ts.ScriptTarget.ES2023);
    };
    host.fileExists = (name) => files.has(name) || fileExists(name);
    host.readFile = (name) => files.get(name) ?? readFile(name);
    const mistakes = `${ROOT}/docs/mistakes.ts`;
    files.set(mistakes, `${MISTAKES.map(([code]) => code).join('\n')}\nexport {};`);
    const program = ts.createProgram([...files.keys()], options, host);
    const wrong = [...files.keys()].flatMap((name) => {
      const source = program.getSourceFile(name)!;
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        ({ start, messageText }) => {
          const line = source.getLineAndCharacterOfPosition(start!).line + 1;
          return `${path.relative(ROOT, name)}, line ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
        },
      );
    });
    expect(blocks.length).toBeGreaterThan(15);
    const isDeliberate = (line: string) => line.startsWith(path.relative(ROOT, mistakes));
    expect(wrong.filter((line) => !isDeliberate(line))).toEqual([]);
    const found = wrong.filter(isDeliberate);
    expect(found).toHaveLength(MISTAKES.length);
    for (const [i, [, blamed]] of MISTAKES.entries()) {
      expect(found[i]).toMatch(blamed);
      expect(found[i]!.split('The last overload')[1] ?? '').not.toMatch(
        /'(string|File)' is not assignable to .*readonly/,
      );
    }
  });
});

describe('examples that need no page print what their comments say', () => {
  afterEach(() => vi.restoreAllMocks());

  /** Runs a module, and compares each line that it prints with the comment after or below its `console.log`. */
  async function run(file: string): Promise<void> {
    const lines = readFileSync(file, 'utf8').split('\n');
    const expected = lines.flatMap((line, i) => {
      if (!/^ *console\.log\(/.test(line)) return [];
      return [(/; \/\/ (.*)$/.exec(line) ?? /^ *\/\/ (.*)$/.exec(lines[i + 1] ?? ''))?.[1]];
    });
    const printed: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((...values) => void printed.push(format(...values)));
    await import(file);
    vi.restoreAllMocks();
    expect(printed).toEqual(expected);
    expect(expected.length).toBeGreaterThan(0);
  }

  test.each(['vectors.ts', 'model.ts', 'adapters.ts'])('reference: %s', (name) => run(path.join(EXAMPLES, name)));

  const cookbook = read('docs/cookbook.md');
  const blocks = [...cookbook.matchAll(/^## ([^\n]+)\n(?:(?!^## ).)*?^<!-- run -->\n\n```ts\n(.*?)^```$/gms)];

  test.each(blocks.map((block) => [block[1]!, block[2]!]))('cookbook: %s', async (title, code) => {
    const given = `
      import { readFile } from 'node:fs/promises';
      import { VLM2Vec } from 'vlm2vec-web';
      const picture = async (name: string) => new Blob([await readFile('public/samples/' + name)]);
      const model = await VLM2Vec.load('nano');
      const file = await picture('penguin.png'), blob = await picture('elephant.png');`;
    const file = path.join(ROOT, '.cache/cookbook', `${new GithubSlugger().slug(title)}.ts`);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${given}\n${code}\nawait model.dispose();\n`);
    await run(file);
  });

  test('all marked examples', () => {
    expect(blocks).toHaveLength([...cookbook.matchAll(/<!-- run -->/g)].length);
    expect(blocks.length).toBeGreaterThan(3);
  });
});

test('the README names every option of load', () => {
  const source = read('src/load-options.ts');
  const keys = [
    ...source
      .slice(source.indexOf('LOAD_KEYS'))
      .split(']')[0]!
      .matchAll(/'(\w+)'/g),
  ].map((match) => match[1]!);
  expect(keys.length).toBeGreaterThan(15);
  const text = read('README.md');
  expect(keys.filter((key) => key !== 'internal' && !text.includes(`\`${key}\``))).toEqual([]);
});

describe('commands', () => {
  afterEach(() => vi.restoreAllMocks());

  async function help(command: string): Promise<string> {
    let text = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
    await main([...command.split(' ').filter(Boolean), '--help']);
    vi.restoreAllMocks();
    return text;
  }

  /** Shell commands in the blocks, without comments. */
  const lines = PAGES.flatMap(blocksOf)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ page, text }) =>
      text.split('\n').map((line) => ({ page, line: line.replace(/\s# .*| #.*$/, '').trim() })),
    );

  test('vlm2vec', async () => {
    const shown = lines.filter(({ line }) => /^(npx )?vlm2vec /.test(line));
    expect(shown.length).toBeGreaterThan(5);
    const names = [...(await help('')).matchAll(/^ {2}([a-z]+)/gm)].map((match) => match[1]!);
    const wrong: string[] = [];
    for (const { page, line } of shown) {
      const words = line
        .replace(/^npx /, '')
        .match(/"[^"]*"|\S+/g)!
        .slice(1);
      if (!names.includes(words[0]!)) {
        wrong.push(`${page}: ${line}: no such command`);
        continue;
      }
      const text = await help(
        words[0] === 'eval' && ['merge', 'failures'].includes(words[1]!) ? `eval ${words[1]}` : words[0]!,
      );
      for (const [i, word] of words.entries()) {
        if (!word.startsWith('--')) continue;
        const described = new RegExp(`^ {2}(?:-\\w, )?${word}\\b(.*(?:\\n {4,}.*)*)`, 'm').exec(text)?.[1];
        const choices = /\(choices:\s*([^)]*)\)/.exec(described ?? '')?.[1];
        if (described === undefined || (choices && !choices.includes(`"${words[i + 1]}"`)))
          wrong.push(`${page}: ${line}: ${word}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('scripts', () => {
    const scriptsOf = (file: string) =>
      existsSync(path.join(ROOT, file)) ? (JSON.parse(read(file)) as { scripts: Record<string, string> }).scripts : {};
    const commands = PAGES.flatMap((page) => {
      const scripts = { ...scriptsOf('package.json'), ...scriptsOf(path.join(path.dirname(page), 'package.json')) };
      const names = [...read(page).matchAll(/npm (?:run ([\w:]+)|(start|test)\b)/g)].map(
        (match) => (match[1] ?? match[2])!,
      );
      return names.filter((name) => !(name in scripts)).map((name) => `${page}: npm run ${name}`);
    });
    const files = PAGES.flatMap((page) => [...read(page).matchAll(/npx tsx ([\w./-]+)/g)])
      .map((match) => match[1]!)
      .filter((file) => !existsSync(path.join(ROOT, file)));
    expect([...commands, ...files]).toEqual([]);
  });
});

test('every error class has its section, and nothing else has one', () => {
  const classes = Object.keys(api).filter((name) => name.endsWith('Error'));
  const sections = [...read('docs/errors.md').matchAll(/^### (.+)$/gm)].map((match) => match[1]!);
  expect(sections.toSorted()).toEqual(classes.toSorted());
});
