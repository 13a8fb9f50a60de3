/** @file The site as an installable app: its manifest, and a service worker that knows the built files. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { PluginOption } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

/** The size to which nano's largest file may grow. Other models' weights are not in the site. */
const LARGEST_FILE = 48 * 1024 * 1024;

export function pwa(): PluginOption {
  let folder = '';
  const site: PluginOption = {
    name: 'pwa:folder',
    configResolved: ({ root, build }) => void (folder = path.resolve(root, build.outDir)),
  };
  /** The hash against which the browser checks each stored file. */
  const integrityOf = async (file: string) =>
    `sha256-${createHash('sha256')
      .update(await readFile(path.join(folder, file)))
      .digest('base64')}`;
  const worker = VitePWA({
    strategies: 'injectManifest',
    srcDir: 'demo/pwa',
    filename: 'service-worker.ts',
    injectRegister: false, // demo/shell/offline.ts registers it, once the model runs
    includeManifestIcons: false, // in the globs
    manifest: {
      id: './',
      name: 'VLM2Vec in your browser',
      short_name: 'VLM2Vec',
      description: 'Pictures and words in one space, computed on this device: rank captions, search your own photos.',
      start_url: './',
      scope: './',
      display: 'standalone',
      background_color: '#f6f8f4',
      theme_color: '#f6f8f4',
      icons: [
        { src: 'icons/icon.svg', sizes: 'any', type: 'image/svg+xml' },
        { src: 'icons/icon-192.png', sizes: '192x192', type: 'image/png' },
        { src: 'icons/icon-512.png', sizes: '512x512', type: 'image/png' },
        { src: 'icons/icon-maskable.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
      ],
      shortcuts: [{ name: 'Search your photos', url: 'search.html' }],
    },
    injectManifest: {
      globPatterns: [
        '**/*.{html,js,css,woff2,svg,png,jpg,json,wasm}',
        'models/nano/*.{bin,json,txt}',
        'assets/{places,world}-*.bin',
      ],
      globIgnores: ['**/service-worker.js', 'playground.js', 'docs/**', 'models/!(nano)/**', 'eval/**'],
      dontCacheBustURLsMatching: /^assets\//, // a hash is in their names
      maximumFileSizeToCacheInBytes: LARGEST_FILE,
      minify: 'oxc',
      manifestTransforms: [
        async (entries) => ({
          manifest: await Promise.all(
            entries.map(async (entry) => ({ ...entry, integrity: await integrityOf(entry.url) })),
          ),
        }),
      ],
    },
  });
  return [site, worker];
}
