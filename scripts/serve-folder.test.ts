import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveFolder } from './serve-folder';

const parent = mkdtempSync(path.join(tmpdir(), 'serve-'));
let server: Server;
let origin: string;

beforeAll(async () => {
  const folder = mkdtempSync(path.join(parent, 'in-'));
  writeFileSync(path.join(folder, 'a b.bin'), '0123456789');
  writeFileSync(path.join(folder, 'empty'), '');
  writeFileSync(path.join(parent, 'secret'), 'no');
  server = createServer(serveFolder(folder)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
  rmSync(parent, { recursive: true });
});

const get = async (target: string, range?: string) => {
  const response = await fetch(origin + target, range ? { headers: { Range: range } } : {});
  return [response.status, await response.text(), response.headers.get('Content-Range')];
};

test.each([
  ['/a%20b.bin', undefined, [200, '0123456789', null]],
  ['/a%20b.bin', 'bytes=2-4', [206, '234', 'bytes 2-4/10']],
  ['/a%20b.bin', 'bytes=7-', [206, '789', 'bytes 7-9/10']],
  ['/a%20b.bin', 'bytes=8-99', [206, '89', 'bytes 8-9/10']],
  ['/a%20b.bin', 'bytes=10-', [416, '', 'bytes */10']],
  ['/empty', undefined, [200, '', null]],
  ['/nothing', undefined, [404, '', null]],
  ['/', undefined, [404, '', null]],
  ['/..%2Fsecret', undefined, [404, '', null]],
  ['/%E0%A4%A', undefined, [404, '', null]],
])('%s with range %s', async (target, range, expected) => {
  expect(await get(target, range)).toEqual(expected);
});
