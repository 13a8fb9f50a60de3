import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NetworkError, SourceNotFoundError } from '../errors';
import { importing, whyNotLoaded } from './own-files';

const ANSWERS: Record<string, [status: number, type: string]> = {
  '/right.js': [200, 'text/javascript; charset=utf-8'],
  '/right.wasm': [200, 'application/octet-stream'],
  '/gone.js': [404, 'text/plain'],
  '/page.js': [200, 'text/html'],
  '/typed.js': [200, 'text/plain'],
};
const server = createServer((request, response) => {
  const [status, type] = ANSWERS[request.url!]!;
  response.writeHead(status, { 'Content-Type': type }).end('x');
});
let host = '';
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((done) => server.close(done)));

test.each([
  ['script', '/gone.js', /^The script \S+\/gone\.js is not there \(HTTP status 404\)/],
  ['script', '/page.js', /is an HTML page: .* \(HTTP status 200\)/],
  ['script', '/typed.js', /is sent as 'text\/plain', which browsers do not accept as a script/],
] as const)('%s %s', async (kind, file, message) => {
  const cause = new Error('import failed');
  const why = await whyNotLoaded(kind, { url: host + file, cause });
  expect(why).toBeInstanceOf(SourceNotFoundError);
  expect(why!.message).toMatch(message);
  expect(why!.cause).toBe(cause);
});

test('a file that arrives and is of the right kind is not to blame', async () => {
  expect(await whyNotLoaded('script', { url: `${host}/right.js` })).toBeNull();
  expect(await whyNotLoaded('wasm', { url: `${host}/right.wasm` })).toBeNull();
  expect(await whyNotLoaded('script', {})).toBeNull(); // no address is known
});

test('a server that cannot be reached', async () => {
  const why = await whyNotLoaded('wasm', { url: 'http://127.0.0.1:9/x.wasm' });
  expect(why).toBeInstanceOf(NetworkError);
  expect(why!.message).toContain('http://127.0.0.1:9/x.wasm');
});

test('an import that fails: the address in the browser’s message, else its own error', async () => {
  const chromium = new TypeError(`Failed to fetch dynamically imported module: ${host}/gone.js`);
  await expect(importing(() => Promise.reject(chromium))).rejects.toThrow(/gone\.js is not there/);
  const safari = new TypeError('Importing a module script failed.');
  await expect(importing(() => Promise.reject(safari))).rejects.toBe(safari);
  expect(await importing(async () => 5)).toBe(5);
});
