import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointMismatchError, SourceNotFoundError, UnsupportedError, VLM2VecError } from '../errors';
import { adapterConfigWith, renamedAdapter, rewrittenAdapter } from '../testing/adapter-files';
import { changedTree, type PlainTensor } from '../testing/checkpoint-files';
import {
  ADAPTER_NAMES,
  adapterPath,
  checkpointPath,
  expectedModel,
  fixtureBytes,
  maxDifference,
  type AdapterName,
} from '../testing/fixtures';
import { expectSameBits, expectSameTensors, wholeTensor } from '../testing/same-tensors';
import { openCheckpoint } from '../convert';
import { folderTree } from './folder.node';
import type { FileTree } from './types';

const tied = () => folderTree(checkpointPath('tiny-tied'));
const adapter = (name: AdapterName) => folderTree(adapterPath(name));
const onlyBin = (tree: FileTree) => changedTree(tree, { 'adapter_model.safetensors': null });

/** An adapter saved before there were magnitudes, or read by code that ignores them. */
const withoutMagnitudes = rewrittenAdapter('dora', (name, tensor) =>
  name.endsWith('lora_magnitude_vector') ? [] : [[name, tensor]],
);

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

  it('DoRA gives every row the norm of its magnitude; without it the norms differ', async () => {
    const { merged } = expectedModel('tiny-tied+dora');
    const dora = await openCheckpoint({ checkpoint: await adapter('dora'), base: await tied() });
    const forgetful = changedTree(await adapter('dora'), {
      'adapter_model.safetensors': withoutMagnitudes,
      'adapter_config.json': adapterConfigWith('dora', { use_dora: false }),
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
      'adapter_model.safetensors': renamedAdapter('dora', (name) =>
        name.replace(/(lora_magnitude_vector)$/, '$1.weight'),
      ),
    });
    await expectSameTensors(plain, await openCheckpoint({ checkpoint: newer, base: await tied() }));
  });

  it('fits an adapter from newer transformers to a base from older', async () => {
    const plain = await openCheckpoint({ checkpoint: await adapter('dora'), base: await tied() });
    const newer = changedTree(await adapter('dora'), {
      'adapter_model.safetensors': renamedAdapter('dora', (name) =>
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

  it('treats a folder with an adapter_config as an adapter, whatever merged weights lie beside it', async () => {
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
        'adapter_config.json': adapterConfigWith(name, config),
      }),
    });

  it.each(['lora_A.weight', 'lora_B.weight', 'lora_magnitude_vector'])('lacks %s', async (kind) => {
    const file = rewrittenAdapter('dora', (name, tensor) => (name === `${KEY}.${kind}` ? [] : [[name, tensor]]));
    await expect(openWith('dora', file)).rejects.toThrow(CheckpointMismatchError);
    await expect(openWith('dora', file)).rejects.toThrow(/layers\.0\.self_attn\.q_proj/);
  });

  it('lacks a whole module', async () => {
    const file = rewrittenAdapter('dora', (name, tensor) => (name.startsWith(KEY) ? [] : [[name, tensor]]));
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
    const file = rewrittenAdapter('dora', (name, tensor) => [
      [name, tensor],
      ...(name === `${KEY}.lora_A.weight` ? ([[extra, tensor]] as [string, PlainTensor][]) : []),
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
    const file = rewrittenAdapter('dora', (name, tensor) => [
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

  it('names modules that the base has but the adapter does not adapt', async () => {
    const dora = fixtureBytes('adapters/dora/adapter_model.safetensors');
    const more = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'down_proj', 'up_proj'];
    await expect(openWith('dora', dora, { target_modules: more })).rejects.toThrow(/up_proj/);
    await expect(openWith('dora', dora, { target_modules: ['nothing'] })).rejects.toBeInstanceOf(
      CheckpointMismatchError,
    );
  });

  it('adapts one weight under two names', async () => {
    const file = rewrittenAdapter('dora', (name, tensor) => [
      [name, tensor],
      [name.replace('.model.layers.', '.model.language_model.layers.'), tensor],
    ]);
    await expect(openWith('dora', file)).rejects.toThrow(/a second time/);
  });

  it('adapts something other than a matrix of a layer', async () => {
    const base = await folderTree(checkpointPath('tiny-untied'));
    const cases: [string, RegExp][] = [
      ['lm_head', /output layer/],
      ['model.language_model.embed_tokens', /embeddings/],
      ['model.language_model.norm', /only matrices/],
    ];
    for (const [module, message] of cases) {
      const file = rewrittenAdapter('lora', (name, tensor) =>
        name.startsWith(KEY) ? [[name.replace(KEY, `base_model.model.${module}`), tensor]] : [],
      );
      const config = adapterConfigWith('lora', { target_modules: [module] });
      const checkpoint = changedTree(await adapter('lora'), {
        'adapter_model.safetensors': file,
        'adapter_config.json': config,
      });
      await expect(openCheckpoint({ checkpoint, base })).rejects.toBeInstanceOf(UnsupportedError);
      await expect(openCheckpoint({ checkpoint, base })).rejects.toThrow(message);
    }
    const matrix = rewrittenAdapter('lora', (name, tensor) =>
      name.startsWith(KEY) ? [[name.replace(KEY, 'base_model.model.visual.patch_embed.proj'), tensor]] : [],
    );
    await expect(openWith('lora', matrix, { target_modules: ['proj'] })).rejects.toThrow(/\[\d+, 3, 2, 14, 14\]/);
    const embedding = rewrittenAdapter('lora', (name, tensor) => [
      [name.replace('lora_A.weight', 'lora_embedding_A'), tensor],
    ]);
    await expect(openWith('lora', embedding)).rejects.toThrow(/embedding/);
  });

  it('has a factor that is not finite', async () => {
    const file = rewrittenAdapter('dora', (name, tensor) => {
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

describe('adapter files with changed bytes', () => {
  const damage = fc.record({
    changes: fc.array(fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) }), { maxLength: 3 }),
    cut: fc.option(fc.nat(), { nil: null }),
  });

  it.each(['adapter_model.safetensors', 'adapter_model.bin', 'adapter_config.json'])(
    'give a named error or weights, never anything else: %s',
    async (path) => {
      const good = fixtureBytes(`adapters/rank-pattern/${path}`);
      // Where the structure is: in a safetensors file the header comes first; in a torch file the pickle comes first
      // and the directory last.
      const structure = Math.min(good.length, 6000);
      const [base, plain] = [await tied(), await adapter('rank-pattern')];
      let opened = 0;
      await fc.assert(
        fc.asyncProperty(damage, fc.boolean(), async ({ changes, cut }, behind) => {
          const bytes = good.slice(0, cut === null ? good.length : cut % good.length);
          const start = behind && path.endsWith('.bin') ? good.length - structure : 0;
          for (const { at, value } of changes) bytes[start + (at % structure)] = value;
          const taken: Record<string, null> = path.endsWith('.bin') ? { 'adapter_model.safetensors': null } : {};
          const checkpoint = changedTree(plain, { ...taken, [path]: bytes });
          try {
            const { tensors } = await openCheckpoint({ checkpoint, base });
            await tensors.readRows('model.layers.2.mlp.down_proj.weight', 0, 1);
            opened++;
          } catch (error) {
            expect(error).toBeInstanceOf(VLM2VecError);
          }
        }),
        { numRuns: 300 },
      );
      expect(opened).toBeGreaterThan(0);
    },
  );
});
