/** @file The second pass: what it changes, and that interruptions change nothing. */

import { beforeAll, describe, expect, test } from 'vitest';
import type { BundleManifest } from '../bundle/manifest';
import type { InputMoments } from '../bundle/moments';
import type { Progress } from '../bundle/progress';
import { parseManifest } from '../bundle/validate';
import type { BundleWriter } from '../bundle/storage';
import { folderTree } from '../checkpoint/folder.node';
import { IntegrityError } from '../errors';
import { computeProbe, takeMoments } from '../runtime';
import { memoryBundle, verifyBundle } from '../store';
import { checkpointPath } from '../testing/fixtures';
import { crashing } from '../testing/crashing-writer';
import { convertCheckpoint } from './convert';
import type { ConvertOptions } from './options';
import { MOMENTS_PATH } from './moments-file';
import { openCheckpoint } from './open';
import { plannedStorage } from './storage';

const NOTE_BYTES = 100_000;

/** The results of an undisturbed conversion without the second pass, and of one with it. */
let plain: BundleManifest;
let expected: BundleManifest;
let moments: InputMoments[][];

const open = async () => openCheckpoint({ checkpoint: await folderTree(checkpointPath('tiny-untied')) });

async function* taken() {
  yield* moments;
}

async function convert(writer: BundleWriter, options: Partial<ConvertOptions> = {}): Promise<BundleManifest> {
  return convertCheckpoint({
    ...{ checkpoint: await open(), writer, dtype: 'q4', noteBytes: NOTE_BYTES, takeMoments: taken },
    ...options,
  });
}

beforeAll(async () => {
  const first = memoryBundle();
  plain = await convert(first.writer, { takeMoments: undefined });
  moments = [];
  for await (const some of takeMoments(first.reader, plain, { inputs: 8 })) moments.push(structuredClone(some));
  expected = await convert(memoryBundle().writer);
}, 60_000);

const stored = ({ stages, embeddings, rounding, weights }: BundleManifest) => ({
  ...{ stages, embeddings, rounding, weights },
});

test('as much is measured as was announced', async () => {
  const { config } = await open();
  const bytes = moments
    .flat()
    .flatMap(({ groups, sketch }) => [...groups, sketch].map((each) => each?.byteLength ?? 0));
  expect(plannedStorage(config, 'q4').moments).toBe(bytes.reduce((sum, each) => sum + each, 0));
  expect(plannedStorage(config, 'q8').moments).toBe(0);
});

test('the 4-bit matrices differ, everything else is the same; the manifest says so, and no files are left over', async () => {
  const { writer, reader } = memoryBundle();
  const manifest = await convert(writer);
  expect(stored(manifest)).toEqual(stored(expected));
  expect([plain.rounding, manifest.rounding]).toEqual([undefined, 'feedback']);
  expect(parseManifest(new TextEncoder().encode(JSON.stringify(manifest))).rounding).toBe('feedback');
  await verifyBundle(reader, manifest);
  await expect(reader.open(MOMENTS_PATH)).rejects.toThrow();
  const other = memoryBundle();
  await convert(other.writer, { takeMoments: undefined });
  for (const [s, stage] of manifest.stages.entries()) {
    expect(stage.tensors).toEqual(plain.stages[s]!.tensors);
    const { path, bytes } = stage.weights;
    const [before, after] = await Promise.all(
      [other.reader, reader].map(async (each) => (await each.open(path)).read(0, bytes)),
    );
    for (const { name, offset, bytes: length, shape } of stage.tensors) {
      const same =
        Buffer.compare(before!.subarray(offset, offset + length), after!.subarray(offset, offset + length)) === 0;
      if (name.endsWith('.q')) expect(same, name).toBe(shape[2] === 32);
      else if (!/\.(scale|zp)$/.test(name)) expect(same, name).toBe(true);
    }
  }
  expect(manifest.embeddings).toEqual(plain.embeddings);
  // The error of 4-bit matrices themselves grows so that the error of their outputs shrinks; the others are unchanged.
  for (const [i, { kind, stored: as, error, outputs }] of manifest.weights!.entries()) {
    const before = plain.weights![i]!;
    expect([kind, as]).toEqual([before.kind, before.stored]);
    const isTable = kind === 'model.embed_tokens' || kind === 'embed_tokens';
    if (!as.startsWith('4') || isTable) expect([error, outputs], kind).toEqual([before.error, undefined]);
    else {
      expect(error, kind).toBeGreaterThan(before.error);
      expect(outputs, kind).toBeGreaterThan(0.1);
      expect(outputs, kind).toBeLessThan(1);
    }
  }
});

