/** @file A plain static host for built examples: one folder under one path, and a record of all requests. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { contentType, serveFolder } from '../serve-folder.ts';

export interface HostOptions {
  /** Path that the folder is served under. @default '/' */
  base?: string;
  /**
   * Sends the headers with which WASM may use several threads, and makes workers see four cores, so that it does so on
   * any machine.
   */
  isolated?: boolean;
  /** Sends the policy of docs/privacy.md, under which browsers refuse everything that the package does not need. */
  strict?: boolean;
  /** Files that are missing: with status 404, or with a page in their place. May change while the host runs. */
  lacks?: { file: RegExp; as: 404 | 'page' };
}

export interface Host {
  /** Address of the folder, with a slash at the end. */
  url: string;
  /** The requests, in order: path below the folder, and what the browser wants it for (`worker`, `script`, …). */
  asked: { file: string; use: string }[];
  stop(): void;
}

const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const POLICY = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; base-uri 'none'",
};
const FOUR_CORES =
  "Object.defineProperty(WorkerNavigator.prototype, 'hardwareConcurrency', { configurable: true, get: () => 4 });\n";

export async function startHost(folder: string, options: HostOptions = {}): Promise<Host> {
  const { base = '/', isolated, strict } = options;
  const headers = { ...(isolated ? ISOLATION : {}), ...(strict ? POLICY : {}) };
  const serve = serveFolder(folder, headers);
  const asked: Host['asked'] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const use = String(request.headers['sec-fetch-dest'] ?? '');
    const file = pathname.startsWith(base) ? decodeURIComponent(pathname.slice(base.length)) || 'index.html' : null;
    asked.push({ file: file ?? pathname, use });
    if (file === null) return void response.writeHead(404).end();
    const { lacks } = options;
    if (lacks?.file.test(file)) {
      response.writeHead(lacks.as === 404 ? 404 : 200, { 'Content-Type': 'text/html' });
      return void response.end('<!doctype html><title>Not found</title>');
    }
    if (isolated && use === 'worker') {
      const text = readFileSync(path.join(folder, path.normalize(`/${file}`)), 'utf8');
      return void response.writeHead(200, { ...headers, 'Content-Type': contentType(file) }).end(FOUR_CORES + text);
    }
    request.url = `/${file}`;
    serve(request, response);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}${base}`,
    asked,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
