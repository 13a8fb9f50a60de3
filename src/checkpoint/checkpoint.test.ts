import { describe, expect, it } from 'vitest';
import { CheckpointFormatError, CheckpointMismatchError, SourceNotFoundError } from '../errors';
import {
  changedTree,
  f32,
  safetensors,
  stateDictProgram,
  torchFile,
  type TorchTensor,
} from '../testing/checkpoint-files';
import { CHECKPOINT_NAMES, checkpointPath, fixtureBytes } from '../testing/fixtures';
import { blobTree } from './blob-tree';
import { expectSameTensors, wholeTensor } from '../testing/same-tensors';
import { openCheckpoint } from '../convert';
import { folderTree } from './folder.node';
import { parseSafetensors } from './safetensors';

const tied = () => folderTree(checkpointPath('tiny-tied'));

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

  it('names weights that nobody used, except the output layer', async () => {
    const checkpoint = await openCheckpoint({ checkpoint: await folderTree(checkpointPath('tiny-untied')) });
    const used = new Set(checkpoint.tensors.names());
    used.delete('lm_head.weight');
    expect(() => checkpoint.expectConsumed(used)).not.toThrow();
    used.delete('visual.merger.mlp.0.bias');
    expect(() => checkpoint.expectConsumed(used)).toThrow(CheckpointMismatchError);
    expect(() => checkpoint.expectConsumed(used)).toThrow(/visual\.merger\.mlp\.0\.bias/);
  });

  it('names a missing tensor, and missing rows', async () => {
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

  it('refuses one weight under two names', async () => {
    const one = { dtype: 'F32', shape: [1], bytes: f32([1]) };
    const weights = safetensors({ 'model.norm.weight': one, 'model.language_model.norm.weight': one });
    const tree = changedTree(await tied(), { 'model.safetensors': weights });
    await expect(openCheckpoint({ checkpoint: tree })).rejects.toBeInstanceOf(CheckpointMismatchError);
  });
});

describe('a base saved by torch', () => {
  it('is read like the same tensors in safetensors, whole or in shards', async () => {
    const tree = await folderTree(checkpointPath('tiny-untied'));
    const plain = await openCheckpoint({ checkpoint: tree });
    const views = [...(await parseSafetensors(await tree.open('model.safetensors')))];
    const torchOf = async (part: typeof views): Promise<Uint8Array> => {
      const tensors: Record<string, TorchTensor> = {};
      const storages: Record<string, Uint8Array> = {};
      for (const [i, [name, { shape, source, start }]] of part.entries()) {
        const elements = shape.reduce((product, length) => product * length, 1);
        const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
        const key = String(i);
        tensors[name] = { storageType: 'BFloat16Storage', key, elements, offset: 0, shape: [...shape], strides };
        storages[key] = await source.read(start, start + elements * 2);
      }
      return torchFile(stateDictProgram(tensors), storages);
    };
    const whole = changedTree(tree, { 'model.safetensors': null, 'pytorch_model.bin': await torchOf(views) });
    await expectSameTensors(plain, await openCheckpoint({ checkpoint: whole }));

    const [one, two] = ['pytorch_model-00001-of-00002.bin', 'pytorch_model-00002-of-00002.bin'];
    const map = Object.fromEntries(views.map(([name], i) => [name, i < 9 ? one : two]));
    const sharded = changedTree(tree, {
      'model.safetensors': null,
      'pytorch_model.bin.index.json': JSON.stringify({ weight_map: map }),
      [one]: await torchOf(views.slice(0, 9)),
      [two]: await torchOf(views.slice(9)),
    });
    await expectSameTensors(plain, await openCheckpoint({ checkpoint: sharded }));
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

  it('need a valid index', async () => {
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

  it('are not sought in a folder without weights', async () => {
    await expect(openWith({ [INDEX]: null })).rejects.toBeInstanceOf(SourceNotFoundError);
  });
});
