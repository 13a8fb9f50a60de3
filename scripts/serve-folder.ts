/** @file A dev-server middleware that serves one folder with byte ranges; the end-to-end tests read bundles from it. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

const TYPES: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

export const contentType = (file: string): string => TYPES[path.extname(file)] ?? 'application/octet-stream';

/**
 * Serves files of `folder` under the URL prefix it is mounted at. Answers 404 itself, so that nothing reaches the next
 * handler.
 */
export function serveFolder(folder: string, headers: Record<string, string> = {}) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    send(folder, request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(404).end();
    });
  };
}

async function send(folder: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const relative = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
  const file = path.join(folder, path.normalize(relative)); // normalised from `/`: stays inside the folder
  const info = await stat(file);
  if (!info.isFile()) throw new Error(`${file} is no file`);
  const { size } = info;
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1; // inclusive
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Content-Type', contentType(file));
  if (range && start > end) {
    response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end();
    return;
  }
  response.setHeader('Content-Length', Math.max(0, end - start + 1));
  if (range) response.writeHead(206, { 'Content-Range': `bytes ${start}-${end}/${size}` });
  if (request.method === 'HEAD' || size === 0) response.end();
  else await pipeline(createReadStream(file, { start, end }), response);
}
