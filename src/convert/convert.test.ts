import { describe, expect, test } from 'vitest';
import { MANIFEST_PATH, type BundleManifest, type BundleStage, type WeightDtype } from '../bundle/manifest';
import { bundleFiles } from '../bundle/validate';
import { decodeRow } from '../bundle/rows';
import type { Progress } from '../bundle/progress';
import type { BundleReader, BundleWriter, FileWriter } from '../bundle/storage';
import { CheckpointFormatError, CheckpointMismatchError, SourceNotFoundError, UnsupportedError } from '../errors';
import { architectureOf, planStages, storedWeights } from '../models';
import { dequantizeRow, type BlockFormat } from '../onnx/quantize';
import { memoryBundle, readManifest, verifyBundle } from '../store';
import { convertCheckpoint } from './convert';
import type { ConvertOptions } from './options';
import { weightKinds, type WeightReport } from './tally';
import { FAKE_CONFIG, fakeCheckpoint, jsonFile, type FakeCheckpoint } from './fake-checkpoint';

const DTYPES: WeightDtype[] = ['fp32', 'fp16', 'q8', 'q4'];
/** Relative error (root of squares) allowed for a stored matrix. */
const TOLERANCE = { fp32: 0, fp16: 2 ** -11, q8: 0.01, q4: 0.12 };

async function converted(checkpoint: FakeCheckpoint, options: Partial<ConvertOptions> = {}) {
  const { writer, reader } = memoryBundle();
  const manifest = await convertCheckpoint({ checkpoint, writer, dtype: 'fp32', ...options });
  return { manifest, reader };
}

/** A stored matrix or vector as float32. */
async function restore(reader: BundleReader, stage: BundleStage, name: string): Promise<Float32Array> {
  const file = await reader.open(stage.weights.path);
  const bytes = async (tensor: string) => {
    const found = stage.tensors.find((each) => each.name === tensor);
    return found && { ...found, data: await file.read(found.offset, found.offset + found.bytes) };
  };
  const plain = await bytes(name);
  if (plain?.dtype === 'f32') return new Float32Array(plain.data.buffer);
  if (plain?.dtype === 'f16') {
    return decodeRow(
      { dtype: 'fp16', columns: plain.data.length / 2 },
      plain.data,
      new Float32Array(plain.data.length / 2),
    );
  }
  const [codes, scales, zeroPoints] = [
    await bytes(`${name}.q`),
    await bytes(`${name}.scale`),
    await bytes(`${name}.zp`),
  ];
  const [rows, blocks, blockBytes] = codes!.shape as [number, number, number];
  const format: BlockFormat = { bits: blockBytes === 32 ? 8 : 4, zeroPoints: zeroPoints !== undefined };
  const columns = blocks * 32;
  const out = new Float32Array(rows * columns);
  const stored = {
    codes: codes!.data,
    scales: new Uint16Array(scales!.data.buffer),
    zeroPoints: zeroPoints?.data ?? null,
  };
  for (let row = 0; row < rows; row++) dequantizeRow(format, stored, row, columns, out, row * columns);
  return out;
}

/** What the checkpoint holds for a planned weight. */
function expected(checkpoint: FakeCheckpoint, parts: string[], fold: boolean): Float32Array {
  const whole = parts.flatMap((part) => [...checkpoint.values.get(part)!.data]);
  if (!fold) return Float32Array.from(whole);
  const area = 14 * 14;
  return Float32Array.from({ length: whole.length / 2 }, (_, i) => {
    const [slice, pixel] = [Math.floor(i / area), i % area];
    return whole[2 * slice * area + pixel]! + whole[(2 * slice + 1) * area + pixel]!;
  });
}

const weightName = (tensor: string) => tensor.replace(/\.(q|scale|zp)$/, '');

function relativeError(actual: Float32Array, wanted: Float32Array): number {
  const error = wanted.reduce((sum, value, i) => sum + (value - actual[i]!) ** 2, 0);
  return Math.sqrt(error / wanted.reduce((sum, value) => sum + value * value, 0));
}

