/**
 * @file Node keeps the promise of docs/privacy.md: the package and what it loads (ONNX Runtime, sharp, the Hub's client,
 * LanceDB if it is installed) leave no file behind and contact nobody. The first test shows that the watch sees what
 * ONNX Runtime does by itself. `VLM2VEC_FULL_TESTS` watches for more than a minute: uploads begin after a few seconds.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMAND, LIBRARY } from '../testing/built-package';
import { checkpointPath, fixturePath } from '../testing/fixtures';
import { startHub, type HubServer } from '../testing/hub-server';
import { portHex, repositoryPath, watchNode } from '../testing/watched-process';

const FULL = !!process.env.VLM2VEC_FULL_TESTS;
/** A quick watch sees files, which are written at once; connections begin ten seconds later. */
const WATCH_MS = FULL ? 70_000 : 500;
const TIMEOUT = 60_000 + WATCH_MS;
const LIBRARY_URL = JSON.stringify(LIBRARY);
const ORT = JSON.stringify(import.meta.resolve('onnxruntime-node'));
const GRAPH = JSON.stringify(repositoryPath('public/models/nano/text.0.onnx'));
const PICTURE = fixturePath('images/cat.png');
const LINES = `{"text":"a cat"}\n${JSON.stringify({ image: PICTURE })}\n`;

const script = (code: string) => ['--input-type=module', '-e', code];
const wait = (milliseconds: number) => `await new Promise((resolve) => setTimeout(resolve, ${milliseconds}));`;
const embed = (milliseconds: number) => `
  const { VLM2Vec } = await import(${LIBRARY_URL});
  const model = await VLM2Vec.load('nano');
  const [vector] = await model.embed([{ text: 'a cat', image: ${JSON.stringify(PICTURE)} }]);
  console.log(vector.length);
  ${wait(milliseconds)}
  await model.dispose();`;
const EMBED = embed(WATCH_MS);

/** ONNX Runtime used by somebody else, before us. */
const OTHERS_SESSION = `
  const ort = (await import(${ORT})).default;
  await ort.InferenceSession.create(${GRAPH});`;
const inWorker = (code: string) => `
  const { Worker } = await import('node:worker_threads');
  const worker = new Worker(${JSON.stringify(`(async () => { ${code} })()`)}, { eval: true });
  worker.on('error', (error) => { throw error; });
  await new Promise((resolve) => worker.on('exit', resolve));`;

const silent = { code: 0, files: [], asked: [], sockets: [] };
const isDeviceId = expect.stringMatching(/Microsoft.*deviceid$/);

let work: string;
beforeAll(async () => void (work = await mkdtemp(path.join(tmpdir(), 'silence-'))));
afterAll(() => rm(work, { recursive: true }));

test('ONNX Runtime by itself is not silent, and the watch sees it', { timeout: TIMEOUT }, async () => {
  const { files, asked } = await watchNode(script(`${OTHERS_SESSION} ${wait(WATCH_MS)}`));
  expect(files).toContainEqual(isDeviceId);
  if (FULL) expect(asked.join()).toMatch(/^CONNECT .*microsoft/);
});

test('the watch sees a connection that bypasses the proxy', { timeout: TIMEOUT }, async () => {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const code = `
    const socket = require('node:net').connect(${port}, '127.0.0.1').on('error', () => undefined);
    setTimeout(() => socket.destroy(), 500);`;
  const { sockets } = await watchNode(['-e', code]);
  server.close();
  if (process.platform === 'linux') expect(sockets).toEqual([expect.stringContaining(portHex(port))]);
});

describe.concurrent('nothing is sent', { timeout: TIMEOUT }, () => {
  test('the library: texts and pictures', async () => {
    const run = await watchNode(script(EMBED));
    expect(run).toMatchObject({ ...silent, stdout: '192\n', stderr: '' });
  });

  test('the library in a worker thread, whose environment is a copy; its setting is overruled', async () => {
    const run = await watchNode(script(inWorker(EMBED)), { env: { ORT_DISABLE_TELEMETRY: '0' } });
    expect(run).toMatchObject({ ...silent, stdout: '192\n', stderr: '' });
  });

  test('a host that loaded ONNX Runtime without running it: still in time, and warned', async () => {
    const run = await watchNode(script(`await import(${ORT}); ${EMBED}`));
    expect(run).toMatchObject({ ...silent, stdout: '192\n' });
    expect(run.stderr).toContain('VLM2VEC_ORT_TELEMETRY');
  });

  test('a host with the variable: no warning', async () => {
    const run = await watchNode(script(`${OTHERS_SESSION} ${EMBED}`), { env: { ORT_DISABLE_TELEMETRY: '1' } });
    expect(run).toMatchObject({ ...silent, stdout: '192\n', stderr: '' });
  });

  test('vlm2vec embed', async () => {
    const run = await watchNode([...COMMAND, 'embed', '--model', 'nano', '--jsonl', '-'], { stdin: LINES });
    expect(run).toMatchObject(silent);
    expect(run.stdout.trim().split('\n')).toHaveLength(2);
  });

  test('vlm2vec convert', async () => {
    const out = path.join(work, 'bundle');
    const run = await watchNode([...COMMAND, 'convert', checkpointPath('tiny-tied'), '--out', out, '--dtype', 'q8']);
    expect(run).toMatchObject(silent);
  });
});

test(
  'too late: a host whose session runs already is told so, in a worker thread too',
  { timeout: TIMEOUT },
  async () => {
    for (const code of [embed(0), inWorker(embed(0))]) {
      const { code: exit, stdout, stderr } = await watchNode(script(`${OTHERS_SESSION} ${code}`));
      expect({ exit, stdout }).toEqual({ exit: 0, stdout: '192\n' });
      expect(stderr).toMatch(/VLM2VEC_ORT_TELEMETRY.*cannot be stopped/s);
    }
  },
);

test('LanceDB, where it is installed', { timeout: TIMEOUT }, async ({ skip }) => {
  const isInstalled = await import('@lancedb/lancedb' as string).then(
    () => true,
    () => false,
  );
  if (!isInstalled) return skip('LanceDB is not installed');
  const out = `lance:${path.join(work, 'database')}/rows`;
  const run = await watchNode([...COMMAND, 'embed', '--model', 'nano', '--jsonl', '-', '--out', out], { stdin: LINES });
  expect(run).toMatchObject(silent);
});

describe("the Hub's client", () => {
  let hub: HubServer;
  beforeAll(async () => {
    hub = await startHub({ repos: { 'org/tiny': checkpointPath('tiny-tied') } });
  });
  afterAll(() => hub.stop());

  test('contacts only the Hub that was named', { timeout: TIMEOUT }, async () => {
    const code = `
      const { VLM2Vec } = await import(${LIBRARY_URL});
      const model = await VLM2Vec.load('org/tiny', { dtype: 'q8', hubUrl: '${hub.url}' });
      console.log((await model.embed(['a cat']))[0].length);
      await model.dispose();`;
    const run = await watchNode(script(code));
    expect(run).toMatchObject({ code: 0, asked: [] });
    expect(run.files.filter((file) => !file.startsWith('cache/vlm2vec-web/tiny-q8-'))).toEqual([]);
    const ports = [hub.url, hub.cdnUrl].map((url) => portHex(Number(new URL(url).port)));
    expect(run.sockets.filter((remote) => !ports.some((port) => remote.endsWith(port)))).toEqual([]);
  });
});
