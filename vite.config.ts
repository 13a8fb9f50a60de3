/**
 * @file The site: `vite` serves the pages of `demo/` at `/`, `vite build` writes a static site to `dist/site` that works in
 * any folder of any host. The npm package is built by `scripts/build-package.ts`.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { defineConfig, type Plugin, type ViteDevServer } from 'vite';
import { collectLicenses, licenses, noteData, type Licenses } from './scripts/licenses.ts';
import { nodeEdges } from './scripts/node-edges.ts';
import { pageParts } from './scripts/page-parts.ts';
import { pwa } from './scripts/pwa.ts';
import { serveFolder } from './scripts/serve-folder.ts';

/** With these, `SharedArrayBuffer` exists and WASM runs on several threads. Everything works without them too. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** `index`, `search`, …: each `demo/*.html`. */
const PAGES = readdirSync('demo')
  .filter((name) => name.endsWith('.html'))
  .map((name) => name.slice(0, -'.html'.length));

/** The script of a page of the documents, `docs/playground.md`. */
const PLAYGROUND = 'playground';

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
      server.middlewares.use('/docs', serveFolder(path.resolve('dist/site/docs'))); // what `npm run docs` wrote last
      server.middlewares.use((request, _response, next) => {
        const match = /^\/(?:([\w-]+)\.html)?(\?.*)?$/.exec(request.url ?? '');
        const page = match?.[1] ?? 'index';
        if (match && PAGES.includes(page)) request.url = `/demo/${page}.html${match[2] ?? ''}`;
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

/** What the site ships without Vite's bundling it: ONNX Runtime's .wasm, the font, the service worker's parts. */
const SHIPPED = [
  'onnxruntime-web',
  '@fontsource-variable/bricolage-grotesque',
  'workbox-core',
  'workbox-precaching',
  'workbox-range-requests',
];
const inWorkers: Licenses = new Map();
noteData(inWorkers, 'places', 'GeoNames, names of places (CC BY 4.0)');
noteData(inWorkers, 'world', 'Natural Earth, land and borders (public domain)');

export default defineConfig({
  base: './',
  appType: 'mpa', // a missing file is a 404, not the start page
  plugins: [
    nodeEdges() as Plugin,
    licenses('licenses.txt', SHIPPED, inWorkers) as Plugin,
    pageParts(),
    pagesAtTop(),
    pwa(),
  ],
  worker: {
    format: 'es',
    plugins: () => [nodeEdges() as Plugin, collectLicenses(inWorkers) as Plugin],
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
    rolldownOptions: {
      input: {
        ...Object.fromEntries(PAGES.map((page) => [page, `demo/${page}.html`])),
        [PLAYGROUND]: 'demo/playground/main.tsx',
      },
      // The documents, which another tool writes, know it by this name.
      output: {
        entryFileNames: ({ name }) => (name === PLAYGROUND ? `${PLAYGROUND}.js` : 'assets/[name]-[hash].js'),
      },
      checks: { pluginTimings: false },
    },
  },
});
