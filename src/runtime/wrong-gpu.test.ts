/**
 * Simulates faulty GPUs in Node: ONNX Runtime's CPU stands in for them, with added errors that were measured on
 * lavapipe (bench/RESULTS.md, `bench/lavapipe.sh`).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-common';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BundleManifest } from '../bundle/manifest';
import { ProbeError } from '../errors';
import { readManifest } from '../store';
import { folderBundle } from '../store/folder.node.js';
import { convertFixture } from '../testing/bundles';
import type { Ort, OrtOptions } from './ort';
import { loadRuntime, type RuntimeOptions } from './runtime';
import type { ModelInfo, OrtBuild } from './types';

interface FakeGpu {
  /** The loss that is added, as 1 − cosine, by padded length of a text run, from that length on. */
  losses: { f32: [number, number][]; f16: [number, number][] };
  /** Sessions requested for the CPU itself, not for the simulated GPU. */
  cpuSessions: number;
}
const gpu = vi.hoisted((): FakeGpu => ({ losses: { f32: [], f16: [] }, cpuSessions: 0 }));

vi.mock('./ort', async (importOriginal) => {
  const real = await importOriginal<typeof import('./ort')>();
  const loadOrt = async (build: OrtBuild, options?: OrtOptions): Promise<Ort> => {
    const { InferenceSession, Tensor, env } = await real.loadOrt(build, options);
    const create = async (graph: Uint8Array, options: InferenceSession.SessionOptions) => {
      const isGpu = options.executionProviders?.[0] === 'webgpu';
      if (!isGpu) gpu.cpuSessions++;
      const session = await InferenceSession.create(graph, { ...options, executionProviders: ['cpu'] });
      return isGpu ? withLosses(session) : session;
    };
    return { InferenceSession: { create } as Ort['InferenceSession'], Tensor, env };
  };
  return { ...real, loadOrt };
});

function withLosses(session: InferenceSession): InferenceSession {
  const run = session.run.bind(session);
  session.run = async (feeds: InferenceSession.FeedsType) => {
    const outputs = await run(feeds);
    const { embedding } = outputs;
    if (embedding) {
      const length = (feeds['total_sequence_length']!.data as Int32Array)[0]!;
      const losses = gpu.losses[feeds['features']!.type === 'float16' ? 'f16' : 'f32'];
      const loss = losses.findLast(([from]) => from <= length)?.[1] ?? 0;
      const [rows, columns] = embedding.dims as [number, number];
      const data = embedding.data as Float32Array;
      for (let row = 0; row < rows; row++) turn(data.subarray(row * columns, (row + 1) * columns), loss);
    }
    return outputs;
  };
  return session;
}

/** Rotates a unit vector by the angle that costs `loss`, towards a perpendicular one. */
function turn(vector: Float32Array, loss: number): void {
  const side = vector.map((_, i) => (i % 2 === 0 ? -vector[i + 1]! : vector[i - 1]!));
  const cosine = 1 - loss;
  const sine = Math.sqrt(1 - cosine * cosine);
  for (let i = 0; i < vector.length; i++) vector[i] = cosine * vector[i]! + sine * side[i]!;
}

let folder: string;
const NANO = 'public/models/nano';
let tiny = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vlm2vec-gpu-'));
  tiny = join(folder, 'tiny');
  await convertFixture('tiny-tied', tiny, { dtype: 'q8' });
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  gpu.losses = { f32: [], f16: [] };
  gpu.cpuSessions = 0;
});

async function load(path: string, options: Partial<RuntimeOptions> = {}): Promise<ModelInfo> {
  const runtime = await loadRuntime({ reader: folderBundle(path), device: 'webgpu', ...options });
  await runtime.dispose();
  return runtime.info;
}

/** Like bundles from before the cost of f16 was recorded. */
async function older(path: string): Promise<BundleManifest> {
  const manifest = await readManifest(folderBundle(path));
  return { ...manifest, probe: manifest.probe.map(({ f16Loss: _, ...item }) => item) };
}

