import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointFormatError, UnsupportedError, VLM2VecError } from '../errors';
import { bytesSource, concat, f32, rawSafetensors, safetensors } from '../testing/checkpoint-files';
import { parseSafetensors } from './safetensors';
import { readViewRows } from './view';

const parse = (bytes: Uint8Array) => parseSafetensors(bytesSource(bytes));
const good = safetensors(
  {
    'model.norm.weight': { dtype: 'F32', shape: [3], bytes: f32([1, -2, 3.5]) },
    __proto__x: { dtype: 'BF16', shape: [2, 2], bytes: new Uint8Array([0x80, 0x3f, 0, 0xc0, 0, 0, 0x40, 0x3f]) },
    empty: { dtype: 'I64', shape: [0, 7], bytes: new Uint8Array(0) },
  },
  { format: 'pt' },
);

describe('parseSafetensors', () => {
  it('finds every tensor, in values that round-trip', async () => {
    const tensors = await parse(good);
    expect([...tensors.keys()].sort()).toEqual(['__proto__x', 'empty', 'model.norm.weight']);
    expect([...(await readViewRows(tensors.get('model.norm.weight')!, 0, 3))]).toEqual([1, -2, 3.5]);
    expect([...(await readViewRows(tensors.get('__proto__x')!, 0, 2))]).toEqual([1, -2, 0, 0.75]);
    expect(await readViewRows(tensors.get('empty')!, 0, 0)).toHaveLength(0);
  });

  it('reads any tensors written in any order', async () => {
    const tensor = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }).chain((shape) => {
      const count = shape.reduce((product, length) => product * length, 1);
      const values = fc.array(fc.float({ noNaN: true }), { minLength: count, maxLength: count });
      return fc.record({ shape: fc.constant(shape), values });
    });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string({ minLength: 1 }), tensor, { maxKeys: 6 }), async (tensors) => {
        const entries = Object.entries(tensors).filter(([name]) => name !== '__metadata__');
        const plain = entries.map(([name, { shape, values }]) => [name, { dtype: 'F32', shape, bytes: f32(values) }]);
        const views = await parse(safetensors(Object.fromEntries(plain) as Parameters<typeof safetensors>[0]));
        expect(views.size).toBe(entries.length);
        for (const [name, { shape, values }] of entries) {
          const rows = await readViewRows(views.get(name)!, 0, shape[0] ?? 1);
          expect(rows).toEqual(Float32Array.from(values));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('treats __proto__ as an ordinary name of a tensor', async () => {
    const header = '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}';
    const tensors = await parse(rawSafetensors(header, Uint8Array.of(7)));
    expect(tensors.get('__proto__')?.shape).toEqual([1]);
  });

  const u8 = (name: string, shape: string, offsets: string) =>
    `${JSON.stringify(name)}:{"dtype":"U8","shape":${shape},"data_offsets":${offsets}}`;
  const four = Uint8Array.of(1, 2, 3, 4);
  it.each<[string, Uint8Array]>([
    ['nothing at all', new Uint8Array(0)],
    ['seven bytes', new Uint8Array(7)],
    ['a header length above the limit', rawSafetensors('{}', four, 100_000_001n)],
    ['a header length of 2^64-1', rawSafetensors('{}', four, 0xffffffffffffffffn)],
    ['a header that ends behind the file', rawSafetensors('{}', new Uint8Array(0), 3n)],
    ['a header that starts with a space', rawSafetensors(' {}', new Uint8Array(0))],
    ['a header that is a list', rawSafetensors('[]', new Uint8Array(0))],
    [
      'a header that is not UTF-8',
      concat([rawSafetensors('', new Uint8Array(0), 4n), Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d)]),
    ],
    ['a header with something behind it', rawSafetensors('{}x', new Uint8Array(0))],
    ['a header nested a million deep', rawSafetensors(`{"a":${'['.repeat(1e6)}`, four)],
    ['metadata that is no string', rawSafetensors('{"__metadata__":{"a":1}}', new Uint8Array(0))],
    ['metadata that is a list', rawSafetensors('{"__metadata__":["a"]}', new Uint8Array(0))],
    ['a name twice', rawSafetensors(`{${u8('a', '[4]', '[0,4]')},${u8('a', '[4]', '[0,4]')}}`, four)],
    ['a name twice, once in escapes', rawSafetensors(`{${u8('a', '[4]', '[0,4]')},"\\u0061":{}}`, four)],
    [
      'a key of a tensor twice',
      rawSafetensors('{"a":{"dtype":"U8","dtype":"I8","shape":[4],"data_offsets":[0,4]}}', four),
    ],
    ['overlapping tensors', rawSafetensors(`{${u8('a', '[3]', '[0,3]')},${u8('b', '[2]', '[2,4]')}}`, four)],
    ['two tensors on one span', rawSafetensors(`{${u8('a', '[4]', '[0,4]')},${u8('b', '[4]', '[0,4]')}}`, four)],
    ['a hole', rawSafetensors(`{${u8('a', '[1]', '[0,1]')},${u8('b', '[2]', '[2,4]')}}`, four)],
    ['a hole at the start', rawSafetensors(`{${u8('a', '[3]', '[1,4]')}}`, four)],
    ['bytes behind the last tensor', rawSafetensors(`{${u8('a', '[3]', '[0,3]')}}`, four)],
    ['a tensor behind the end', rawSafetensors(`{${u8('a', '[5]', '[0,5]')}}`, four)],
    ['a shape that does not fit its span', rawSafetensors(`{${u8('a', '[5]', '[0,4]')}}`, four)],
    ['a shape smaller than its span', rawSafetensors(`{${u8('a', '[3]', '[0,4]')}}`, four)],
    [
      'axes that overflow before a zero',
      rawSafetensors(`{${u8('a', '[4294967296,4294967296,0]', '[0,0]')}}`, new Uint8Array(0)),
    ],
    ['offsets the wrong way round', rawSafetensors(`{${u8('a', '[4]', '[4,0]')}}`, four)],
    ['a negative offset', rawSafetensors(`{${u8('a', '[4]', '[-4,0]')}}`, four)],
    ['a fractional offset', rawSafetensors(`{${u8('a', '[4]', '[0.5,4.5]')}}`, four)],
    ['an offset of 1e308', rawSafetensors(`{${u8('a', '[4]', '[0,1e308]')}}`, four)],
    ['three offsets', rawSafetensors(`{${u8('a', '[4]', '[0,4,4]')}}`, four)],
    ['a negative axis', rawSafetensors(`{${u8('a', '[-2,-2]', '[0,4]')}}`, four)],
    ['an axis of 1e308', rawSafetensors(`{${u8('a', '[1e308]', '[0,4]')}}`, four)],
    [
      'axes whose product wraps to 4 in 64 bits',
      rawSafetensors(`{${u8('a', '[4294967297,4294967295,4]', '[0,4]')}}`, four),
    ],
    ['an axis that is a string', rawSafetensors(`{${u8('a', '["4"]', '[0,4]')}}`, four)],
    ['a shape of a hundred axes', rawSafetensors(`{${u8('a', `[${'1,'.repeat(99)}4]`, '[0,4]')}}`, four)],
    ['an unknown dtype', rawSafetensors('{"a":{"dtype":"Q9","shape":[4],"data_offsets":[0,4]}}', four)],
    [
      'a dtype of an object method',
      rawSafetensors('{"a":{"dtype":"constructor","shape":[4],"data_offsets":[0,4]}}', four),
    ],
    ['a tensor that is null', rawSafetensors('{"a":null}', new Uint8Array(0))],
  ])('refuses %s', async (_, file) => {
    await expect(parse(file)).rejects.toBeInstanceOf(CheckpointFormatError);
  });

  it('refuses 100k tensors on one span', async () => {
    const names = Array.from({ length: 100_001 }, (_, i) => u8(`t${i}`, '[4]', '[0,4]'));
    await expect(parse(rawSafetensors(`{${names.join(',')}}`, four))).rejects.toBeInstanceOf(CheckpointFormatError);
  });

  it('refuses a million keys before it builds them', async () => {
    const header = `{${Array.from({ length: 1_000_000 }, (_, i) => `"${i}":0`).join(',')}}`;
    await expect(parse(rawSafetensors(header, four))).rejects.toThrow(/keys/);
  });

  it('names a dtype that it knows but does not read', async () => {
    const file = rawSafetensors('{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}', four);
    await expect(parse(file)).rejects.toBeInstanceOf(UnsupportedError);
  });

  it('says where, and shows hostile names escaped and shortened', async () => {
    const name = `\u001b[2J${'x'.repeat(5000)}`;
    const error: unknown = await parse(rawSafetensors(`{${u8(name, '[5]', '[0,4]')}}`, four)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CheckpointFormatError);
    const { message } = error as Error;
    expect(message).toContain('test file');
    expect(message).toContain('\\u001b');
    expect(message.length).toBeLessThan(400);
  });

  it('either reads correctly or throws a named error, whatever bytes change', async () => {
    const header = 8 + Number(new DataView(good.buffer, good.byteOffset).getBigUint64(0, true));
    const change = fc.record({ at: fc.nat(header - 1), value: fc.integer({ min: 0, max: 255 }) });
    const cut = fc.option(fc.nat(good.length - 1), { nil: good.length });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), cut, async (changes, length) => {
        const bytes = good.slice(0, length);
        for (const { at, value } of changes) if (at < length) bytes[at] = value;
        try {
          for (const view of (await parse(bytes)).values()) {
            const rows = view.shape[0] ?? 1;
            await readViewRows(view, 0, rows);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(VLM2VecError);
        }
      }),
      { numRuns: 4000 },
    );
  });

  it('rejects every truncation', async () => {
    for (let length = 0; length < good.length; length++) {
      await expect(parse(good.slice(0, length))).rejects.toBeInstanceOf(CheckpointFormatError);
    }
  });

  it('stops when aborted', async () => {
    await expect(parseSafetensors(bytesSource(good), AbortSignal.abort())).rejects.toHaveProperty('name', 'AbortError');
  });
});
