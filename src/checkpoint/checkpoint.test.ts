import { describe, expect, it } from 'vitest';
import { CheckpointFormatError, CheckpointMismatchError, SourceNotFoundError, UnsupportedError } from '../errors';
import { changedTree, f32, safetensors } from '../testing/checkpoint-files';
import {
  ADAPTER_NAMES,
  CHECKPOINT_NAMES,
  adapterPath,
  checkpointPath,
  expectedModel,
  fixtureBytes,
  maxDifference,
} from '../testing/fixtures';
import { blobTree } from './blob-tree';
import { openCheckpoint, type Checkpoint } from './checkpoint';
import { folderTree } from './folder.node';
import type { FileTree } from './types';

const tied = () => folderTree(checkpointPath('tiny-tied'));
const adapter = (name: (typeof ADAPTER_NAMES)[number]) => folderTree(adapterPath(name));
const onlyBin = (tree: FileTree) => changedTree(tree, { 'adapter_model.safetensors': null });

async function wholeTensor({ tensors }: Checkpoint, name: string): Promise<Float32Array> {
  return tensors.readRows(name, 0, tensors.info(name)!.shape[0]!);
}

/** Typed arrays compared at memcmp's speed, not element by element. */
function expectSameBits(a: Float32Array, b: Float32Array): void {
  expect(Buffer.compare(new Uint8Array(a.buffer), new Uint8Array(b.buffer))).toBe(0);
}

/** Norm of each row. */
function rowNorms(matrix: Float32Array, rows: number): number[] {
  const columns = matrix.length / rows;
  return Array.from({ length: rows }, (_, i) => Math.hypot(...matrix.subarray(i * columns, (i + 1) * columns)));
}

/** Largest |a/b - 1|. */
function worstRatio(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value / b[i]! - 1)));
}

async function expectSameTensors(a: Checkpoint, b: Checkpoint): Promise<void> {
  expect([...a.tensors.names()].sort()).toEqual([...b.tensors.names()].sort());
  for (const name of a.tensors.names()) {
    expect(a.tensors.info(name)).toEqual(b.tensors.info(name));
    expectSameBits(await wholeTensor(a, name), await wholeTensor(b, name));
  }
}

describe('openCheckpoint on a base', () => {
  it.each(CHECKPOINT_NAMES)('reads %s under canonical names', async (name) => {
    const checkpoint = await openCheckpoint({ checkpoint: await folderTree(checkpointPath(name)) });
    const { tensors } = checkpoint;
    expect(
      tensors.names().every((tensor) => /^(?:model\.(?:layers\.\d+|embed_tokens|norm)|visual|lm_head)\./.test(tensor)),
    ).toBe(true);
    for (const tensor of [
      'model.embed_tokens.weight',
      'model.layers.1.self_attn.q_proj.bias',
      'visual.patch_embed.proj.weight',
    ]) {
      expect(tensors.info(tensor)?.dtype).toBe('BF16');
      expect((await wholeTensor(checkpoint, tensor)).some((value) => value !== 0)).toBe(true);
    }
    expect(tensors.info('lm_head.weight') !== undefined).toBe(name === 'tiny-untied');
    expect(checkpoint.config).toMatchObject({ model_type: 'qwen2_vl' });
    expect(checkpoint.preprocessor).toMatchObject({ patch_size: 14 });
    expect(checkpoint.tokenizerFiles.map(({ path }) => path)).toContain('tokenizer.json');
    expect(checkpoint.source).toEqual({ base: { id: name, revision: null }, adapter: null });
  });

  it('names weights that nobody used, the output layer excepted', async () => {
    const checkpoint = await openCheckpoint({ checkpoint: await folderTree(checkpointPath('tiny-untied')) });
    const used = new Set(checkpoint.tensors.names());
    used.delete('lm_head.weight');
    expect(() => checkpoint.expectConsumed(used)).not.toThrow();
    used.delete('visual.merger.mlp.0.bias');
    expect(() => checkpoint.expectConsumed(used)).toThrow(CheckpointMismatchError);
    expect(() => checkpoint.expectConsumed(used)).toThrow(/visual\.merger\.mlp\.0\.bias/);
  });

  it('names a tensor that is not there, and rows that are not', async () => {
    const { tensors } = await openCheckpoint({ checkpoint: await tied() });
    await expect(tensors.readRows('model.nothing', 0, 1)).rejects.toBeInstanceOf(CheckpointMismatchError);
    await expect(tensors.readRows('model.norm.weight', 250, 7)).rejects.toBeInstanceOf(RangeError);
  });

  it('reads the same through Blobs', async () => {
    const tree = await tied();
    const files = await Promise.all(
      (await tree.list()).map(async (path) => {
        const bytes = fixtureBytes(`checkpoints/tiny-tied/${path}`);
        return { path: `picked/${path}`, blob: new Blob([bytes as Uint8Array<ArrayBuffer>]) };
      }),
    );
    await expectSameTensors(
      await openCheckpoint({ checkpoint: tree }),
      await openCheckpoint({ checkpoint: blobTree(files, 'upload') }),
    );
  });

  it('refuses weights that are not finite', async () => {
    const weights = safetensors({ 'model.norm.weight': { dtype: 'F32', shape: [5], bytes: f32([1, 2, 3, 4, NaN]) } });
    const tree = blobTree(
      [
        { path: 'config.json', blob: new Blob(['{}']) },
        { path: 'model.safetensors', blob: new Blob([weights as Uint8Array<ArrayBuffer>]) },
      ],
      'bad',
    );
    const { tensors } = await openCheckpoint({ checkpoint: tree });
    await expect(tensors.readRows('model.norm.weight', 0, 5)).rejects.toThrow(/model\.norm\.weight/);
    expect([...(await tensors.readRows('model.norm.weight', 0, 4))]).toEqual([1, 2, 3, 4]);
  });

  it('refuses one weight under two names', async () => {
    const one = { dtype: 'F32', shape: [1], bytes: f32([1]) };
    const weights = safetensors({ 'model.norm.weight': one, 'model.language_model.norm.weight': one });
    const tree = changedTree(await tied(), { 'model.safetensors': weights });
    await expect(openCheckpoint({ checkpoint: tree })).rejects.toBeInstanceOf(CheckpointMismatchError);
  });
});

