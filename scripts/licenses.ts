/** @file A bundler plugin that writes the licences of all packages that a bundle contains into one text file. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'rolldown';

interface PackageJson {
  name: string;
  version: string;
  license?: string;
}

/** @param more names of packages that are shipped without being bundled */
export function licenses(fileName: string, more: string[] = []): Plugin {
  return {
    name: 'licenses',
    generateBundle() {
      const packages = new Map<string, string>();
      for (const name of more) packages.set(name, describe(`node_modules/${name}`));
      for (const id of this.getModuleIds()) {
        const folder = /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(id.replaceAll(path.sep, '/').replace(/^\0/, ''))?.[0];
        if (folder && existsSync(`${folder}/package.json`)) packages.set(folder, describe(folder));
      }
      const source = [...packages.values()].sort().join(`\n${'-'.repeat(72)}\n\n`);
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
