/** Puts together in `dist/` what a web server is given: the page, the index, the originals, and the package. */
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

rmSync('dist', { recursive: true, force: true });
// `local/` of an index names paths of this disk: it is not for others.
cpSync('site', 'dist', { recursive: true, filter: (file) => !/[\\/]index[\\/]local$/.test(file) });
cpSync('photos', 'dist/photos', { recursive: true });
for (const folder of ['lib', 'models']) {
  cpSync(`node_modules/vlm2vec-web/dist/${folder}`, `dist/vlm2vec/${folder}`, { recursive: true });
}

// What the service worker keeps is kept for this build alone.
const build = createHash('sha256');
for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
  if (entry.isFile()) build.update(readFileSync(join(entry.parentPath, entry.name)));
}
const worker = readFileSync('dist/service-worker.js', 'utf8');
writeFileSync('dist/service-worker.js', worker.replace('BUILD', build.digest('hex').slice(0, 16)));