describe('shards', () => {
  const INDEX = 'model.safetensors.index.json';
  const index = () =>
    JSON.parse(new TextDecoder().decode(fixtureBytes(`checkpoints/tiny-tied/${INDEX}`))) as {
      weight_map: Record<string, string>;
    };
  const openWith = async (changes: Record<string, Uint8Array | string | null>) =>
    openCheckpoint({ checkpoint: changedTree(await tied(), changes) });
  const changedMap = (change: (map: Record<string, string>) => void) => {
    const changed = index();
    change(changed.weight_map);
    return { [INDEX]: JSON.stringify(changed) };
  };
  const first = 'model-00001-of-00004.safetensors';

  it('must all be there', async () => {
    await expect(openWith({ [first]: null })).rejects.toBeInstanceOf(SourceNotFoundError);
    await expect(openWith({ [first]: null })).rejects.toThrow(first);
  });

  it.each(['../x.safetensors', '/x.safetensors', 'a/x.safetensors', 'https://x/y.safetensors', '.x.safetensors', ''])(
    'must have plain names, not %s',
    async (name) => {
      const changes = changedMap((map) => (map['model.norm.weight'] = name));
      await expect(openWith(changes)).rejects.toBeInstanceOf(CheckpointFormatError);
    },
  );

  it('must hold what the index says, and nothing else', async () => {
    const [name] = Object.entries(index().weight_map).find(([, file]) => file === first)!;
    for (const change of [
      (map: Record<string, string>) => delete map[name],
      (map: Record<string, string>) => (map[name] = 'model-00002-of-00004.safetensors'),
      (map: Record<string, string>) => (map['model.layers.99.extra'] = first),
    ]) {
      await expect(openWith(changedMap(change))).rejects.toBeInstanceOf(CheckpointMismatchError);
    }
  });

  it('need an index that is one', async () => {
    for (const text of [
      '{}',
      '[]',
      '{"weight_map":[]}',
      '{"weight_map":{"a":1}}',
      '{"weight_map":{"a":"b","a":"c"}}',
    ]) {
      await expect(openWith({ [INDEX]: text })).rejects.toBeInstanceOf(CheckpointFormatError);
    }
  });

  it('are not looked for in a folder without weights', async () => {
    await expect(openWith({ [INDEX]: null })).rejects.toBeInstanceOf(SourceNotFoundError);
  });
});

