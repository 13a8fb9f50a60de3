/**
 * @file The built site as a plain host such as GitHub Pages serves it: in some folder, without special headers, texts
 * compressed, everything cached for minutes. Records requests.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { contentType, serveFolder } from '../scripts/serve-folder.ts';

export interface StaticSite {
  /** Address of the folder, with a slash at the end. */
  url: string;
  /** Paths that were requested, in order. */
  asked: string[];
  /** Files that are sent with status 200 and other bytes, as from a host in the middle of an update. */
  wrong: Set<string>;
  /** From now on there is another version of the service worker. */
  update(): void;
  stop(): void;
}

export async function startStaticSite(folder: string, base = '/some/folder/'): Promise<StaticSite> {
  const serve = serveFolder(path.resolve(folder));
  const asked: string[] = [];
  const wrong = new Set<string>();
  let isUpdated = false;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    asked.push(pathname);
    if (!pathname.startsWith(base)) return void response.writeHead(404).end();
    const file = pathname.slice(base.length) || 'index.html';
    if (isUpdated && file === 'service-worker.js') {
      const code = readFileSync(path.resolve(folder, file), 'utf8');
      return void response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(`${code}\n// another version`);
    }
    if (wrong.has(file)) return void response.writeHead(200, { 'Content-Type': contentType(file) }).end('/* wrong */');
    response.setHeader('Cache-Control', 'max-age=600');
    const place = path.resolve(folder, file);
    const isText = /\.(html|js|css|json|txt)$/.test(file) && existsSync(place);
    if (isText && !request.headers.range && request.headers['accept-encoding']?.includes('gzip')) {
      const headers = { 'Content-Type': contentType(file), 'Content-Encoding': 'gzip', ETag: `W/"${file}"` };
      return void response.writeHead(200, headers).end(gzipSync(readFileSync(place)));
    }
    response.setHeader('ETag', `W/"${file}"`);
    request.url = `/${file}`;
    serve(request, response);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}${base}`,
    asked,
    wrong,
    update: () => (isUpdated = true),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
