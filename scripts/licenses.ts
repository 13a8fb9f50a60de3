/** @file Bundler plugins that write the licences of all packages that a bundle contains into one text file. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'rolldown';

interface PackageJson {
  name: string;
  version: string;
  license?: string;
}

/** Licences by the folder of their package. */
export type Licenses = Map<string, string>;

/** For bundles that are part of another one, such as workers: records their packages, for {@link licenses} to write. */
export function collectLicenses(found: Licenses): Plugin {
  return {
    name: 'collect-licenses',
    generateBundle() {
      for (const id of this.getModuleIds()) {
        const file = id.replaceAll(path.sep, '/').replace(/^\0/, '');
        const folder = /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0];
        if (!folder || !existsSync(`${folder}/package.json`)) continue;
        found.set(folder, describe(folder));
        // A part with a licence of its own, such as libheif's WASM in libheif-js.
        const part = path.dirname(file);
        if (part !== folder && existsSync(part) && textsIn(part).length > 0) found.set(part, describe(folder, part));
      }
    },
  };
}

/**
 * @param more names of packages that are shipped without being bundled
 * @param found the packages of other bundles, which were built before
 */
export function licenses(fileName: string, more: string[] = [], found: Licenses = new Map()): Plugin {
  const collect = collectLicenses(found).generateBundle as (this: unknown) => void;
  return {
    name: 'licenses',
    generateBundle() {
      collect.call(this);
      for (const name of more) found.set(path.resolve('node_modules', name), describe(`node_modules/${name}`));
      const source = [...found.values()].sort().join(`\n${'-'.repeat(72)}\n\n`);
      if (source) this.emitFile({ type: 'asset', fileName, source });
    },
  };
}

/** Data that are included without a package: a folder with its licence. @param title its name in the list */
export function noteData(found: Licenses, folder: string, title: string): void {
  found.set(path.resolve(folder), `${title}\n\n${textsIn(folder).join('\n\n')}\n`);
}

/** Name, version, and the text of the licence files; the licence's name if a package ships no text. */
function describe(folder: string, part = folder): string {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as PackageJson;
  const title = [name, path.relative(folder, part)].filter(Boolean).join('/');
  return `${title} ${version} (${license ?? 'see below'})\n\n${textsIn(part).join('\n\n')}\n`;
}

function textsIn(folder: string): string[] {
  const files = readdirSync(folder, { withFileTypes: true }).filter((each) => each.isFile());
  const licences = files.filter(({ name }) => /^(licen[cs]e|notice)/i.test(name));
  return licences.map(({ name }) => readFileSync(path.join(folder, name), 'utf8').trim());
}