describe('interrupted', () => {
  test('twelve times, anywhere: the same bytes', async () => {
    const { writer, reader } = memoryBundle('m', { resumable: true });
    let manifest: BundleManifest | null = null;
    let interruptions = 0;
    const phases = new Set<string>();
    let state = 7;
    const below = (n: number) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % n;
    while (!manifest) {
      const controller = new AbortController();
      let left = interruptions < 12 ? 3 + below(9) : Infinity;
      const onProgress = ({ phase }: Progress) => {
        if (phase === 'measure' || --left > 0) return;
        phases.add(phase);
        controller.abort();
      };
      manifest = await convert(writer, { signal: controller.signal, onProgress }).catch((error: Error) => {
        expect(error.name).toBe('AbortError');
        interruptions++;
        return null;
      });
    }
    expect(interruptions).toBe(12);
    expect([...phases].sort()).toEqual(expect.arrayContaining(['convert', 'refine']));
    expect(stored(manifest)).toEqual(stored(expected));
    await verifyBundle(reader, manifest);
  }, 60_000);

  test('by crashes while moments are written, and while weights are written the second time: the same bytes', async () => {
    const { writer: counted } = memoryBundle('m', { resumable: true });
    let writes = 0;
    await convert(crashing(counted, () => (writes++, false)));
    for (const part of [0.45, 0.5, 0.52, 0.55, 0.7, 0.95]) {
      const { writer, reader } = memoryBundle('m', { resumable: true });
      let n = 0;
      await expect(convert(crashing(writer, () => ++n >= part * writes))).rejects.toThrow('crash');
      const manifest = await convert(writer);
      expect(stored(manifest)).toEqual(stored(expected));
      // Bundles are compared by their files' bytes.
      expect(Object.keys(JSON.parse(JSON.stringify(manifest)))).toEqual(Object.keys(expected));
      await verifyBundle(reader, manifest);
    }
  }, 60_000);

  test('and then repeated without the second pass: as if there had been none', async () => {
    const { writer } = memoryBundle('m', { resumable: true });
    const controller = new AbortController();
    const onProgress = ({ phase, progress = 0 }: Progress) => {
      if (phase === 'refine' && progress > 80) controller.abort();
    };
    await expect(convert(writer, { signal: controller.signal, onProgress })).rejects.toThrow();
    expect(stored(await convert(writer, { takeMoments: undefined }))).toEqual(stored(plain));
  });
});

test('moments that the disk lost: noticed, and everything starts again', async () => {
  const { writer } = memoryBundle('m', { resumable: true });
  let isDamaged = false;
  const onProgress = ({ phase }: Progress) => {
    if (phase === 'refine') isDamaged = true;
  };
  const damaging: BundleWriter = {
    ...writer,
    reader: () => ({
      label: 'm',
      open: async (path, signal) => {
        const file = await writer.reader().open(path, signal);
        if (path !== MOMENTS_PATH || !isDamaged) return file;
        const read = async (start: number, end: number) => (await file.read(start, end)).slice().fill(1, 0, 4);
        return { path, size: file.size, data: () => file.data(), read };
      },
    }),
  };
  await expect(convert(damaging, { onProgress })).rejects.toThrow(IntegrityError);
  expect(writer.journal!.notes).toEqual([]);
  expect(stored(await convert(writer))).toEqual(stored(expected));
});

test('q8 has no second pass', async () => {
  const take = () => {
    throw new Error('asked for moments');
  };
  const manifest = await convert(memoryBundle().writer, { dtype: 'q8', takeMoments: take });
  expect(manifest.rounding).toBeUndefined();
});

test('the probe belongs to what is published', async () => {
  const { writer } = memoryBundle();
  const seen: (string | undefined)[] = [];
  const manifest = await convert(writer, {
    computeProbe: (reader, written) => {
      seen.push(written.rounding);
      return computeProbe(reader, written);
    },
  });
  expect(seen).toEqual(['feedback']);
  expect(manifest.probe.length).toBeGreaterThan(3);
});
