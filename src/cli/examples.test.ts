/** @file Every example of every command's help, run as it is written, since newcomers copy them. */

import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { checkpointPath, adapterPath, fixturePath } from '../testing/fixtures';
import { runMain as run } from './run-main';

const ROOT = path.resolve(import.meta.dirname, '../..');
const COMMANDS = ['convert', 'embed', 'rank', 'eval', 'verify', 'bench', 'index', 'search', 'inspect'].map((name) => [
  name,
]);
const WITHIN = ['merge', 'compare', 'failures'].map((name) => ['eval', name]);
/**
 * An example that needs the Hub, or the example of a model card, is run up to the point where the command looks for it.
 */
const ELSEWHERE = /TIGER-Lab|vlm2vec-2b/;

let work: string;
let before: string;
const at = (name: string) => path.join(work, name);

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'cli-examples-'));
  before = process.cwd();
  process.chdir(work);
  vi.stubGlobal('fetch', async () => new Response(null, { status: 404 }));
  for (const name of ['photos', 'Photos']) await mkdir(at(name));
  for (const name of ['photos/a.png', 'Photos/cat.jpg', 'cat.jpg', 'a.png'])
    await cp(fixturePath('images/tiny.png'), at(name));
  await cp(fixturePath('images/cat.png'), at('Photos/dog.png'));
  await writeFile(at('pairs.csv'), 'caption,file,label\na cat,a.png,1\n,a.png,2\n');
  await mkdir(at('MMEB-eval'));
  for (const name of ['ImageNet-1K', 'images.zip', 'files.json'])
    await cp(path.join(ROOT, 'public/eval/mmeb-mini', name), at(`MMEB-eval/${name}`), { recursive: true });
  await cp(checkpointPath('tiny-tied'), at('checkpoint'), { recursive: true });
  await cp(adapterPath('dora'), at('adapter'), { recursive: true });
}, 60_000);
afterAll(async () => {
  process.chdir(before);
  vi.unstubAllGlobals();
  await rm(work, { recursive: true });
});

/**
 * Parses a command line as a shell would, as far as the examples need it: quoted words, `echo … |` in front, a pipe or
 * a file at the end.
 */
function parsed(line: string): { stdin: string | null; args: string[] } {
  const { echo, command } = /^(?:echo '(?<echo>[^']*)' \| )?vlm2vec (?<command>.*?)(?: (?:\| xargs|> \S+).*)?$/.exec(
    line,
  )!.groups!;
  const words = [...command!.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3]!);
  return { stdin: echo === undefined ? null : `${echo}\n`, args: words.map((word) => word.replace(/^~/, work)) };
}

async function examplesOf(command: string[]): Promise<string[]> {
  const { code, stdout } = await run([...command, '--help']);
  expect(code).toBe(0);
  return [...stdout.matchAll(/^ {2}\$ (.+)$/gm)].map((match) => match[1]!);
}

test('every command has examples', async () => {
  const { stdout } = await run(['--help']);
  const listed = [...stdout.split('Commands:')[1]!.matchAll(/^ {2}([a-z]+)/gm)].map((match) => match[1]!);
  expect(listed.filter((name) => name !== 'help').sort()).toEqual(COMMANDS.flat().sort());
  for (const command of [...COMMANDS, ...WITHIN])
    expect((await examplesOf(command)).length, command.join(' ')).toBeGreaterThan(0);
});

/** In this order, since some read what others write. The model that is evaluated takes no time. */
test.each([...COMMANDS.slice(0, 4), ...WITHIN, ...COMMANDS.slice(4)])(
  '%s %s',
  async (...command) => {
    if (command[0] === 'embed') {
      await rm(at('my-bundle'), { recursive: true });
      await symlink(path.join(ROOT, 'public/models/nano'), at('my-bundle'));
    }
    for (const line of await examplesOf(command.filter(Boolean))) {
      const { stdin, args } = parsed(line);
      if (line.includes('my-bundle.jsonl'))
        await run([
          'eval',
          'MMEB-eval',
          '--model',
          'nano',
          '--sets',
          'ImageNet-1K',
          '--limit',
          '100',
          '--details',
          'my-bundle.jsonl',
        ]);
      if (line.startsWith('vlm2vec eval merge'))
        await run(['eval', 'MMEB-eval', '--model', 'my-bundle', '--shard', '2/2', '--out', 'runs/2']);
      const spy =
        stdin === null
          ? null
          : vi
              .spyOn(process, 'stdin', 'get')
              .mockReturnValue(Readable.from([Buffer.from(stdin)]) as typeof process.stdin);
      const { code, stdout, stderr } = await run(args);
      spy?.mockRestore();
      if (ELSEWHERE.test(line)) {
        expect(stderr, line).toMatch(/^vlm2vec: [^\n]*(TIGER-Lab|no bundle at vlm2vec-2b)/);
        continue;
      }
      expect({ line, code, stderr: code === 0 ? '' : stderr }).toEqual({ line, code: 0, stderr: '' });
      const out = /--out (\S+\.\w+)/.exec(line)?.[1];
      if (out !== undefined) expect(await readdir(work), line).toContain(out);
      else if (!line.includes('--out')) expect(stdout.length, line).toBeGreaterThan(5);
    }
  },
  120_000,
);
