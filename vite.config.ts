/**
 * @file The demo: `vite` serves `demo/index.html` at `/` and `demo/models.html` beside it, `vite build` writes a static site to `dist/site` that works
 * in any folder of any host. The npm package is built by `scripts/build-package.ts`.
 */
import path from 'node:path';
import { defineConfig, type Plugin, type ViteDevServer } from 'vite';
import { licenses } from './scripts/licenses.ts';
import { nodeEdges } from './scripts/node-edges.ts';
import { serveFolder } from './scripts/serve-folder.ts';

/** With these, `SharedArrayBuffer` exists and WASM runs on several threads. Everything works without them too. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Pages live in `demo/` and appear at the top of the site. */
function pagesAtTop(): Plugin {
  const serve = (server: Pick<ViteDevServer, 'middlewares'>) => {
    // For the end-to-end tests: bundles, and the package as a plain folder.
    server.middlewares.use('/e2e-bundles', serveFolder(path.resolve('.cache/e2e-bundles'), isolation));
    server.middlewares.use('/package', serveFolder(path.resolve('dist'), isolation));
  };
  return {
    name: 'pages-at-top',
    configureServer(server) {
      serve(server);
      server.middlewares.use((request, _response, next) => {
        request.url = request.url
          ?.replace(/^\/(index\.html)?(?=$|\?)/, '/demo/index.html')
          .replace(/^\/models\.html(?=$|\?)/, '/demo/models.html');
        next();
      });
    },
    configurePreviewServer: serve,
    enforce: 'post',
    generateBundle(_options, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        if (!name.startsWith('demo/') || file.type !== 'asset') continue;
        file.fileName = name.slice('demo/'.length);
        file.source = String(file.source).replaceAll('"../', '"./');
      }
    },
  };
}

export default defineConfig({
  base: './',
  appType: 'mpa', // a missing file is a 404, not the start page
  plugins: [nodeEdges() as Plugin, licenses('licenses.txt') as Plugin, pagesAtTop()],
  worker: {
    format: 'es',
    plugins: () => [nodeEdges() as Plugin, licenses('licenses-worker.txt') as Plugin],
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  optimizeDeps: {
    entries: ['demo/*.html', 'workers/*.ts'],
    // Served as it is: it finds its .wasm beside itself.
    exclude: ['onnxruntime-web'],
  },
  server: {
    headers: isolation,
    // Bundles and reports are written while the tests run: no reason to reload the page.
    watch: { ignored: ['**/.cache/**', '**/dist/**', '**/reference/**', '**/test-results/**'] },
  },
  preview: { headers: isolation },
  build: {
    target: 'es2023',
    outDir: 'dist/site',
    assetsInlineLimit: 0,
    rolldownOptions: { input: { index: 'demo/index.html', models: 'demo/models.html' }, checks: { pluginTimings: false } },
  },
});
