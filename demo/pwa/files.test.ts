import { expect, test } from 'vitest';
import { filesOf, isLarge } from './files';

const FILES = [
  'assets/ort-wasm-simd-threaded-4byDm7i3.wasm',
  'assets/ort-wasm-simd-threaded.asyncify-CxOG5pUO.wasm',
  'assets/ort-wasm-simd-threaded.jspi-CP6SXO_B.wasm',
  'assets/ort.jspi.bundle.min-BiJ1PJk1.js',
  'assets/ort.wasm.bundle.min-BYOyqbwr.js',
  'assets/ort.webgpu.bundle.min-ZDOo6ryh.js',
  'assets/libheif-bundle-1a2b.js',
  'assets/places-1a2b.bin',
  'assets/world-1a2b.bin',
];

test('builds of ONNX Runtime, rare decoders and maps are stored only when they are used', () => {
  expect(FILES.filter(isLarge)).toEqual(FILES);
  const small = [
    'index.html',
    'assets/index-jFDE_BAn.js',
    'models/nano/vision.0.bin',
    'samples/cat.jpg',
    'assets/sorted-1.js',
    'assets/places-view-1a2b.js',
    'assets/places-view-1a2b.css',
  ];
  expect(small.filter(isLarge)).toEqual([]);
});

test('each build has its script and its wasm, and places their names and land', () => {
  const urls = FILES.map((file) => `https://me.example/site/${file}`);
  const names = (build: string) => filesOf(urls, build).map((url) => url.split('/').at(-1));
  expect(names('wasm')).toEqual(['ort-wasm-simd-threaded-4byDm7i3.wasm', 'ort.wasm.bundle.min-BYOyqbwr.js']);
  expect(names('jspi')).toEqual(['ort-wasm-simd-threaded.jspi-CP6SXO_B.wasm', 'ort.jspi.bundle.min-BiJ1PJk1.js']);
  expect(names('asyncify')).toEqual([
    'ort-wasm-simd-threaded.asyncify-CxOG5pUO.wasm',
    'ort.webgpu.bundle.min-ZDOo6ryh.js',
  ]);
  expect(names('places')).toEqual(['places-1a2b.bin', 'world-1a2b.bin']);
  expect(names('other')).toEqual([]);
});
