import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointFormatError, UnsupportedError, VLM2VecError } from '../errors';
import {
  bytesSource,
  concat,
  f32,
  pickle,
  stateDictProgram,
  tensorProgram,
  torchFile,
  zip,
  type TorchTensor,
} from '../testing/checkpoint-files';
import { openTorchFile } from './torch';
import { readViewRows } from './view';

const open = (bytes: Uint8Array) => openTorchFile(bytesSource(bytes));
const program = (...parts: Uint8Array[]) => concat([pickle.proto, ...parts, pickle.stop]);
const float = (over: Partial<TorchTensor> = {}): TorchTensor => ({
  storageType: 'FloatStorage',
  key: '0',
  elements: 6,
  offset: 0,
  shape: [2, 3],
  strides: [3, 1],
  ...over,
});
const six = { '0': f32([1, 2, 3, 4, 5, 6]) };
const readAll = async (bytes: Uint8Array): Promise<Record<string, number[]>> => {
  const values: Record<string, number[]> = {};
  for (const [name, view] of await open(bytes)) {
    values[name] = [...(await readViewRows(view, 0, view.shape[0] ?? 1))];
  }
  return values;
};

describe('openTorchFile', () => {
  it('reads tensors, transposed, sliced, and sharing a storage', async () => {
    const file = torchFile(
      stateDictProgram({
        plain: float(),
        transposed: float({ shape: [3, 2], strides: [1, 3] }),
        row: float({ shape: [3], strides: [1], offset: 3 }),
        column: float({ shape: [2], strides: [3], offset: 1 }),
        everySecond: float({ shape: [3, 1], strides: [2, 99] }),
        scalar: float({ shape: [], strides: [], offset: 5 }),
        none: float({ shape: [0, 3], strides: [3, 1] }),
      }),
      six,
    );
    expect(await readAll(file)).toEqual({
      plain: [1, 2, 3, 4, 5, 6],
      transposed: [1, 4, 2, 5, 3, 6],
      row: [4, 5, 6],
      column: [2, 5],
      everySecond: [1, 3, 5],
      scalar: [6],
      none: [],
    });
  });

  it('reads slices of rows of any strided view', async () => {
    const view = fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }))
      .chain(([rows, columns, depth]) =>
        fc.record({
          shape: fc.constant<number[]>([rows, columns, depth]),
          order: fc.shuffledSubarray([0, 1, 2], { minLength: 3, maxLength: 3 }),
          gap: fc.integer({ min: 1, max: 3 }),
          offset: fc.integer({ min: 0, max: 5 }),
          first: fc.integer({ min: 0, max: rows - 1 }),
        }),
      );
    await fc.assert(
      fc.asyncProperty(view, async ({ shape, order, gap, offset, first }) => {
        const strides = [0, 0, 0];
        let step = gap;
        for (const axis of order) {
          strides[axis] = step;
          step *= shape[axis]!;
        }
        const elements = offset + step + 1;
        const storage = Array.from({ length: elements }, (_, i) => i);
        const program = stateDictProgram({ t: float({ elements, offset, shape, strides }) });
        const tensor = (await open(torchFile(program, { '0': f32(storage) }))).get('t')!;
        const rows = await readViewRows(tensor, first, shape[0]! - first);
        const expected: number[] = [];
        for (let i = first; i < shape[0]!; i++) {
          for (let j = 0; j < shape[1]!; j++) {
            for (let k = 0; k < shape[2]!; k++) {
              expected.push(offset + i * strides[0]! + j * strides[1]! + k * strides[2]!);
            }
          }
        }
        expect([...rows]).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, Uint8Array, number[]]>([
    ['DoubleStorage', new Uint8Array(new Float64Array([1.5, -2]).buffer), [1.5, -2]],
    ['FloatStorage', f32([1.5, -2]), [1.5, -2]],
    ['HalfStorage', new Uint8Array(new Uint16Array([0x3e00, 0xc000]).buffer), [1.5, -2]],
    ['BFloat16Storage', new Uint8Array(new Uint16Array([0x3fc0, 0xc000]).buffer), [1.5, -2]],
    ['LongStorage', new Uint8Array(new BigInt64Array([7n, -2n]).buffer), [7, -2]],
    ['IntStorage', new Uint8Array(new Int32Array([7, -2]).buffer), [7, -2]],
    ['ShortStorage', new Uint8Array(new Int16Array([7, -2]).buffer), [7, -2]],
    ['CharStorage', new Uint8Array(new Int8Array([7, -2]).buffer), [7, -2]],
    ['ByteStorage', Uint8Array.of(7, 254), [7, 254]],
    ['BoolStorage', Uint8Array.of(1, 0), [1, 0]],
  ])('widens %s', async (storageType, bytes, values) => {
    const tensor = float({ storageType, elements: 2, shape: [2], strides: [1] });
    expect(await readAll(torchFile(stateDictProgram({ t: tensor }), { '0': bytes }))).toEqual({ t: values });
  });

  it('reads zip64 archives and parameters', async () => {
    const parameter = concat([
      pickle.global('torch._utils', '_rebuild_parameter'),
      pickle.mark,
      tensorProgram(float()),
      pickle.no,
      pickle.none,
      pickle.tuple,
      pickle.reduce,
    ]);
    const body = program(pickle.emptyDict, pickle.mark, pickle.text('p'), parameter, pickle.setItems);
    expect(await readAll(torchFile(body, six, { zip64: true }))).toEqual({ p: [1, 2, 3, 4, 5, 6] });
  });

  it('reads only the rows it is asked for', async () => {
    const source = bytesSource(torchFile(stateDictProgram({ t: float() }), six));
    const view = (await openTorchFile(source)).get('t')!;
    const before = source.reads.length;
    expect([...(await readViewRows(view, 1, 1))]).toEqual([4, 5, 6]);
    const bytes = source.reads.slice(before).map(([start, end]) => end - start);
    expect(bytes.at(-1)).toBe(12);
    expect(Math.max(...bytes)).toBeLessThan(64);
  });

  const call = (module: string, name: string, argument: string) =>
    program(pickle.global(module, name), pickle.mark, pickle.text(argument), pickle.tuple, pickle.reduce);
  it.each<[string, string]>([
    ['os', 'system'],
    ['posix', 'system'],
    ['builtins', 'eval'],
    ['__builtin__', 'exec'],
    ['subprocess', 'Popen'],
    ['torch', 'load'],
    ['torch._utils', '_rebuild_tensor'],
    ['torch.storage', '_load_from_bytes'],
    ['collections', 'OrderedDict.__reduce__'],
    ['constructor', 'prototype'],
    ['', ''],
  ])('never calls %s.%s, and says that it was asked to', async (module, name) => {
    const error: unknown = await open(torchFile(call(module, name, 'touch /tmp/owned'), six)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CheckpointFormatError);
    expect((error as Error).message).toContain(JSON.stringify(`${module}.${name}`));
  });

  const letters = (text: string) => new TextEncoder().encode(text);
  const bad: [string, Uint8Array][] = [
    ['an empty pickle', new Uint8Array(0)],
    ['a list', program(pickle.emptyList)],
    ['a tensor instead of a dict', program(tensorProgram(float()))],
    ['a dict of numbers', program(pickle.emptyDict, pickle.mark, pickle.text('a'), pickle.integer(1), pickle.setItems)],
    [
      'a storage instead of a tensor',
      program(pickle.emptyDict, pickle.mark, pickle.text('a'), pickle.emptyDict, pickle.setItems),
    ],
    ['a pop from an empty stack', program(letters('R'))],
    ['a mark that is not there', program(letters('t'))],
    ['a memo that was never set', program(letters('h\x07'))],
    ['an old text opcode', program(letters("S'a'\n"))],
    ['an inst opcode', program(letters('ios\nsystem\n'))],
    ['an obj opcode', program(letters('(cos\nsystem\no'))],
    ['an extension opcode', program(Uint8Array.of(0x82, 1))],
    ['a newobj opcode', program(pickle.global('collections', 'OrderedDict'), pickle.emptyTuple, Uint8Array.of(0x81))],
    ['protocol 9', concat([Uint8Array.of(0x80, 9), pickle.emptyDict, pickle.stop])],
    ['a text that ends behind the file', program(Uint8Array.of(0x58, 0xff, 0xff, 0xff, 0xff))],
    ['a text that is not UTF-8', program(Uint8Array.of(0x58, 1, 0, 0, 0, 0xff))],
    ['an integer of 200 bytes', program(Uint8Array.of(0x8a, 200), new Uint8Array(200).fill(1))],
    ['something behind the end', concat([program(pickle.emptyDict), Uint8Array.of(0)])],
    ['two values', program(pickle.emptyDict, pickle.emptyDict)],
    ['attributes on a text', program(pickle.text('a'), pickle.emptyDict, pickle.build)],
    ['a call of a text', program(pickle.text('a'), pickle.emptyTuple, pickle.reduce)],
    ['a persistent id that is a text', program(pickle.text('a'), pickle.persistentId)],
    ['a key twice', stateDictTwice()],
  ];
  it.each(bad)('refuses %s', async (_, body) => {
    await expect(open(torchFile(body, six))).rejects.toBeInstanceOf(CheckpointFormatError);
  });

  it.each([Uint8Array.of(0x8a, 7, 0, 0, 0, 0, 0, 0, 0x20), Uint8Array.of(0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1)])(
    'does not round integers: %s',
    async (integer) => {
      await expect(open(torchFile(program(integer), six))).rejects.toThrow(/above 2\^53/);
    },
  );

  it.each<[string, Partial<TorchTensor>]>([
    ['a storage that is not there', { key: '1' }],
    ['a storage named as a path', { key: '../data.pkl' }],
    ['a storage longer than its entry', { elements: 7 }],
    ['a storage shorter than its entry', { elements: 5 }],
    ['another type than its entry holds', { storageType: 'DoubleStorage' }],
    ['a tensor behind its storage', { offset: 1 }],
    ['strides that leave the storage', { strides: [4, 1] }],
    ['an enormous stride', { shape: [2], strides: [Number.MAX_SAFE_INTEGER] }],
    ['an enormous offset', { offset: Number.MAX_SAFE_INTEGER }],
    ['more elements than the storage, by stride 0', { shape: [1_000_000, 1_000_000], strides: [0, 0] }],
    ['axes whose product overflows', { shape: [2 ** 31, 2 ** 31], strides: [0, 0] }],
    ['a negative axis', { shape: [-2, -3] }],
    ['a negative stride', { strides: [-3, 1] }],
    ['strides of another rank', { strides: [1] }],
    ['twenty axes', { shape: Array<number>(20).fill(1), strides: Array<number>(20).fill(1) }],
  ])('refuses %s', async (_, over) => {
    const file = torchFile(stateDictProgram({ t: float(over) }), six);
    await expect(open(file)).rejects.toBeInstanceOf(CheckpointFormatError);
  });

  it('survives a million nested marks, tuples and memo entries', async () => {
    const marks = program(letters('('.repeat(1_000_000)));
    const tuples = program(letters(')'), new Uint8Array(1_000_000).fill(0x85));
    const memo = program(
      letters(')'),
      concat(Array.from({ length: 100_000 }, (_, i) => Uint8Array.of(0x72, i, i >> 8, i >> 16, 0xff))),
    );
    for (const body of [marks, tuples, memo]) {
      await expect(open(torchFile(body, six))).rejects.toBeInstanceOf(CheckpointFormatError);
    }
  });

  it('recognises files older than torch 1.6, and files of other kinds', async () => {
    await expect(open(Uint8Array.of(0x80, 2, 0x8a, 10))).rejects.toThrow(/1\.6/);
    await expect(open(new Uint8Array(0))).rejects.toBeInstanceOf(CheckpointFormatError);
    await expect(open(zip({ 'a/b.txt': letters('x') }))).rejects.toThrow(/data\.pkl/);
  });

  it('refuses big-endian storages', async () => {
    const file = zip({
      'a/data.pkl': stateDictProgram({ t: float() }),
      'a/byteorder': letters('big'),
      'a/data/0': six['0'],
    });
    await expect(open(file)).rejects.toBeInstanceOf(UnsupportedError);
  });

  it('either reads correctly or throws a named error, whatever bytes change', async () => {
    const good = torchFile(stateDictProgram({ a: float(), b: float({ shape: [3, 2], strides: [1, 3] }) }), six);
    const change = fc.record({ at: fc.nat(good.length - 1), value: fc.integer({ min: 0, max: 255 }) });
    const cut = fc.option(fc.nat(good.length - 1), { nil: good.length });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), cut, async (changes, length) => {
        const bytes = good.slice(0, length);
        for (const { at, value } of changes) if (at < length) bytes[at] = value;
        try {
          await readAll(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(VLM2VecError);
        }
      }),
      { numRuns: 4000 },
    );
  });

  it('rejects every truncation', async () => {
    const good = torchFile(stateDictProgram({ a: float() }), six);
    for (let length = 0; length < good.length; length++) {
      await expect(open(good.slice(0, length))).rejects.toBeInstanceOf(CheckpointFormatError);
    }
  });

  function stateDictTwice(): Uint8Array {
    const item = concat([pickle.text('a'), tensorProgram(float())]);
    return program(pickle.emptyDict, pickle.mark, item, item, pickle.setItems);
  }
});
