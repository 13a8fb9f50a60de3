/**
 * @file A bundler plugin for browser builds. Code that browsers also run reaches Node by a dynamic import behind
 * a runtime check (`await import('./folder.node.js')`). Here each such import becomes a module that throws, so that
 * neither Node's modules nor Node's packages end up in what a page loads.
 */
import type { Plugin } from 'rolldown';

const NODE_ONLY = /^node:|\.node(\.[jt]s)?$|^(onnxruntime-node|sharp|commander)$/;
const STUB = '\0node-edge:';

export function nodeEdges(): Plugin {
  return {
    name: 'node-edges',
    resolveId: {
      order: 'pre',
      handler(id) {
        return NODE_ONLY.test(id) ? STUB + id : null;
      },
    },
    load(id) {
      if (!id.startsWith(STUB)) return null;
      const message = JSON.stringify(`${id.slice(STUB.length)} exists in Node only`);
      return { code: `throw new Error(${message});\nexport default undefined;`, moduleSideEffects: false };
    },
  };
}
