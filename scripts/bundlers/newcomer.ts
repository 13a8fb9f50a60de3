/**
 * @file `npm run newcomer`: the first steps with this package, timed in empty folders: install it, paste the README's
 * lines, see a ranking; once in Node, once in a page through Vite. npm's cache is a fresh one, so everything comes from
 * the registry. Prints a table.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { findChromium } from '../chromium.ts';
import { startHost } from './host.ts';
import { pack, run } from './prepare.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const { vite: VITE } = (
  JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { devDependencies: { vite: string } }
).devDependencies;

/** The first lines of code under "The package". */
function readmeLines(): string {
  const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  const code = /\n## The package\n[\s\S]*?```ts\n([\s\S]*?)```/.exec(readme)?.[1];
  if (!code) throw new Error('README.md has no code under "The package".');
  return code;
}

const rows: [path: string, step: string, seconds: number][] = [];

async function timed<T>(name: string, step: string, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  rows.push([name, step, (performance.now() - start) / 1000]);
  return result;
}

const root = mkdtempSync(path.join(tmpdir(), 'vlm2vec-newcomer-'));
const tarball = pack(root);
const install = (folder: string, ...args: string[]) =>
  run(folder, 'npm', ['install', '--no-audit', '--no-fund', '--cache', path.join(folder, '../cache'), ...args]);

async function empty(name: string): Promise<string> {
  const folder = path.join(root, name, 'project');
  mkdirSync(folder, { recursive: true });
  await timed(name, 'npm init -y', () => run(folder, 'npm', ['init', '-y']));
  run(folder, 'npm', ['pkg', 'set', 'type=module']);
  return folder;
}

async function inNode(): Promise<string> {
  const folder = await empty('Node');
  await timed('Node', 'npm install vlm2vec-web', () => install(folder, tarball));
  cpSync(path.join(ROOT, 'examples/node/penguin.png'), path.join(folder, 'penguin.png'));
  writeFileSync(path.join(folder, 'main.js'), readmeLines());
  return timed('Node', 'node main.js, to its end', () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, ['main.js'], { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return stdout;
  });
}

async function inPage(): Promise<string> {
  const folder = await empty('Vite');
  await timed('Vite', 'npm install vlm2vec-web', () => install(folder, tarball));
  await timed('Vite', 'npm install -D vite', () => install(folder, '-D', `vite@${VITE}`));
  mkdirSync(path.join(folder, 'public'));
  cpSync(path.join(ROOT, 'examples/node/penguin.png'), path.join(folder, 'public/penguin.png'));
  writeFileSync(path.join(folder, 'main.js'), readmeLines());
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html><script type="module" src="main.js"></script>');
  await timed('Vite', 'npx vite build', () => run(folder, 'npx', ['vite', 'build']));
  const host = await startHost(path.join(folder, 'dist'));
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    return await timed('Vite', 'opening the page, to the ranking', async () => {
      const ranked = page.waitForEvent('console', (message) => /^a \w+ 0\.\d/.test(message.text()));
      await page.goto(host.url);
      return (await ranked).text();
    });
  } finally {
    await browser.close();
    host.stop();
  }
}

try {
  for (const printed of [await inNode(), await inPage()]) {
    if (!/^a penguin 0\.8/m.test(printed)) throw new Error(`The wrong caption came first:\n${printed}`);
  }
  console.log(`${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, Node ${process.version}\n`);
  console.log('| | step | seconds |\n|---|---|---|');
  for (const [name, step, seconds] of rows) console.log(`| ${name} | \`${step}\` | ${seconds.toFixed(1)} |`);
  for (const name of ['Node', 'Vite']) {
    const total = rows.filter(([of]) => of === name).reduce((sum, [, , seconds]) => sum + seconds, 0);
    console.log(`| ${name} | together | ${total.toFixed(1)} |`);
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
