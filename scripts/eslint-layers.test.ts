/** @file The folder rules themselves: what they allow and what they refuse. */
import path from 'node:path';
import { Linter } from 'eslint';
import { parser } from 'typescript-eslint';
import { expect, test } from 'vitest';
// @ts-expect-error -- a plain JavaScript module, as eslint.config.js needs it
import layers from './eslint-layers.js';

const root = path.resolve(import.meta.dirname, '..');

function lint(file: string, code: string): string[] {
  const linter = new Linter({ cwd: root });
  const config: Linter.Config = {
    files: ['**/*.ts'],
    languageOptions: { parser: parser as Linter.Parser },
    plugins: { layers: layers as NonNullable<Linter.Config['plugins']>[string] },
    rules: { 'layers/imports': 'error', 'layers/no-static-node': 'error' },
  };
  return linter.verify(code, config, path.join(root, file)).map((message) => message.message);
}

test.each([
  ['src/convert/index.ts', "import { a } from '../models/types';"],
  ['src/onnx/graph.ts', "import type { StoredTensor } from '../bundle/manifest';"],
  ['src/onnx/graph.ts', "import { a } from './proto';"],
  ['src/runtime/device.ts', "const fs = await import('node:fs/promises');"],
  ['src/image/decode.ts', "const { decodeFile } = await import('./decode.node.js');"],
  ['src/image/decode.ts', "import type { Sharp } from 'sharp';"],
  ['src/onnx/graph.test.ts', "import { loadFixture } from '../testing/fixtures';"],
  ['demo/main.ts', "import { VLM2Vec } from '../src/index';"],
  ['workers/vlm2vec.worker.ts', "import { serve } from '../src/backend/worker-service';"],
])('%s may hold: %s', (file, code) => {
  expect(lint(file, code)).toEqual([]);
});

test.each([
  ['src/onnx/graph.ts', "import { a } from '../models/types';", /src\/onnx may not import src\/models/],
  ['src/bundle/rows.ts', "export * from '../onnx/quantize';", /src\/bundle may not import src\/onnx/],
  ['src/embedder.ts', "import { hubTree } from './checkpoint';", /src\/embedder may not import src\/checkpoint/],
  ['src/newcomer.ts', "import { a } from './errors';", /src\/newcomer is no layer/],
  ['src/image/decode.ts', "const m = await import('../runtime/device');", /may not import src\/runtime/],
  ['src/embedder.ts', "import { load } from './testing/fixtures';", /may not import src\/testing/],
  ['src/runtime/index.ts', "import { openSource } from '../sources';", /src\/runtime may not import src\/sources/],
  ['demo/main.ts', "import { loadRuntime } from '../src/runtime/index';", /demo may not import src\/runtime/],
  ['src/store/opfs.ts', "import { readFile } from 'node:fs/promises';", /'node:fs\/promises' exists in Node only/],
  [
    'src/store/index.ts',
    "export { folderBundle } from './folder.node.js';",
    /'\.\/folder\.node\.js' exists in Node only/,
  ],
  ['src/image/decode.ts', "import sharp from 'sharp';", /'sharp' exists in Node only/],
])('%s may not hold: %s', (file, code, message) => {
  expect(lint(file, code)).toEqual([expect.stringMatching(message)]);
});
