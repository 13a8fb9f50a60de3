import { cpSync } from 'node:fs';
import { build } from 'esbuild';

await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  format: 'esm',
  minify: true,
  loader: { '.png': 'file' },
});

// esbuild leaves `new URL('…', import.meta.url)` alone, so what the package loads is copied.
const from = 'node_modules/vlm2vec-web/dist';
cpSync(`${from}/lib`, 'dist/vlm2vec', { recursive: true, filter: (file) => !file.endsWith('.wasm') });
cpSync(`${from}/lib`, 'dist/wasm', { recursive: true, filter: (file) => !/\.\w+$/.test(file) || file.endsWith('.wasm') });
cpSync(`${from}/models`, 'dist/models', { recursive: true });
cpSync('index.html', 'dist/index.html');
