/**
 * @file Compiles the search kernel: `src/search/vectors/dots.wat` → `dots-wasm.ts` beside it.
 *
 *   npx tsx scripts/build-kernel.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bytesToBase64 } from '../src/bundle/base64.ts';
import { compileWat } from '../src/testing/compile-wat.ts';

const folder = path.resolve(import.meta.dirname, '../src/search/vectors');
const bytes = await compileWat(readFileSync(path.join(folder, 'dots.wat'), 'utf8'));
const lines = bytesToBase64(bytes)
  .match(/.{1,110}/g)!
  .map((line) => `  '${line}'`);
writeFileSync(
  path.join(folder, 'dots-wasm.ts'),
  `/** @file dots.wat compiled: ${bytes.length} bytes in base64. Written by scripts/build-kernel.ts; do not edit. */\n\n` +
    `export const DOTS_WASM =\n${lines.join(' +\n')};\n`,
);
