/** @file No module of the package imports itself indirectly. (Type-only imports may, since they vanish at run time.) */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const IMPORTS = /^(?:import|export)\s+(?!type\b)(?:[^'";]*?\sfrom\s+)?['"](\.[^'"]+)['"]/gm;

function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(IMPORTS)].flatMap(([, target]) => {
    const at = path.resolve(path.dirname(file), target!.replace(/\.js$/, ''));
    return [`${at}.ts`, `${at}.tsx`, path.join(at, 'index.ts')].filter(existsSync).slice(0, 1);
  });
}

/** The first cycle that can be reached from `file`, as a path that ends where it starts. */
function cycleFrom(file: string, done: Set<string>, trail: string[] = []): string[] | null {
  if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
  if (done.has(file)) return null;
  for (const next of importsOf(file)) {
    const cycle = cycleFrom(next, done, [...trail, file]);
    if (cycle) return cycle;
  }
  done.add(file);
  return null;
}

test('modules import each other without cycles', () => {
  const files = ['src', 'workers', 'demo']
    .map((folder) => path.join(root, folder))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name)),
    )
    .filter((file) => /(?<!\.test)\.tsx?$/.test(file));
  expect(files.flatMap(importsOf).length).toBeGreaterThan(20);
  const done = new Set<string>();
  const cycles = files.map((file) => cycleFrom(file, done)).filter((cycle) => cycle !== null);
  expect(cycles.map((cycle) => cycle.map((file) => path.relative(root, file)).join(' → '))).toEqual([]);
});
