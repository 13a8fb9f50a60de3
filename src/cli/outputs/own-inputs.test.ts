import { link, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Source } from '../inputs/record';
import { refuseOwnInputs } from './own-inputs';
import { parsePlace } from './places';

let work: string;
const at = (name: string) => path.join(work, name);
const source = (name: string) => ({ label: at(name) }) as Source;
const check = (input: string, out: string) => () =>
  refuseOwnInputs(parsePlace(out), [source('other.csv'), source(input)]);

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'own-inputs-'));
  for (const name of [
    'a.jsonl',
    'b.ids.jsonl',
    'c.errors.jsonl',
    'd.jsonl.partial',
    'e.parquet.rows.partial',
    'other.csv',
  ]) {
    await writeFile(at(name), '');
  }
  await symlink('a.jsonl', at('symbolic.jsonl'));
  await link(at('a.jsonl'), at('hard.jsonl'));
});
afterAll(() => rm(work, { recursive: true }));

test.each([
  ['a.jsonl', 'a.jsonl'],
  ['symbolic.jsonl', 'a.jsonl'],
  ['a.jsonl', 'symbolic.jsonl'],
  ['a.jsonl', 'hard.jsonl'],
  ['b.ids.jsonl', 'b.npy'],
  ['c.errors.jsonl', 'c.parquet'],
  ['d.jsonl.partial', 'd.jsonl'],
  ['e.parquet.rows.partial', 'e.parquet'],
])('%s is not replaced by writing %s', (input, out) => {
  expect(check(input, at(out))).toThrow(/is one of the inputs/);
});

test('other files are replaced, and folders are nobody’s output', () => {
  expect(check('a.jsonl', at('other.jsonl'))).not.toThrow();
  expect(check('.', at('a.jsonl'))).not.toThrow();
  expect(check('a.jsonl', `lance:${work}/a`)).not.toThrow();
});