describe('openCheckpoint with an adapter', () => {
  it.each(ADAPTER_NAMES)('merges %s as PEFT does, from either file format', async (name) => {
    const expected = expectedModel(`tiny-tied+${name}`);
    const fromSafetensors = await openCheckpoint({ checkpoint: await adapter(name), base: await tied() });
    const fromBin = await openCheckpoint({ checkpoint: await tied(), adapter: onlyBin(await adapter(name)) });
    await expectSameTensors(fromSafetensors, fromBin);

    const bare = await openCheckpoint({ checkpoint: await tied() });
    for (const tensor of bare.tensors.names()) {
      const merged = await wholeTensor(fromSafetensors, tensor);
      const matrix = expected.merged!.get(tensor);
      if (!matrix) {
        expectSameBits(merged, await wholeTensor(bare, tensor));
        continue;
      }
      const [rows, columns] = bare.tensors.info(tensor)!.shape as [number, number];
      expect(worstRatio(rowNorms(merged, rows), matrix.rowNorms)).toBeLessThan(2e-6);
      expect(maxDifference(merged.slice(0, columns), matrix.firstRow)).toBeLessThan(1e-6);
      const last = await fromSafetensors.tensors.readRows(tensor, rows - 3, 3);
      expectSameBits(last, merged.slice(-3 * columns));
    }
    expect([...expected.merged!.keys()].every((tensor) => bare.tensors.info(tensor))).toBe(true);
    expect(fromSafetensors.source).toMatchObject({ base: { id: 'tiny-tied' }, adapter: { id: name } });
  });

  it('DoRA gives every row the norm of its magnitude; without it the norms are elsewhere', async () => {
    const { merged } = expectedModel('tiny-tied+dora');
    const dora = await openCheckpoint({ checkpoint: await adapter('dora'), base: await tied() });
    const forgetful = changedTree(await adapter('dora'), {
      'adapter_model.safetensors': await withoutMagnitudes('dora'),
      'adapter_config.json': await configWith('dora', { use_dora: false }),
    });
    const lora = await openCheckpoint({ checkpoint: forgetful, base: await tied() });
    expect(merged!.size).toBe(15);
    for (const [tensor, { magnitude }] of merged!) {
      const rows = magnitude!.length;
      expect(worstRatio(rowNorms(await wholeTensor(dora, tensor), rows), magnitude!)).toBeLessThan(1e-6);
      expect(worstRatio(rowNorms(await wholeTensor(lora, tensor), rows), magnitude!)).toBeGreaterThan(1e-2);
    }
  });

  it('reads the magnitude in its newer spelling too', async () => {
    const plain = await openCheckpoint({ checkpoint: await adapter('dora'), base: await tied() });
    const newer = changedTree(await adapter('dora'), {
      'adapter_model.safetensors': await renamed('dora', (name) =>
        name.replace(/(lora_magnitude_vector)$/, '$1.weight'),
      ),
    });
    await expectSameTensors(plain, await openCheckpoint({ checkpoint: newer, base: await tied() }));
  });

  it('fits an adapter of newer transformers to a base of older', async () => {
    const plain = await openCheckpoint({ checkpoint: await adapter('dora'), base: await tied() });
    const newer = changedTree(await adapter('dora'), {
      'adapter_model.safetensors': await renamed('dora', (name) =>
        name.replace('.model.layers.', '.model.language_model.layers.'),
      ),
    });
    await expectSameTensors(plain, await openCheckpoint({ checkpoint: newer, base: await tied() }));
  });

  it("prefers the adapter's own preprocessor and tokenizer", async () => {
    const own = changedTree(await adapter('dora'), {
      'preprocessor_config.json': '{"max_pixels":1234}',
      'tokenizer.json': '{"own":1}',
    });
    const checkpoint = await openCheckpoint({ checkpoint: own, base: await tied() });
    expect(checkpoint.preprocessor).toEqual({ max_pixels: 1234 });
    expect(checkpoint.tokenizerFiles[0]?.source.size).toBe(9);
    const lora = await openCheckpoint({ checkpoint: await adapter('lora'), base: await tied() });
    expect(lora.preprocessor).toMatchObject({ patch_size: 14 });
    expect(lora.tokenizerFiles[0]?.source.size).toBeGreaterThan(9);
  });

  it('asks for the base that the adapter names', async () => {
    const asked: unknown[] = [];
    const checkpoint = await openCheckpoint({
      checkpoint: await adapter('dora'),
      resolve: (...names) => {
        asked.push(names);
        return tied();
      },
    });
    expect(asked).toEqual([['vlm2vec-web/tiny-qwen2-vl', null]]);
    expect(checkpoint.source.adapter?.kind).toBe('dora');
    await expect(openCheckpoint({ checkpoint: await adapter('dora') })).rejects.toThrow(/vlm2vec-web\/tiny-qwen2-vl/);
  });

  it('takes a folder with an adapter_config for an adapter, whatever merged weights lie beside it', async () => {
    const seven = changedTree(await adapter('dora'), {
      'pytorch_model.bin': 'merged badly',
      'model.safetensors': 'too',
    });
    const checkpoint = await openCheckpoint({ checkpoint: seven, base: await tied() });
    expect(checkpoint.source.adapter?.kind).toBe('dora');
  });

  it('refuses pairs that make no sense', async () => {
    const [base, lora, dora] = [await tied(), await adapter('lora'), await adapter('dora')];
    await expect(openCheckpoint({ checkpoint: base, base })).rejects.toBeInstanceOf(UnsupportedError);
    await expect(openCheckpoint({ checkpoint: lora, adapter: dora, base })).rejects.toBeInstanceOf(UnsupportedError);
    await expect(openCheckpoint({ checkpoint: lora, base: dora })).rejects.toBeInstanceOf(UnsupportedError);
    await expect(openCheckpoint({ checkpoint: base, adapter: base })).rejects.toBeInstanceOf(SourceNotFoundError);
    const untied = await folderTree(checkpointPath('tiny-untied'));
    await expect(openCheckpoint({ checkpoint: dora, base: untied })).rejects.toBeInstanceOf(CheckpointMismatchError);
  });

  it('stops when aborted, at any read', async () => {
    const signal = AbortSignal.abort();
    await expect(openCheckpoint({ checkpoint: await tied(), signal })).rejects.toHaveProperty('name', 'AbortError');
    const { tensors } = await openCheckpoint({ checkpoint: await adapter('dora'), base: await tied() });
    const name = 'model.layers.0.self_attn.q_proj.weight';
    await expect(tensors.readRows(name, 0, 1, signal)).rejects.toHaveProperty('name', 'AbortError');
    expect(await tensors.readRows(name, 0, 1)).toHaveLength(256);
  });
});

