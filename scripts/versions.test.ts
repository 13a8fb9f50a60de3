/** @file Pinned versions that must agree with transformers.js, so that a page with both loads ONNX Runtime once. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

type Versions = Record<string, string>;

interface PackageJson {
  version: string;
  dependencies: Versions;
}

/** A package.json, with all that it depends on in one list. */
function read(folder: string): PackageJson {
  const text = readFileSync(path.resolve(import.meta.dirname, '..', folder, 'package.json'), 'utf8');
  const json = JSON.parse(text) as PackageJson & { optionalDependencies?: Versions; devDependencies?: Versions };
  return { ...json, dependencies: { ...json.devDependencies, ...json.optionalDependencies, ...json.dependencies } };
}
const ours = read('.');
const transformers = read('node_modules/@huggingface/transformers');

test.each(['onnxruntime-web', 'onnxruntime-node'])('%s is the version that transformers.js pins', (name) => {
  expect(ours.dependencies[name]).toBe(transformers.dependencies[name]);
});

test('the tokenizer library is one that transformers.js accepts', () => {
  // `^0.2.0` accepts 0.2.x
  const [major, minor] = transformers.dependencies['@huggingface/tokenizers']!.replace(/^\^/, '').split('.');
  expect(ours.dependencies['@huggingface/tokenizers']).toMatch(new RegExp(`^${major}\\.${minor}\\.\\d+$`));
});

test('onnxruntime-common is the one that onnxruntime-web was built with', () => {
  const web = read('node_modules/onnxruntime-web');
  expect(ours.dependencies['onnxruntime-common']).toBe(web.dependencies['onnxruntime-common']);
});
