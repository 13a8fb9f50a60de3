/**
 * @file Compiles the kernels in WebAssembly text: each `<name>.wat` → `<name>-wasm.ts` beside it.
 *
 *   npx tsx scripts/build-kernel.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bytesToBase64 } from '../src/bundle/base64.ts';
import { compileWat } from '../src/testing/compile-wat.ts';

for (const kernel of ['search/vectors/dots', 'image/resample/resample', 'convert/feedback/feedback']) {
  const file = path.resolve(import.meta.dirname, '../src', kernel);
  const name = path.basename(kernel);
  const bytes = await compileWat(readFileSync(`${file}.wat`, 'utf8'));
  const lines = bytesToBase64(bytes)
    .match(/.{1,110}/g)!
    .map((line) => `  '${line}'`);
  writeFileSync(
    `${file}-wasm.ts`,
    `/** @file ${name}.wat compiled: ${bytes.length} bytes in base64. Written by scripts/build-kernel.ts; do not edit. */\n\n` +
      `export const ${name.toUpperCase()}_WASM =\n${lines.join(' +\n')};\n`,
  );
}
