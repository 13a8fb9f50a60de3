import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BundleManifest, WeightDtype } from '../bundle/manifest';
import type { Progress } from '../bundle/progress';
import type { BundleWriter } from '../bundle/storage';
import { hubTree, type Checkpoint } from '../checkpoint';
import { openCheckpoint } from './open';
import { folderTree } from '../checkpoint/folder.node';
import { IntegrityError } from '../errors';
import { memoryBundle, verifyBundle } from '../store';
import { adapterPath, checkpointPath } from '../testing/fixtures';
import { crashing } from '../testing/crashing-writer';
import { startHub, type HubServer } from '../testing/hub-server';
import { convertCheckpoint } from './convert';

let hub: HubServer;
/** The results of an undisturbed conversion of the same files from disk. */
let expected: BundleManifest;
const DTYPE: WeightDtype = 'q4';

beforeAll(async () => {
  hub = await startHub({ repos: { 'org/base': checkpointPath('tiny-untied'), 'org/dora': adapterPath('dora') } });
  const { writer } = memoryBundle();
  expected = await convertCheckpoint({ checkpoint: await fromDisk(), writer, dtype: DTYPE });
}, 60_000);
afterAll(() => hub.stop());
beforeEach(() => hub.faults.clear());

async function fromDisk(): Promise<Checkpoint> {
  return openCheckpoint({ checkpoint: await folderTree(checkpointPath('tiny-untied')) });
}

/** Shards are read in a pass, in small blocks. */
async function fromHub(signal?: AbortSignal): Promise<Checkpoint> {
  const checkpoint = await hubTree({
    ...{ repo: 'org/base', hubUrl: hub.url, retryDelay: 1, wholeBytes: 50_000, blockBytes: 100_000 },
    signal,
  });
  return openCheckpoint({ checkpoint });
}

/** What was written, regardless of the source's name. */
function weightsOf({ stages, embeddings, weights }: BundleManifest) {
  return { stages, embeddings, weights };
}

test('from the Hub in one pass per file: the bytes of a conversion from disk', async () => {
  const { writer, reader } = memoryBundle('m', { resumable: true });
  const manifest = await convertCheckpoint({ checkpoint: await fromHub(), writer, dtype: DTYPE });
  expect(weightsOf(manifest)).toEqual(weightsOf(expected));
  await verifyBundle(reader, manifest);
});

describe('interrupted', () => {
  test('at every tenth piece, again and again: the same bytes, and nothing is done twice', async () => {
    const { writer, reader } = memoryBundle('m', { resumable: true });
    let manifest: BundleManifest | null = null;
    let pieces = 0;
    let before = 0;
    let runs = 0;
    while (!manifest) {
      runs++;
      const controller = new AbortController();
      let inRun = 0;
      const onProgress = ({ phase, status, loaded = 0, tensors }: Progress) => {
        if (phase === 'convert' && status === 'initiate') expect(loaded).toBeGreaterThanOrEqual(before);
        if (phase !== 'convert' || status !== 'progress') return;
        before = loaded;
        pieces++;
        expect(tensors!.done).toBeLessThanOrEqual(tensors!.total);
        if (++inRun === 10) controller.abort();
      };
      const { signal } = controller;
      manifest = await convertCheckpoint({
        checkpoint: await fromHub(),
        writer,
        dtype: DTYPE,
        signal,
        onProgress,
      }).catch((error: Error) => {
        expect(error.name).toBe('AbortError');
        return null;
      });
    }
    expect(runs).toBeGreaterThan(4);
    expect(weightsOf(manifest)).toEqual(weightsOf(expected));
    await verifyBundle(reader, manifest);
    // Each piece once.
    const { length } = await allPieces();
    expect(pieces).toBe(length);
  });

  test('by a crash, which loses what was not recorded: the same bytes', async () => {
    for (const crashAt of [3, 25, 60, 80]) {
      const { writer, reader } = memoryBundle('m', { resumable: true });
      const crash = crashingAt(writer, crashAt);
      await expect(convertCheckpoint({ checkpoint: await fromHub(), writer: crash, dtype: DTYPE })).rejects.toThrow(
        'crash',
      );
      const manifest = await convertCheckpoint({ checkpoint: await fromHub(), writer, dtype: DTYPE });
      expect(weightsOf(manifest)).toEqual(weightsOf(expected));
      await verifyBundle(reader, manifest);
    }
  });

  test('and the checkpoint has changed since: it starts again, and nothing old shows through', async () => {
    const { writer } = memoryBundle('m', { resumable: true });
    const crash = crashingAt(writer, 80);
    const other = await openCheckpoint({ checkpoint: await folderTree(checkpointPath('tiny-tied')) });
    await expect(convertCheckpoint({ checkpoint: other, writer: crash, dtype: DTYPE })).rejects.toThrow('crash');
    const manifest = await convertCheckpoint({ checkpoint: await fromDisk(), writer, dtype: DTYPE });
    expect(weightsOf(manifest)).toEqual(weightsOf(expected));
    const again = await convertCheckpoint({ checkpoint: await fromDisk(), writer, dtype: 'q8' });
    expect(again.dtype).toBe('q8');
  });
});

