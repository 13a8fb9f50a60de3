import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointFormatError } from '../errors';
import { blobTree } from './blob-tree';
import { parseJson, readJsonObject } from './json';

const bytes = (text: string) => new TextEncoder().encode(text);
const parse = (text: string) => parseJson(bytes(text), 'test.json');

describe('parseJson', () => {
  it('reads what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '[{"b":{"a":1, "a" :2}}]',
    '{"__proto__":1,"__proto__":2}',
    '{"a\\"":1,"a\\"":2}',
  ])('refuses equal keys: %s', (text) => {
    expect(() => parse(text)).toThrow(/twice/);
  });

  it.each(['{"a":"a","b":"a"}', '[{"a":1},{"a":2}]', '{"a":{"a":1}}', '{"a":["a:","a"]}', '{"\\\\":1,"\\"":2}'])(
    'takes equal strings that are no keys of one object: %s',
    (text) => {
      expect(parse(text)).toEqual(JSON.parse(text));
    },
  );

  it('either parses or throws its error, whatever the text', () => {
    const noise = fc.oneof(fc.string(), fc.stringMatching(/^[{}[\]":,\\u0a ]{0,40}$/));
    fc.assert(
      fc.property(noise, (text) => {
        try {
          parse(text);
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointFormatError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('refuses text that is nested too deeply, not UTF-8, or has a byte order mark', () => {
    expect(() => parse('['.repeat(1e6))).toThrow(CheckpointFormatError);
    expect(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), 'x')).toThrow(CheckpointFormatError);
    expect(() => parse('\ufeff{}')).toThrow(CheckpointFormatError);
  });
});

describe('readJsonObject', () => {
  const read = (text: string) =>
    readJsonObject(blobTree([{ path: 'config.json', blob: new Blob([text]) }], 'tree'), 'config.json');

  it('returns an object without a prototype, and only of reasonable size', async () => {
    await expect(read('{"a":1}')).resolves.toEqual({ a: 1 });
    for (const text of ['[]', 'null', '{"__proto__":{"a":1}}', '', `{"a":"${'x'.repeat(17 * 1024 * 1024)}"}`]) {
      await expect(read(text)).rejects.toBeInstanceOf(CheckpointFormatError);
    }
  });
});
