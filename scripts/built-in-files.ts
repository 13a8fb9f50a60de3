/**
 * @file A bundler plugin for the package's browser build: fills `src/sources/built-in-files.ts` with the addresses of
 * the built-in model's files. Each is a `new URL('literal', import.meta.url)`, which bundlers recognise as an asset:
 * they copy the file and insert its new name. That way the model is found without configuration, bundled or not.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'rolldown';
import { MANIFEST_PATH } from '../src/bundle/manifest.ts';
import { bundleFiles, parseManifest } from '../src/bundle/validate.ts';

/**
 * Smaller files go into the script: some bundlers would do that anyway, and such a file is not worth a separate
 * request.
 */
const INLINE_BYTES = 4096;

/**
 * @param models folder with the built-in models
 * @param relative path from the script to that folder, in the package
 */
export function builtInFiles(models: string, relative: string): Plugin {
  const module = path.resolve(import.meta.dirname, '../src/sources/built-in-files.ts');
  return {
    name: 'built-in-files',
    load(id) {
      if (path.normalize(id) !== module) return null;
      // Some bundlers leave addresses without an origin.
      return `const whole = (url) => new URL(url.href, globalThis.document?.baseURI ?? location.href).href;
        const files = { nano: () => ({ ${addresses(models, 'nano', relative).join(', ')} }) };
        export const builtInFiles = (name) => files[name]();`;
    },
  };
}

function addresses(models: string, name: string, relative: string): string[] {
  const manifest = parseManifest(readFileSync(path.join(models, name, MANIFEST_PATH)));
  return [MANIFEST_PATH, ...bundleFiles(manifest).map((file) => file.path)].map((file) => {
    const bytes = readFileSync(path.join(models, name, file));
    const address =
      bytes.length < INLINE_BYTES
        ? `'data:;base64,${bytes.toString('base64')}'`
        : `whole(new URL('${relative}${name}/${file}', import.meta.url))`;
    return `'${file}': ${address}`;
  });
}