describe('an adapter that does not fit', () => {
  const KEY = 'base_model.model.model.layers.0.self_attn.q_proj';
  const openWith = async (name: 'dora' | 'lora', file: Uint8Array, config: Record<string, unknown> = {}) =>
    openCheckpoint({
      base: await tied(),
      checkpoint: changedTree(await adapter(name), {
        'adapter_model.safetensors': file,
        'adapter_config.json': await configWith(name, config),
      }),
    });

  it.each(['lora_A.weight', 'lora_B.weight', 'lora_magnitude_vector'])('lacks %s', async (kind) => {
    const file = await rewritten('dora', (name, tensor) => (name === `${KEY}.${kind}` ? [] : [[name, tensor]]));
    await expect(openWith('dora', file)).rejects.toThrow(CheckpointMismatchError);
    await expect(openWith('dora', file)).rejects.toThrow(/layers\.0\.self_attn\.q_proj/);
  });

  it('lacks a whole module', async () => {
    const file = await rewritten('dora', (name, tensor) => (name.startsWith(KEY) ? [] : [[name, tensor]]));
    await expect(openWith('dora', file)).rejects.toThrow(/no tensors for it/);
  });

  it.each([
    [`${KEY}.lora_C.weight`],
    [`${KEY}.lora_A.bias`],
    ['base_model.model.model.layers.0.self_attn.q_proj.weight'],
    ['base_model.model.model.layers.99.self_attn.q_proj.lora_A.weight'],
    ['base_model.model.model.layers.0.mlp.up_proj.lora_A.weight'],
    ['model.layers.0.self_attn.q_proj.lora_A.weight'],
    [`${KEY}.lora_magnitude_vector.weight`],
  ])('has a tensor too many: %s', async (extra) => {
    const file = await rewritten('dora', (name, tensor) => [
      [name, tensor],
      ...(name === `${KEY}.lora_A.weight` ? ([[extra, tensor]] as [string, Plain][]) : []),
    ]);
    await expect(openWith('dora', file)).rejects.toBeInstanceOf(CheckpointMismatchError);
    await expect(openWith('dora', file)).rejects.toThrow(extra.replace(/\.weight$/, ''));
  });

  it.each([
    ['lora_A.weight', (shape: number[]) => [shape[1]!, shape[0]!]],
    ['lora_B.weight', (shape: number[]) => [shape[1]!, shape[0]!]],
    ['lora_A.weight', (shape: number[]) => [...shape, 1]],
    ['lora_magnitude_vector', (shape: number[]) => [1, shape[0]!]],
  ])('has %s in another shape', async (kind, change) => {
    const file = await rewritten('dora', (name, tensor) => [
      [name, name === `${KEY}.${kind}` ? { ...tensor, shape: change(tensor.shape) } : tensor],
    ]);
    await expect(openWith('dora', file)).rejects.toBeInstanceOf(CheckpointMismatchError);
    await expect(openWith('dora', file)).rejects.toThrow(`${KEY}.${kind}`);
  });

  it('is DoRA while its config says it is not, or the other way round', async () => {
    const dora = fixtureBytes('adapters/dora/adapter_model.safetensors');
    await expect(openWith('dora', dora, { use_dora: false })).rejects.toThrow(/use_dora/);
    const lora = fixtureBytes('adapters/lora/adapter_model.safetensors');
    await expect(openWith('lora', lora, { use_dora: true })).rejects.toThrow(/lora_magnitude_vector/);
  });

  it('has another rank than its config', async () => {
    const dora = fixtureBytes('adapters/dora/adapter_model.safetensors');
    await expect(openWith('dora', dora, { r: 16 })).rejects.toBeInstanceOf(CheckpointMismatchError);
    await expect(openWith('dora', dora, { rank_pattern: { q_proj: 4 } })).rejects.toBeInstanceOf(
      CheckpointMismatchError,
    );
  });

  it('names modules that the base has and it does not adapt', async () => {
    const dora = fixtureBytes('adapters/dora/adapter_model.safetensors');
    const more = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'down_proj', 'up_proj'];
    await expect(openWith('dora', dora, { target_modules: more })).rejects.toThrow(/up_proj/);
    await expect(openWith('dora', dora, { target_modules: ['nothing'] })).rejects.toBeInstanceOf(
      CheckpointMismatchError,
    );
  });

  it('has a factor that is not finite', async () => {
    const file = await rewritten('dora', (name, tensor) => {
      if (name !== `${KEY}.lora_B.weight`) return [[name, tensor]];
      const bytes = tensor.bytes.slice();
      bytes.set([0, 0, 0xc0, 0x7f]);
      return [[name, { ...tensor, bytes }]];
    });
    const { tensors } = await openWith('dora', file);
    await expect(tensors.readRows('model.layers.0.self_attn.q_proj.weight', 5, 1)).rejects.toThrow(
      `${KEY}.lora_B.weight`,
    );
  });
});

