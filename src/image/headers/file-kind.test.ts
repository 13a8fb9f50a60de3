import { expect, test } from 'vitest';
import { decodeImage } from '../index';
import { fileKind } from './file-kind';

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

test.each([
  ['root:x:0:0:root:/root:/bin/bash\n', 'text'],
  ['%PDF-1.7', 'a PDF'],
  ['<svg xmlns="http://www.w3.org/2000/svg">', 'an SVG drawing'],
  ['<!doctype html>', 'HTML or XML'],
  ['version https://git-lfs.github.com/spec/v1', 'a Git LFS pointer: the file itself was not downloaded'],
  ['\0\0\0\x18ftypisom', 'a film, or a picture in another format'],
  ['\0'.repeat(100), 'zeros'],
  ['\x01\x02\x03\xff', 'an unknown format'],
])('%j looks like %s', (text, kind) => {
  expect(fileKind(bytes(text))).toBe(kind);
});

test('a file that is not a picture is named by its kind, and none of its bytes is shown', async () => {
  const secret = bytes('hunter2:sesame:42');
  const error: unknown = await decodeImage(new Blob([secret])).catch((caught: unknown) => caught);
  expect(String(error)).toContain('they look like text');
  expect(JSON.stringify(error) + String(error)).not.toMatch(/hunter|68 75 6e|6875|104,117/);
});
