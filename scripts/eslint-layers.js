/**
 * @file Two lint rules that keep the folders of docs/architecture.md true.
 * `imports`: a folder imports only from the folders below it.
 * `no-static-node`: code that browsers also run reaches Node only by dynamic import.
 */
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');

/** What every folder may import besides itself. */
const BASE = [
  'src/errors',
  'src/arguments',
  'src/hooks',
  'src/task-queue',
  'src/until',
  'src/read-file',
  'src/missing-package',
  'src/environment',
  'src/bundle',
];
/** Every folder and every file right below `src/`, from the bottom up. What is not listed here is an error. */
const MAY_IMPORT = {
  'src/errors': [],
  'src/arguments': ['src/errors'],
  'src/hooks': ['src/errors'],
  'src/task-queue': [],
  'src/until': [],
  'src/read-file': [],
  'src/environment': [],
  'src/missing-package': ['src/errors'],
  'src/bundle': ['src/errors'],
  'src/multi-vector': ['src/errors'],
  'src/similarity': ['src/errors', 'src/multi-vector'],
  'src/precision': ['src/errors'],
  'src/net': ['src/errors'],
  'src/remote': ['src/errors', 'src/net'],
  'src/onnx': BASE,
  'src/image': [...BASE, 'src/net'],
  'src/text': BASE,
  'src/recipes': [...BASE, 'src/image', 'src/text'],
  'src/checkpoint': [...BASE, 'src/net'],
  'src/store': [...BASE, 'src/net'],
  'src/models': [...BASE, 'src/checkpoint', 'src/onnx', 'src/image', 'src/text'],
  'src/convert': [...BASE, 'src/checkpoint', 'src/image', 'src/onnx', 'src/models', 'src/recipes'],
  'src/runtime': [
    ...BASE,
    'src/net',
    'src/image',
    'src/text',
    'src/store',
    'src/models',
    'src/onnx',
    'src/recipes',
    'src/multi-vector',
    'src/similarity',
  ],
  'src/eval': [...BASE, 'src/checkpoint', 'src/image', 'src/store', 'src/text', 'src/recipes'],
  'src/measure': [...BASE, 'src/image', 'src/runtime'],
  'src/search': [
    ...BASE,
    'src/net',
    'src/image',
    'src/text',
    'src/recipes',
    'src/store',
    'src/remote',
    'src/similarity',
  ],
  'src/sources': [...BASE, 'src/net', 'src/checkpoint', 'src/store', 'src/convert', 'src/runtime', 'src/recipes'],
  'src/backend': [...BASE, 'src/image', 'src/multi-vector', 'src/recipes', 'src/remote', 'src/runtime', 'src/sources'],
  'src/load-options': [...BASE, 'src/net', 'src/runtime', 'src/sources', 'src/backend', 'src/recipes'],
  'src/stored': [
    ...BASE,
    'src/net',
    'src/checkpoint',
    'src/store',
    'src/convert',
    'src/runtime',
    'src/sources',
    'src/load-options',
    'src/recipes',
  ],
  'src/embedder': [
    ...BASE,
    'src/image',
    'src/text',
    'src/recipes',
    'src/store',
    'src/runtime',
    'src/sources',
    'src/backend',
    'src/load-options',
    'src/multi-vector',
    'src/remote',
    'src/similarity',
    'src/precision',
  ],
  'src/adapters': [
    ...BASE,
    'src/image',
    'src/runtime',
    'src/sources',
    'src/load-options',
    'src/embedder',
    'src/similarity',
  ],
  'src/cli': [
    ...BASE,
    'src/net',
    'src/checkpoint',
    'src/store',
    'src/convert',
    'src/runtime',
    'src/recipes',
    'src/eval',
    'src/measure',
    'src/search',
    'src/image',
    'src/sources',
    'src/search',
    'src/embedder',
    'src/multi-vector',
    'src/precision',
    'src/similarity',
  ],
  'src/index': [
    'src/errors',
    'src/bundle',
    'src/image',
    'src/text',
    'src/recipes',
    'src/store',
    'src/runtime',
    'src/eval',
    'src/sources',
    'src/stored',
    'src/load-options',
    'src/embedder',
    'src/multi-vector',
    'src/similarity',
    'src/precision',
  ],
  // Elements for pages, and their wrappers.
  'src/elements': [
    ...BASE,
    'src/net',
    'src/image',
    'src/runtime',
    'src/sources',
    'src/stored',
    'src/load-options',
    'src/embedder',
    'src/search',
  ],
  'src/testing': [
    ...BASE,
    'src/onnx',
    'src/image',
    'src/checkpoint',
    'src/store',
    'src/convert',
    'src/runtime',
    'src/recipes',
    'src/models',
    'src/search',
    'src/load-options',
    'src/embedder',
  ],
  workers: ['src/backend', 'src/search', 'src/remote'],
  demo: [
    'src/index',
    'src/checkpoint',
    'src/search',
    'src/eval',
    'src/measure',
    'src/image',
    'workers',
    'places',
    'world',
  ],
};

/** Packages that only exist in Node. */
const NODE_PACKAGES = new Set(['onnxruntime-node', 'sharp', 'commander', 'csv-parse', 'tinyglobby']);

/** `src/onnx/graph.ts` → `src/onnx`, `src/errors.ts` → `src/errors`, `demo/main.ts` → `demo`. */
function layerOf(file) {
  const parts = path.relative(ROOT, file).split(path.sep);
  const first = parts[0] ?? '';
  return first === 'src' && parts[1] ? `src/${parts[1].replace(/\.[a-z.]+$/, '')}` : first;
}

/** Calls `check(node, specifier)` for every static import or re-export. */
function onStaticImports(check) {
  const visit = (node) => {
    if (typeof node.source?.value === 'string') check(node.source, node.source.value);
  };
  return { ImportDeclaration: visit, ExportNamedDeclaration: visit, ExportAllDeclaration: visit };
}

const imports = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      unknown: '{{from}} is no layer: list it, with what it may import, in scripts/eslint-layers.js.',
      upward: '{{from}} may not import {{to}}: imports go downwards only (allowed here: {{allowed}}).',
    },
  },
  create(context) {
    const file = context.filename;
    if (/\.test\.ts$/.test(file)) return {};
    const from = layerOf(file);
    const allowed = MAY_IMPORT[from];
    if (!allowed) {
      if (!from.startsWith('src/')) return {};
      return { Program: (node) => context.report({ node, messageId: 'unknown', data: { from } }) };
    }
    const check = (node, specifier) => {
      if (!specifier.startsWith('.')) return;
      const to = layerOf(path.resolve(path.dirname(file), specifier));
      if (to === from || allowed.includes(to)) return;
      context.report({ node, messageId: 'upward', data: { from, to, allowed: allowed.join(', ') || 'nothing' } });
    };
    return {
      ...onStaticImports(check),
      ImportExpression(node) {
        if (typeof node.source.value === 'string') check(node.source, node.source.value);
      },
    };
  },
};

const noStaticNode = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      node:
        "'{{specifier}}' exists in Node only. Put this into a *.node.ts file and reach that by a dynamic import " +
        'behind a runtime check, so that browsers can load this module.',
    },
  },
  create(context) {
    return onStaticImports((node, specifier) => {
      if (node.parent.importKind === 'type' || node.parent.exportKind === 'type') return;
      const isNode = specifier.startsWith('node:') || NODE_PACKAGES.has(specifier) || /\.node(\.js)?$/.test(specifier);
      if (isNode) context.report({ node, messageId: 'node', data: { specifier } });
    });
  },
};

export default { rules: { imports, 'no-static-node': noStaticNode } };
