/** @file Pictures with tags, and words, embedded by `nano` and kept in `.cache/` until its bundle changes. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { sha256Hex } from '../../src/bundle/digest';
import { readHeader } from '../../src/image/headers';
import { VLM2Vec } from '../../src/index';
import { queryPrompt, queryTemplate } from '../../src/search/prompts';
import { instructions } from '../../src/text';

export interface NanoLibrary {
  /** By picture. */
  vectors: Float32Array[];
  tags: Set<string>[];
  /** Words that 3 to 300 of the pictures are tagged with. */
  words: Map<string, Float32Array>;
}

interface CatalogueEntry {
  id: string;
  name: string;
  tags: string[];
}

/**
 * @param catalogue lines of JSON with `id`, `name`, `tags`; the pictures are `<id>.png` in `folder`
 * @param count how many pictures, evenly over the catalogue
 */
export async function nanoLibrary(folder: string, catalogue: string, count: number): Promise<NanoLibrary> {
  const lines = readFileSync(catalogue, 'utf8').trim().split('\n');
  const every = lines.length / Math.min(count, lines.length);
  const chosen = Array.from({ length: Math.min(count, lines.length) }, (_, i) => lines[Math.floor(i * every)]!);
  const entries = chosen
    .map((line) => JSON.parse(line) as CatalogueEntry)
    .filter(({ id }) => isLargeEnough(path.join(folder, `${id}.png`)));
  const tags = entries.map(({ name, tags }) => new Set([...tags, ...name.toLowerCase().split(/[^a-z]+/)]));
  const uses = new Map<string, number>();
  for (const each of tags) for (const tag of each) uses.set(tag, (uses.get(tag) ?? 0) + 1);
  const words = [...uses].filter(([tag, n]) => tag.length > 2 && n >= 3 && n <= 300).map(([tag]) => tag);

  const bundle = readFileSync('public/models/nano/bundle.json');
  const key = await sha256Hex(
    Buffer.concat([bundle, Buffer.from(entries.map(({ id }) => id).join()), Buffer.from(words.join())]),
  );
  const cache = path.join('.cache', `nano-library-${key.slice(0, 12)}.bin`);
  if (!existsSync(cache)) {
    const model = await VLM2Vec.load('nano');
    const target = queryPrompt(instructions.MSCOCO_t2i.target);
    const inputs = [
      ...entries.map(({ id }) => ({ image: pathToFileURL(path.join(folder, `${id}.png`)).href, text: target })),
      ...words.map((word) => ({ text: queryPrompt(queryTemplate('text'), word) })),
    ];
    const all = new Float32Array(inputs.length * model.dims);
    for (let first = 0; first < inputs.length; first += 64) {
      const part = await model.embed(inputs.slice(first, first + 64));
      part.forEach((vector, i) => all.set(vector, (first + i) * model.dims));
    }
    mkdirSync('.cache', { recursive: true });
    writeFileSync(cache, new Uint8Array(all.buffer));
    await model.dispose();
  }
  const bytes = new Uint8Array(readFileSync(cache));
  const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const dims = all.length / (entries.length + words.length);
  const vector = (i: number) => all.subarray(i * dims, (i + 1) * dims);
  return {
    vectors: entries.map((_, i) => vector(i)),
    tags,
    words: new Map(words.map((word, i) => [word, vector(entries.length + i)])),
  };
}

/** The model's minimum: two patches of 14 pixels, merged. */
function isLargeEnough(file: string): boolean {
  if (!existsSync(file)) return false;
  const { width, height } = readHeader(readFileSync(file));
  return Math.min(width, height) >= 28;
}
