/**
 * @file Mutated files against every parser of the package: each is read, or refused with a named error, within two
 * seconds and bounded memory. A few thousand in `npm test`; a million with `npm run test:hostile`, which prints what it
 * measured. docs/security.md says what else was attempted, and which tests cover that.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseManifest } from '../src/bundle/validate';
import { parseAdapterConfig } from '../src/checkpoint/adapter-config';
import { parseSafetensors } from '../src/checkpoint/safetensors';
import { openTorchFile } from '../src/checkpoint/torch';
import { openZip } from '../src/checkpoint/zip';
import { linesOf } from '../src/cli/inputs/line-stream';
import { lineRecords } from '../src/cli/inputs/lines';
import { VLM2VecError } from '../src/errors';
import { openParquet } from '../src/eval/parquet';
import { decodeImage } from '../src/image';
import { readHeader } from '../src/image/headers';
import { parseConfig } from '../src/models/qwen2-vl/config';
import { openArchive, readSection, SECTIONS } from '../src/search/library/archive';
import { bytesSource } from '../src/testing/checkpoint-files';
import { adapterPath, checkpointPath, fixtureBytes } from '../src/testing/fixtures';
import { loadTokenizer } from '../src/text';
import { anArchive } from './hostile/archive';
import { mutants } from './hostile/mutants';

/** Mutants of each parser. */
const RUNS = Number(process.env.VLM2VEC_HOSTILE ?? 150);
const LONGEST_MS = 2000;
const MOST_BYTES = 1024 ** 3;

interface Target {
  seeds: () => Uint8Array[] | Promise<Uint8Array[]>;
  read: (bytes: Uint8Array) => unknown;
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const json = (bytes: Uint8Array): unknown => JSON.parse(text(bytes));
const image = (...names: string[]) => names.map((name) => fixtureBytes(`images/${name}`));
const file = (path: string) => new Uint8Array(readFileSync(path));

/** Header, limit of pixels, decoder. */
const decode = (bytes: Uint8Array) =>
  decodeImage(new Blob([bytes as Uint8Array<ArrayBuffer>]), { maxInputPixels: 4e6 });

/** What the package reads as JSON, starting from JSON that parses, since anything else is refused earlier. */
function asJson(read: (value: Record<string, unknown>) => unknown) {
  return (bytes: Uint8Array) => {
    let value: unknown;
    try {
      value = json(bytes);
    } catch {
      return undefined;
    }
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? read(value as Record<string, unknown>)
      : undefined;
  };
}

const TARGETS: Record<string, Target> = {
  'picture headers': {
    seeds: () =>
      image('decode/exif-6.jpg', 'decode/lossless.webp', 'decode/still.gif', 'tiny.png', 'decode/exif-6.png'),
    read: readHeader,
  },
  PNG: {
    seeds: () => image('tiny.png', 'palette.png', 'grey-alpha.png', 'decode/grey16.png'),
    read: decode,
  },
  GIF: { seeds: () => image('decode/still.gif'), read: decode },
  safetensors: {
    seeds: () => [file(`${adapterPath('lora')}/adapter_model.safetensors`)],
    read: (bytes) => parseSafetensors(bytesSource(bytes)),
  },
  'torch files: zip and pickle': {
    seeds: () => [file(`${adapterPath('lora')}/adapter_model.bin`)],
    read: (bytes) => openTorchFile(bytesSource(bytes)),
  },
  zip: {
    seeds: () => [file(`${adapterPath('rslora')}/adapter_model.bin`)],
    read: (bytes) => openZip(bytesSource(bytes)),
  },
  'bundle.json': { seeds: () => [file('public/models/nano/bundle.json')], read: parseManifest },
  'config.json': { seeds: () => [file(`${checkpointPath('tiny-tied')}/config.json`)], read: asJson(parseConfig) },
  'adapter_config.json': {
    seeds: () => [file(`${adapterPath('rank-pattern')}/adapter_config.json`)],
    read: asJson((value) => parseAdapterConfig(value, 'adapter_config.json')),
  },
  'photo index': {
    seeds: async () => [await anArchive()],
    read: async (bytes) => {
      const archive = await openArchive(new Blob([bytes as Uint8Array<ArrayBuffer>]));
      for (const name of SECTIONS) for await (const _ of readSection(archive, name));
    },
  },
  Parquet: {
    seeds: () => ['CIRR', 'ImageNet-1K'].map((set) => file(`public/eval/mmeb-mini/${set}/test-00000-of-00001.parquet`)),
    read: async (bytes) => {
      const table = await openParquet(bytesSource(bytes));
      for await (const group of table.groups(table.columns)) void group; // as the command reads it
      return table.read(table.columns);
    },
  },
  JSONL: {
    seeds: () => [new TextEncoder().encode('{"id":1,"text":"a cat"}\n{"id":[2],"text":"a dog"}\n')],
    read: async (bytes) => {
      const lines = linesOf(new Blob([bytes as Uint8Array<ArrayBuffer>]).stream());
      for await (const record of lineRecords(lines, '/nowhere', { prefix: '' })) {
        if ('error' in record) throw record.error; // the error takes the place of its line
      }
    },
  },
  'tokenizer.json': {
    seeds: () => [smallTokenizer()],
    read: async (bytes) => (await loadTokenizer(new Map([['tokenizer.json', bytes]]))).encode('a cat, and 2 dogs'),
  },
};

/** With a small vocabulary: the rest of the file is what differs. */
function smallTokenizer(): Uint8Array {
  const whole = json(file(`${checkpointPath('tiny-tied')}/tokenizer.json`)) as {
    model: { vocab: Record<string, number>; merges: unknown[] };
  };
  whole.model.vocab = Object.fromEntries(Object.entries(whole.model.vocab).slice(0, 300));
  whole.model.merges = [];
  return new TextEncoder().encode(JSON.stringify(whole));
}

test.each(Object.entries(TARGETS))('%s', { timeout: 3_600_000 }, async (name, { seeds, read }) => {
  const originals = await seeds();
  for (const bytes of originals) await read(bytes); // the originals are valid
  const figures = { read: 0, refused: 0, slowest: 0, memory: 0 };
  for (const mutant of mutants(originals, RUNS)) {
    const began = performance.now();
    try {
      await read(mutant);
      figures.read++;
    } catch (error) {
      if (!(error instanceof VLM2VecError))
        throw new Error(`an unnamed error for ${Buffer.from(mutant).toString('base64')}`, { cause: error });
      figures.refused++;
    }
    figures.slowest = Math.max(figures.slowest, performance.now() - began);
    if ((figures.read + figures.refused) % 1000 === 0)
      figures.memory = Math.max(figures.memory, process.memoryUsage().rss);
  }
  if (process.env.VLM2VEC_HOSTILE) console.log(name, JSON.stringify(figures));
  expect(figures.read + figures.refused).toBe(RUNS);
  expect(figures.refused).toBeGreaterThan(0);
  expect(figures.slowest).toBeLessThan(LONGEST_MS);
  expect(figures.memory).toBeLessThan(MOST_BYTES);
});
