/** @file `vlm2vec eval --details` and `vlm2vec eval compare`: a line per query, and two runs held against each other. */

import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { InvalidInputError, SourceNotFoundError } from '../errors';
import {
  compareRuns,
  queryDetails,
  type Comparison,
  type Measured,
  type QueryDetail,
  type ScoreOptions,
} from '../eval';
import { printLine } from './output';

/** A JSON line per query; whole or not at all. */
export async function writeDetails(file: string, options: ScoreOptions): Promise<void> {
  const partial = `${file}.partial-${process.pid}`;
  const handle = await open(partial, 'w');
  try {
    for await (const detail of queryDetails(options)) await handle.write(`${JSON.stringify(detail)}\n`);
    await handle.close();
    await rename(partial, file);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

/** Prints P@1 of both runs and their difference, set by set and of all, each with its interval. */
export async function compareCommand(a: string, b: string, { json = false }: { json?: boolean }): Promise<void> {
  const found = compareRuns(await readDetails(a), await readDetails(b));
  await printLine(json ? JSON.stringify(found, null, 2) : table(found, a, b));
}

async function readDetails(file: string): Promise<QueryDetail[]> {
  const details: QueryDetail[] = [];
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      details.push(parseDetail(line, `${file}, line ${details.length + 1}`));
    }
  } catch (error) {
    if (
      !(error instanceof Error && 'code' in error && typeof error.code === 'string') ||
      error instanceof InvalidInputError
    )
      throw error;
    throw new SourceNotFoundError(`${file} cannot be read (${error.code}).`, { file }, { cause: error });
  }
  return details;
}

function parseDetail(line: string, where: string): QueryDetail {
  let value: Partial<QueryDetail> | null;
  try {
    value = JSON.parse(line) as Partial<QueryDetail> | null;
  } catch (cause) {
    throw new InvalidInputError(`${where} is not JSON.`, {}, { cause });
  }
  const { set, row, query, right, chosen, candidates } = value ?? {};
  const isWhole =
    typeof set === 'string' &&
    typeof row === 'number' &&
    typeof candidates === 'number' &&
    typeof chosen?.index === 'number';
  if (!isWhole || typeof query?.text !== 'string' || typeof right?.text !== 'string') {
    throw new InvalidInputError(`${where} is no line of vlm2vec eval --details.`);
  }
  return value as QueryDetail;
}

function table(found: readonly Comparison[], a: string, b: string): string {
  const number = (value: number) => value.toFixed(1);
  const measured = ({ value, interval }: Measured) =>
    `${number(value)} [${number(interval.low)}, ${number(interval.high)}]`;
  const rows = found.map(
    (each) =>
      `| ${[each.name, each.queries, measured(each.a), measured(each.b), measured(each.difference), each.onlyA, each.onlyB].join(' | ')} |`,
  );
  return [
    `a: ${a}`,
    `b: ${b}`,
    'P@1 per cent with 95 % intervals (percentile bootstrap within sets, 2,000 resamples; the difference by query)',
    '',
    '| set | queries | a | b | b − a | only a right | only b right |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