/** Measured at 31–33, 33, 64, 65, 103 and 215 tokens: what the wrong attention costs at either precision. */
const WRONG: Record<string, [number, number][]> = {
  tiny: [
    [32, 7.1e-4],
    [48, 5.3e-4],
    [64, 2.5e-4],
    [96, 3.5e-4],
    [128, 7.5e-5],
  ],
  nano: [
    [32, 1.5e-4],
    [48, 7.1e-5],
    [64, 2.3e-4],
    [96, 2.5e-4],
    [128, 2.3e-4],
    [192, 8.9e-5],
  ],
};
/** The most that correct attention cost at f16. */
const RIGHT: Record<string, [number, number][]> = { tiny: [[0, 9.3e-6]], nano: [[0, 2.4e-6]] };

describe.each(['tiny', 'nano'])('%s on a GPU', (model) => {
  const path = () => (model === 'nano' ? NANO : tiny);

  test('that computes attention wrongly is refused, with the reason', async () => {
    gpu.losses = { f32: WRONG[model]!, f16: WRONG[model]! };
    const error = await load(path()).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ProbeError);
    expect((error as ProbeError).message).toMatch(/webgpu f16: probe '.+' gives cosine .+; webgpu f32: probe /);
    await expect(load(path(), { activations: 'f16' })).rejects.toThrow(ProbeError);
  });

  test('that does so at f16 only is used at f32', async () => {
    gpu.losses = { f32: [], f16: WRONG[model]! };
    const { ladder, activations } = await load(path());
    expect(activations).toBe('f32');
    expect(ladder).toMatchObject([
      { activations: 'f16', outcome: 'failed', reason: expect.stringContaining('cosine') },
      { activations: 'f32', outcome: 'passed' },
    ]);
  });

  test('that only rounds is used at f16, also with an older bundle', async () => {
    gpu.losses = { f32: [], f16: RIGHT[model]! };
    expect((await load(path())).ladder).toMatchObject([{ activations: 'f16', outcome: 'passed' }]);
    const manifest = await older(path());
    expect((await load(path(), { manifest })).ladder).toMatchObject([{ activations: 'f16', outcome: 'passed' }]);
    expect(gpu.cpuSessions).toBe(0);
  });

  test('with an older bundle: the CPU says once what f16 costs', async () => {
    gpu.losses = { f32: [], f16: WRONG[model]! };
    const manifest = await older(path());
    expect((await load(path(), { manifest })).activations).toBe('f32');
    // A few blocks at a time, for all inputs together: one stage per tower.
    expect(gpu.cpuSessions).toBe(2);
  });
});

describe('a model that f16 costs much', () => {
  /** As f16 might for a large model; its bound is the ceiling. */
  const costly = async (): Promise<BundleManifest> => {
    const manifest = await readManifest(folderBundle(tiny));
    return { ...manifest, probe: manifest.probe.map((item) => ({ ...item, f16Loss: 1e-5 })) };
  };

  test('is used at f16 if f32 on the same GPU is right', async () => {
    gpu.losses = { f32: [], f16: [[0, 7e-4]] };
    expect((await load(tiny, { manifest: await costly() })).ladder).toMatchObject([
      { activations: 'f16', outcome: 'passed', cosine: expect.closeTo(1 - 7e-4, 5) },
    ]);
  });

  test('does not hide wrong attention', async () => {
    gpu.losses = { f32: WRONG['tiny']!, f16: WRONG['tiny']! };
    const loading = load(tiny, { manifest: await costly(), activations: 'f16' });
    await expect(loading).rejects.toThrow(/webgpu f16: not rounding: at f32, probe '.+' gives cosine/);
  });
});

test('a fault at a single length is noticed', async () => {
  for (const [from, to] of [
    [0, 32],
    [32, 33],
    [48, 49],
    [64, 65],
    [96, 97],
  ] as const) {
    gpu.losses = {
      f32: [],
      f16: [
        [from, 3e-4],
        [to, 0],
      ],
    };
    expect((await load(tiny)).activations, `padded to ${from}`).toBe('f32');
  }
});
