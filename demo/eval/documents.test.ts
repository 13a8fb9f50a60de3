/** @file The page measures visual documents as the command does, which is held to HF transformers. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runMain } from '../../src/cli/run-main';
import { VLM2Vec } from '../../src/index';
import { openFolder } from './data';
import { measureDocuments } from './documents';

const MINI = 'reference/fixtures/visual-documents';
const SETS = ['ViDoRe_shiftproject', 'VisRAG_ChartQA'];

/** As a browser gives them for a picked folder. */
async function picked(): Promise<File[]> {
  const { globSync } = await import('tinyglobby');
  return globSync('**/*.parquet', { cwd: MINI }).map((name) => {
    const file = new File([readFileSync(path.join(MINI, name))], path.basename(name));
    return Object.defineProperty(file, 'webkitRelativePath', { value: `visual-documents/${name}` });
  });
}

test('the same scores as the command’s, and a report of the same form', async () => {
  const opened = await openFolder(await picked());
  if (opened.kind !== 'documents') throw new Error('These are visual documents.');
  const model = await VLM2Vec.load('nano');
  const out = mkdtempSync(path.join(tmpdir(), 'page-documents-'));
  try {
    const progress: string[] = [];
    const { report, inputs } = await measureDocuments({
      ...{ model, source: opened.source, regime: 'v2', limit: 3, signal: new AbortController().signal },
      onProgress: ({ set }) => progress.push(set.name),
    });
    const command = ['eval', MINI, '--model', 'nano', '--limit', '3', '--out', out];
    expect((await runMain(command)).code).toBe(0);
    const wanted = JSON.parse(readFileSync(path.join(out, 'report.json'), 'utf8')) as typeof report;
    expect(report.sets).toEqual(wanted.sets);
    expect(report.averages).toEqual(wanted.averages);
    expect(report.regime).toEqual(wanted.regime);
    expect(new Set(progress)).toEqual(new Set(report.sets.map(({ name }) => name)));
    expect(report.sets.map(({ name }) => name)).toEqual(expect.arrayContaining(SETS));
    expect(inputs).toBeGreaterThan(20);
  } finally {
    await model.dispose();
    rmSync(out, { recursive: true });
  }
});
