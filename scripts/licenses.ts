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

/** For bundles that are part of another one, as workers are: notes their packages, for {@link licenses} to write. */
export function collectLicenses(found: Licenses): Plugin {
  return {
    name: 'collect-licenses',
    generateBundle() {
      for (const id of this.getModuleIds()) {
        const folder = /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(id.replaceAll(path.sep, '/').replace(/^\0/, ''))?.[0];
        if (folder && existsSync(`${folder}/package.json`)) found.set(folder, describe(folder));
      }
    },
  };
}

/**
 * @param more names of packages that are shipped without being bundled
 * @param found of other bundles, which were made before
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

/** Name, version, and the text of the licence file; the licence's name where a package ships no file. */
function describe(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as PackageJson;
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  const texts = files.map((file) => readFileSync(path.join(folder, file), 'utf8').trim());
  return `${name} ${version} (${license ?? 'see below'})\n\n${texts.join('\n\n')}\n`;
}