describe.each(DTYPES)('%s', (dtype) => {
  test('every stored weight is the checkpoint’s, to the dtype’s accuracy', async () => {
    const checkpoint = fakeCheckpoint();
    const { manifest, reader } = await converted(checkpoint, { dtype });
    const stored = new Set(manifest.stages.flatMap(({ tensors }) => tensors.map(({ name }) => weightName(name))));
    const planned = new Map(
      planStages(architectureOf(FAKE_CONFIG).network(FAKE_CONFIG, { head: null }), () => 0)
        .flatMap((s) => s.weights)
        .flatMap((w) => storedWeights(w, (name) => stored.has(name)))
        .map((w) => [w.name, w]),
    );
    // the only dtype that stores parts of it separately
    expect(planned.has('layers.0.self_attn.qkv.weight')).toBe(dtype !== 'q4');
    let compared = 0;
    for (const stage of manifest.stages) {
      for (const name of new Set(stage.tensors.map(({ name }) => weightName(name)))) {
        const weight = planned.get(name)!;
        const wanted = expected(checkpoint, weight.parts, weight.rowTransform === 'fold-temporal');
        const actual = await restore(reader, stage, name);
        expect(actual.length).toBe(wanted.length);
        const exact = weight.shape.length === 1;
        const tolerance = exact ? 0 : weight.quantize ? TOLERANCE[dtype] : Math.min(TOLERANCE[dtype], TOLERANCE.fp16);
        expect(relativeError(actual, wanted), name).toBeLessThanOrEqual(tolerance);
        compared++;
      }
    }
    expect(compared).toBe(planned.size);
  });

  test('what is reported for each kind of weight is what was written', async () => {
    let kinds: WeightReport[] = [];
    const { manifest } = await converted(fakeCheckpoint(), { dtype, onWeights: (found) => void (kinds = found) });
    const tensors = manifest.stages.flatMap((stage) => stage.tensors);
    const { rows, rowBytes } = manifest.embeddings;
    expect(kinds.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(
      tensors.reduce((sum, { bytes }) => sum + bytes, rows * rowBytes),
    );
    for (const { kind, error, stored } of kinds) {
      const most = stored === 'f32' || stored === 'fp32' ? 0 : TOLERANCE[dtype];
      expect(error, kind).toBeLessThanOrEqual(most);
      if (most > 0) expect(error, kind).toBeGreaterThan(stored.startsWith('4') ? 0.05 : 0);
    }
    // The bundle keeps the same, except for the time that this run took.
    expect(manifest.weights).toEqual(weightKinds(kinds));
    const outputs = kinds.filter(({ kind }) => kind === 'layers.*.self_attn.o_proj');
    expect(outputs.reduce((sum, { tensors: count }) => sum + count, 0)).toBe(FAKE_CONFIG.num_hidden_layers);
  });

  test('the row file holds the embedding table', async () => {
    const checkpoint = fakeCheckpoint();
    const { manifest, reader } = await converted(checkpoint, { dtype });
    const { embeddings: table } = manifest;
    const { data } = checkpoint.values.get('model.embed_tokens.weight')!;
    const file = await reader.open(table.path);
    const out = new Float32Array(table.columns);
    for (const row of [0, 17, 49]) {
      decodeRow(table, await file.read(row * table.rowBytes, (row + 1) * table.rowBytes), out);
      const wanted = data.subarray(row * table.columns, (row + 1) * table.columns);
      expect(relativeError(out, wanted)).toBeLessThanOrEqual(TOLERANCE[dtype]);
    }
  });

  test('what is published reads back and verifies', async () => {
    const { manifest, reader } = await converted(fakeCheckpoint(), { dtype });
    const again = await readManifest(reader);
    expect(again).toEqual(manifest);
    await verifyBundle(reader, again);
  });

  test('stages stay below the requested limit', async () => {
    const limit = 140_000;
    const { manifest } = await converted(fakeCheckpoint(), { dtype, maxStageBytes: limit });
    for (const stage of manifest.stages) expect(stage.weights.bytes).toBeLessThanOrEqual(limit);
    if (dtype === 'fp32')
      expect(manifest.stages.map(({ name }) => name)).toEqual(['vision.0', 'vision.1', 'text.0', 'text.1']);
  });
});

test('a change of one weight changes its hash', async () => {
  const checkpoint = fakeCheckpoint();
  const before = await converted(checkpoint);
  checkpoint.values.get('model.norm.weight')!.data[5]! += 1e-3;
  const after = await converted(checkpoint);
  const hashes = ({ manifest }: { manifest: BundleManifest }) => manifest.stages.map(({ weights }) => weights.sha256);
  expect(hashes(after)[0]).toBe(hashes(before)[0]);
  expect(hashes(after)[1]).not.toBe(hashes(before)[1]);
});

test('the probe sees the whole bundle before it is published, and lands in the manifest', async () => {
  const { writer, reader } = memoryBundle();
  const embedding = Buffer.from(Float32Array.from({ length: 64 }, (_, i) => (i === 0 ? 1 : 0)).buffer).toString(
    'base64',
  );
  const probe = { name: 'text', text: 'hello', picture: null, embedding };
  const manifest = await convertCheckpoint({
    checkpoint: fakeCheckpoint(),
    writer,
    dtype: 'q4',
    computeProbe: async (unpublished, seen) => {
      expect(seen.probe).toEqual([]);
      for (const file of bundleFiles(seen)) expect((await unpublished.open(file.path)).size).toBe(file.bytes);
      await expect(reader.open(MANIFEST_PATH)).rejects.toThrow(SourceNotFoundError);
      return [probe];
    },
  });
  expect(manifest.probe).toEqual([probe]);
  expect((await readManifest(reader)).probe).toEqual([probe]);
});

test('progress runs from nothing to everything', async () => {
  const events: Progress[] = [];
  await converted(fakeCheckpoint(), { dtype: 'q8', onProgress: (event) => events.push(event) });
  const bytes = events.filter(({ phase, status }) => phase === 'convert' && status === 'progress');
  bytes.reduce((before, event) => {
    expect(event.loaded).toBeGreaterThan(before);
    expect(event.loaded).toBeLessThanOrEqual(event.total!);
    return event.loaded!;
  }, 0);
  const last = events.filter(({ phase }) => phase === 'convert').at(-1)!;
  expect(last.status).toBe('done');
  expect(last.tensors!.done).toBe(last.tensors!.total);
  expect(events.at(-1)).toEqual({ status: 'ready', phase: 'publish' });
});

describe('refusals', () => {
  const refused = async (
    change: (checkpoint: FakeCheckpoint) => Partial<FakeCheckpoint> | void,
    error: new (...args: never[]) => Error,
    message: RegExp,
    dtype: WeightDtype = 'fp32',
  ) => {
    const checkpoint = fakeCheckpoint();
    const changed = { ...checkpoint, ...change(checkpoint) };
    const { writer, state } = watchedWriter();
    const attempt = convertCheckpoint({ checkpoint: changed, writer, dtype });
    await expect(attempt).rejects.toThrow(error);
    await expect(attempt).rejects.toThrow(message);
    expect(state).toEqual({ files: 0, published: false });
  };
  const tensor = (checkpoint: FakeCheckpoint, name: string) => checkpoint.values.get(name)!;
  const gate = 'model.layers.1.mlp.gate_proj.weight';

  test.each(['fp32', 'fp16', 'q8', 'q4'] as const)('%s: NaN and infinity', async (dtype) => {
    for (const value of [NaN, Infinity, -Infinity]) {
      await refused(
        (c) => void (tensor(c, gate).data[700] = value),
        CheckpointMismatchError,
        /gate_proj.*row 10/,
        dtype,
      );
    }
    await refused(
      (c) => void (tensor(c, 'model.embed_tokens.weight').data[0] = NaN),
      CheckpointMismatchError,
      /embed/,
      dtype,
    );
  });
  test.each(['fp16', 'q8', 'q4'] as const)('%s: weights too large', async (dtype) => {
    await refused((c) => void (tensor(c, gate).data[700] = 1e38), UnsupportedError, /gate_proj/, dtype);
    await refused(
      (c) => void (tensor(c, 'model.embed_tokens.weight').data[0] = 1e38),
      UnsupportedError,
      /embed/,
      dtype,
    );
  });
  test.each(['fp16', 'q8', 'q4'] as const)('%s: weights so small that nothing would be left of them', async (dtype) => {
    const shrink = (factor: number) => (c: FakeCheckpoint) => {
      const { data } = tensor(c, gate);
      for (let i = 0; i < data.length; i++) data[i]! *= factor;
    };
    await refused(shrink(1e-7), UnsupportedError, /gate_proj\.weight contains weights too small.*fp32/, dtype);
    await refused(shrink(1e-30), UnsupportedError, /too small/, dtype);
    for (const factor of [1e-2, 0]) {
      const checkpoint = fakeCheckpoint();
      shrink(factor)(checkpoint);
      expect((await converted(checkpoint, { dtype })).manifest.dtype).toBe(dtype);
    }
  });
  test('missing weights', () =>
    refused(
      (c) => void c.values.delete(gate),
      CheckpointMismatchError,
      /lacks 1 weights: model\.layers\.1\.mlp\.gate/,
    ));
  test('weights of another shape', async () => {
    await refused((c) => void (tensor(c, gate).shape = [48, 128]), CheckpointMismatchError, /\[48, 128\].*64/);
    await refused((c) => void (tensor(c, gate).shape = [97, 64]), CheckpointMismatchError, /96 rows/);
    await refused((c) => void (tensor(c, 'model.norm.weight').shape = [64, 1]), CheckpointMismatchError, /norm/);
    const kv = 'model.layers.0.self_attn.k_proj.weight';
    await refused((c) => void (tensor(c, kv).shape = [31, 64]), CheckpointMismatchError, /q_proj.*127 rows in total/);
  });
  test('unused weights', () =>
    refused(
      (c) => void c.values.set('extra', { shape: [1], data: new Float32Array(1) }),
      CheckpointMismatchError,
      /extra/,
    ));
  test('no preprocessor_config.json, or a wrong one', async () => {
    await refused(() => ({ preprocessor: null }), SourceNotFoundError, /preprocessor_config\.json/);
    const base = fakeCheckpoint().preprocessor!;
    for (const [key, value, error] of [
      ['min_pixels', 0, CheckpointFormatError],
      ['max_pixels', 'many', CheckpointFormatError],
      ['max_pixels', 10, CheckpointFormatError],
      ['image_mean', [1, 2], CheckpointFormatError],
      ['image_std', [1, 0, 1], CheckpointFormatError],
      ['patch_size', 16, CheckpointMismatchError],
    ] as const) {
      await refused(
        () => ({ preprocessor: { ...base, [key]: value } }),
        error,
        new RegExp(key.replace('max', '(max|min)')),
      );
    }
  });
  test('no tokenizer, or that of another model', async () => {
    await refused(() => ({ tokenizerFiles: [] }), SourceNotFoundError, /tokenizer\.json/);
    const other = jsonFile('tokenizer.json', { added_tokens: [{ id: 3, content: '<|image_pad|>' }] });
    await refused(() => ({ tokenizerFiles: [other] }), CheckpointMismatchError, /id 3.*49/);
    await refused(() => ({ tokenizerFiles: [jsonFile('../x', {})] }), CheckpointFormatError, /unsafe/);
    const broken = { ...other, source: { ...other.source, read: async () => Uint8Array.of(123, 255) } };
    await refused(() => ({ tokenizerFiles: [broken] }), CheckpointFormatError, /JSON/);
  });
});

test('newer preprocessor files give pixels as size.shortest_edge and longest_edge', async () => {
  const checkpoint = fakeCheckpoint();
  const { min_pixels: min, max_pixels: max, ...rest } = checkpoint.preprocessor!;
  const preprocessor = { ...rest, size: { shortest_edge: min, longest_edge: max } };
  const { manifest } = await converted({ ...checkpoint, preprocessor });
  expect(manifest.image.minPixels).toBe(3136);
  expect(manifest.image.maxPixels).toBe(12845056);
});

test('whatever fails, wherever: nothing is left behind, and the cause is reported', async () => {
  const whole = watchedWriter();
  await convertCheckpoint({ checkpoint: fakeCheckpoint(), writer: whole.writer, dtype: 'q4', maxStageBytes: 60_000 });
  expect(whole.state.published).toBe(true);
  expect(whole.calls()).toBeGreaterThan(100);
  for (let call = 1; call <= whole.calls(); call++) {
    const { writer, state } = watchedWriter(call);
    const attempt = convertCheckpoint({ checkpoint: fakeCheckpoint(), writer, dtype: 'q4', maxStageBytes: 60_000 });
    await expect(attempt).rejects.toThrow(`disk full at call ${call}`);
    expect(state).toEqual({ files: 0, published: false });
  }
});

test('an abort at any time leaves nothing behind', async () => {
  const { writer: counted, calls } = watchedWriter();
  await convertCheckpoint({ checkpoint: fakeCheckpoint(), writer: counted, dtype: 'q8' });
  for (let after = 0; after < calls(); after += 3) {
    const controller = new AbortController();
    if (after === 0) controller.abort();
    const { writer, state } = watchedWriter(after, () => controller.abort());
    const attempt = convertCheckpoint({ checkpoint: fakeCheckpoint(), writer, dtype: 'q8', signal: controller.signal });
    await expect(attempt).rejects.toMatchObject({ name: 'AbortError' });
    expect(state).toEqual({ files: 0, published: false });
  }
});

/** A writer that counts its calls and fails, or calls back, at one of them. */
function watchedWriter(at = -1, then?: () => void) {
  const { writer } = memoryBundle();
  const state = { files: 0, published: false };
  let calls = 0;
  const count = () => {
    if (++calls !== at) return;
    if (then) then();
    else throw new Error(`disk full at call ${at}`);
  };
  const counted = async (opening: Promise<FileWriter>): Promise<FileWriter> => {
    count();
    const file = await opening;
    state.files++;
    return {
      write: async (bytes, position) => {
        count();
        await file.write(bytes, position);
      },
      close: async () => {
        count();
        await file.close();
      },
    };
  };
  const abort = async () => {
    state.files = 0;
    await writer.abort();
  };
  const watched: BundleWriter = {
    journal: null,
    create: (path) => counted(writer.create(path)),
    reopen: (path, bytes) => counted(writer.reopen(path, bytes)),
    remove: (path) => writer.remove(path),
    reader: () => writer.reader(),
    publish: async () => {
      count();
      state.published = true;
      await writer.publish();
    },
    abort,
    pause: abort,
  };
  return { writer: watched, state, calls: () => calls };
}
