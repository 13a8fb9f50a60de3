/**
 * @file Two lint rules that keep the folders of docs/architecture.md true.
 * `imports`: a folder imports only from the folders below it.
 * `no-static-node`: code that browsers also run reaches Node only by dynamic import.
 */
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');

/** What every folder may import besides itself. `*` is everything below `src/`, and goes for files right below it. */
const BASE = ['src/errors', 'src/missing-package', 'src/bundle'];
const MAY_IMPORT = {
  'src/errors': [],
  'src/missing-package': ['src/errors'],
  'src/bundle': ['src/errors'],
  'src/net': ['src/errors'],
  'src/checkpoint': [...BASE, 'src/net'],
  'src/onnx': BASE,
  'src/image': BASE,
  'src/text': BASE,
  'src/search': [
    ...BASE,
    'src/image',
    'src/text',
    'src/store',
    'src/error-wire',
    'src/numbered-calls',
    'src/persist',
    'src/worker-life',
  ],
  'src/error-wire': ['src/errors'],
  'src/numbered-calls': [],
  'src/worker-life': [],
  'src/store': [...BASE, 'src/net'],
  'src/models': [...BASE, 'src/checkpoint', 'src/onnx'],
  'src/convert': [...BASE, 'src/checkpoint', 'src/onnx', 'src/models'],
  'src/runtime': [...BASE, 'src/image', 'src/text', 'src/store', 'src/models', 'src/onnx'],
  'src/eval': [...BASE, 'src/checkpoint', 'src/image', 'src/text'],
  'src/adapters': ['*'],
  'src/cli': ['*'],
  'src/testing': ['*', 'src/testing'],
  workers: ['*'],
  demo: ['src/index', 'src/search', 'src/eval', 'workers'],
};

/** Packages that only exist in Node. */
const NODE_PACKAGES = new Set(['onnxruntime-node', 'sharp', 'commander']);

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
      upward: '{{from}} may not import {{to}}: imports go downwards only (allowed here: {{allowed}}).',
    },
  },
  create(context) {
    const file = context.filename;
    if (/\.test\.ts$/.test(file)) return {};
    const from = layerOf(file);
    const allowed = MAY_IMPORT[from] ?? (from.startsWith('src/') ? ['*'] : undefined);
    if (!allowed) return {};
    const check = (node, specifier) => {
      if (!specifier.startsWith('.')) return;
      const to = layerOf(path.resolve(path.dirname(file), specifier));
      const inSource = to.startsWith('src/') && to !== 'src/testing' && to !== 'src/cli';
      if (to === from || allowed.includes(to) || (inSource && allowed.includes('*'))) return;
      const list = allowed.includes('*') ? 'all of src/ but cli/ and testing/' : allowed.join(', ') || 'nothing';
      context.report({ node, messageId: 'upward', data: { from, to, allowed: list } });
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
