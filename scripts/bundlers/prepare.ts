/**
 * @file Copies of the examples with the package installed in them: packed and installed by npm, or as built, without a
 * network.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parsePrinted, type Printed } from './check.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

interface PackageJson {
  version: string;
  files: string[];
  dependencies?: Record<string, string>;
}

const readJson = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as PackageJson;

const isPython = (name: string) => name.endsWith('.py');

/** Every folder of `examples/` except those in Python, which `npm run test:scale` runs. */
export const EXAMPLES = readdirSync(path.join(ROOT, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !readdirSync(path.join(ROOT, 'examples', entry.name)).some(isPython))
  .map((entry) => entry.name);

/** Runs a command. @returns what it printed. @throws with all of it if the command fails */
export function run(folder: string, command: string, args: string[], env: Record<string, string> = {}): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    // Only the package's own native parts: onnxruntime-node would download a CUDA library too.
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip', NEXT_TELEMETRY_DISABLED: '1', ...env },
    shell: process.platform === 'win32',
  });
  if (status === 0) return stdout + stderr;
  throw new Error(`${command} ${args.join(' ')} in ${folder} exited with ${status}:\n${stdout}\n${stderr}`);
}

/** `npm pack`, without building again. @returns the tarball */
export function pack(folder: string): string {
  run(ROOT, 'npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]);
  return path.join(folder, `vlm2vec-web-${readJson(path.join(ROOT, 'package.json')).version}.tgz`);
}

function copyExample(name: string, folder: string): void {
  const isSource = (file: string) => !/[\\/](node_modules|dist|out|\.next|vlm2vec)$/.test(file);
  cpSync(path.join(ROOT, 'examples', name), folder, { recursive: true, filter: isSource });
}

/** A fresh copy with the tarball and everything else from the registry. */
export function installExample(name: string, folder: string, tarball: string): void {
  copyExample(name, folder);
  const file = path.join(folder, 'package.json');
  const json: Partial<PackageJson> = existsSync(file) ? readJson(file) : {};
  writeFileSync(
    file,
    JSON.stringify({ ...json, dependencies: { ...json.dependencies, 'vlm2vec-web': `file:${tarball}` } }),
  );
  run(folder, 'npm', ['install', '--no-audit', '--no-fund']);
}

/**
 * A fresh copy with the package as `build-package.ts` left it.
 * @param tools further packages of this repository that the example needs
 */
export function linkExample(name: string, folder: string, tools: readonly string[] = []): void {
  copyExample(name, folder);
  const installed = path.join(folder, 'node_modules/vlm2vec-web');
  // Only what runs; documents are listed as patterns.
  const built = readJson(path.join(ROOT, 'package.json')).files.filter((item) => item.startsWith('dist/'));
  for (const item of ['package.json', ...built]) {
    cpSync(path.join(ROOT, item), path.join(installed, item), { recursive: true });
  }
  for (const tool of tools) {
    const link = path.join(folder, 'node_modules', tool);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(ROOT, 'node_modules', tool), link, 'junction');
  }
}

/** What the example for Node prints. */
export function runNodeExample(folder: string): Printed {
  return parsePrinted(run(folder, process.execPath, ['rank.js', 'penguin.png', 'a fox', 'a penguin', 'a bus']));
}
