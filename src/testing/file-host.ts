/** @file A web server of one folder, as a `fetch`: with ranges or without, and with whatever else hosts do. For tests in Node. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface FileHost {
  fetch: typeof fetch;
  /** By path below the folder. May be changed. */
  files: Map<string, Uint8Array>;
  /** What was asked for, in order, and how many bytes were sent for it. */
  asked: { path: string; range: string | null; status: number; bytes: number }[];
  /** Whether ranges are answered. @default true */
  ranges: boolean;
}

/** @param base address of the folder, with a slash at its end */
export function fileHost(folder: string, base: string): FileHost {
  const files = new Map<string, Uint8Array>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const at = join(entry.parentPath, entry.name);
    files.set(at.slice(folder.length + 1).replaceAll('\\', '/'), new Uint8Array(readFileSync(at)));
  }
  const host: FileHost = {
    files,
    asked: [],
    ranges: true,
    fetch: async (input, init) => answer(host, base, String(input), init),
  };
  return host;
}

function answer(host: FileHost, base: string, url: string, init: RequestInit = {}): Response {
  init.signal?.throwIfAborted();
  const path = url.startsWith(base) ? url.slice(base.length) : '';
  const file = host.files.get(path);
  const range = new Headers(init.headers).get('range');
  const send = (status: number, bytes: Uint8Array, headers: Record<string, string> = {}) => {
    host.asked.push({ path, range, status, bytes: bytes.length });
    const type = bytes[0] === 0x3c ? 'text/html' : 'application/octet-stream'; // a page in place of what is not there
    const all = { 'Content-Type': type, 'Content-Length': String(bytes.length), ...headers };
    return new Response(bytes.slice(), { status, headers: all });
  };
  if (!file) return send(404, new Uint8Array(0));
  const match = host.ranges && /^bytes=(\d+)-(\d+)$/.exec(range ?? '');
  if (!match) return send(200, file);
  const [start, end] = [Number(match[1]), Math.min(Number(match[2]), file.length - 1)];
  if (start >= file.length) return send(416, new Uint8Array(0));
  return send(206, file.subarray(start, end + 1), { 'Content-Range': `bytes ${start}-${end}/${file.length}` });
}