interface Plain {
  dtype: string;
  shape: number[];
  bytes: Uint8Array;
}

/** A fixture adapter's safetensors file with its tensors changed. */
function rewritten(
  name: 'dora' | 'lora',
  change: (name: string, tensor: Plain) => [string, Plain][],
): Promise<Uint8Array> {
  const file = fixtureBytes(`adapters/${name}/adapter_model.safetensors`);
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  type Entry = { dtype: string; shape: number[]; data_offsets: [number, number] };
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Record<string, Entry>;
  const tensors = Object.entries(header)
    .filter(([tensor]) => tensor !== '__metadata__')
    .flatMap(
      ([
        tensor,
        {
          dtype,
          shape,
          data_offsets: [begin, end],
        },
      ]) => change(tensor, { dtype, shape, bytes: file.slice(8 + length + begin, 8 + length + end) }),
    );
  return Promise.resolve(safetensors(Object.fromEntries(tensors)));
}

const renamed = (name: 'dora', rename: (name: string) => string) =>
  rewritten(name, (tensor, plain) => [[rename(tensor), plain]]);

const withoutMagnitudes = (name: 'dora') =>
  rewritten(name, (tensor, plain) => (tensor.endsWith('lora_magnitude_vector') ? [] : [[tensor, plain]]));

function configWith(name: 'dora' | 'lora', over: Record<string, unknown>): Promise<string> {
  const config = JSON.parse(new TextDecoder().decode(fixtureBytes(`adapters/${name}/adapter_config.json`))) as object;
  return Promise.resolve(JSON.stringify({ ...config, ...over }));
}