describe('wrong bytes', () => {
  const shard = 'model.safetensors';
  const file = /base\/model\.safetensors$/;

  test('once: noticed, read again, right', async () => {
    for (const at of [70_000, 400_000]) {
      hub.faults.clear();
      const { writer } = memoryBundle('m', { resumable: true });
      const checkpoint = await fromHub();
      hub.faults.inject({ kind: 'corrupt', at, file, times: 1 });
      const manifest = await convertSteadily(checkpoint, writer);
      expect(weightsOf(manifest)).toEqual(weightsOf(expected));
    }
  });

  test('always: a named error, nothing from the file counts, nothing is published', async () => {
    const { writer, reader } = memoryBundle('m', { resumable: true });
    const checkpoint = await fromHub();
    hub.faults.inject({ kind: 'corrupt', at: 400_000, file });
    const attempt = convertCheckpoint({ checkpoint, writer, dtype: DTYPE });
    await expect(attempt).rejects.toThrow(IntegrityError);
    await expect(attempt).rejects.toMatchObject({ details: { file: `org/base/${shard}` } });
    await expect(reader.open('bundle.json')).rejects.toThrow();
    hub.faults.clear();
    const manifest = await convertCheckpoint({ checkpoint: await fromHub(), writer, dtype: DTYPE });
    expect(weightsOf(manifest)).toEqual(weightsOf(expected));
  });

  test('in the samples by which layouts were chosen: noticed by the pass, and everything starts again', async () => {
    // Only q8 looks at weights before it reads them all.
    const { writer } = memoryBundle('m', { resumable: true });
    const size = (await folderTree(checkpointPath('tiny-untied')).then((tree) => tree.open(shard))).size;
    let restarts = 0;
    // The first request for a byte may come from the measurement.
    for (let at = 100_000; at < size && restarts === 0; at += 50_000) {
      hub.faults.clear();
      const fault = hub.faults.inject({ kind: 'corrupt', at, file, times: 1 });
      const checkpoint = await fromHub();
      const error = await convertCheckpoint({ checkpoint, writer, dtype: 'q8' }).catch((error: Error) => error);
      expect(fault.struck).toBe(1);
      if (error instanceof IntegrityError && error.details.restart) restarts++;
      await writer.abort();
    }
    expect(restarts).toBe(1);
    expect(writer.journal!.notes).toEqual([]);
  });
});

test('a disk that loses what was written is noticed, and written again', async () => {
  const { writer, reader } = memoryBundle('m', { resumable: true });
  let spoiled = 0;
  const forgetful: BundleWriter = {
    ...writer,
    reopen: async (path, bytes) => {
      const opened = await writer.reopen(path, bytes);
      return {
        ...opened,
        write: async (part, position) => {
          const lost = path === 'embeddings.bin' && spoiled++ === 0;
          await opened.write(lost ? new Uint8Array(part.length) : part, position);
        },
      };
    },
  };
  const manifest = await convertCheckpoint({ checkpoint: await fromHub(), writer: forgetful, dtype: DTYPE });
  expect(spoiled).toBeGreaterThan(1);
  expect(weightsOf(manifest)).toEqual(weightsOf(expected));
  await verifyBundle(reader, manifest);
});

/** Restarts, as `sources/convert-into.ts` does. */
async function convertSteadily(checkpoint: Checkpoint, writer: BundleWriter): Promise<BundleManifest> {
  return convertCheckpoint({ checkpoint, writer, dtype: DTYPE }).catch(async (error: unknown) => {
    if (!(error instanceof IntegrityError && error.details.restart)) throw error;
    return convertCheckpoint({ checkpoint: await fromHub(), writer, dtype: DTYPE });
  });
}

async function allPieces(): Promise<{ length: number }> {
  let length = 0;
  const { writer } = memoryBundle();
  const onProgress = ({ phase, status }: Progress) => void (phase === 'convert' && status === 'progress' && length++);
  await convertCheckpoint({ checkpoint: await fromDisk(), writer, dtype: DTYPE, onProgress });
  return { length };
}

/** A writer that dies at its n-th write. */
function crashingAt(writer: BundleWriter, at: number): BundleWriter {
  let writes = 0;
  return crashing(writer, () => ++writes >= at);
}
