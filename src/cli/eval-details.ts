/** @file `vlm2vec eval --details` and `vlm2vec eval compare`: a line per query, and two runs compared with each other. */

import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { isRecord } from '../arguments';
import { InvalidInputError, SourceNotFoundError } from '../errors';
import { compareRuns, type AnyDetail, type Comparison, type Measured } from '../eval';
import { writing } from '../store/write-errors.node.js';
import { printLine } from './output';

/** A JSON line per query; the file is written completely or not at all. */
export async function writeDetails(file: string, details: AsyncIterable<AnyDetail>): Promise<void> {
  const partial = `${file}.partial-${process.pid}`;
  const handle = await writing(file, () => open(partial, 'w'));
  try {
    for await (const detail of details) await writing(file, () => handle.appendFile(`${JSON.stringify(detail)}\n`));
    await handle.close();
    await writing(file, () => rename(partial, file));
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(partial, { force: true }).catch(() => undefined);
    throw error;
  }
}

/**
 * Prints P@1 (NDCG@5 of visual documents) of both runs and their difference, for each set and overall, each with its
 * interval.
 */
export async function compareCommand(a: string, b: string, { json = false }: { json?: boolean }): Promise<void> {
  const [ours, theirs] = [await readDetails(a), await readDetails(b)];
  const found = compareRuns(ours, theirs);
  const metric = ours.some((detail) => 'ndcg' in detail) ? 'NDCG@5' : 'P@1';
  await printLine(json ? JSON.stringify(found, null, 2) : table(found, a, b, metric));
}

/** The lines of a file. @throws InvalidInputError for a line that `--details` did not write */
export async function readDetails(file: string): Promise<AnyDetail[]> {
  const details: AnyDetail[] = [];
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

function parseDetail(line: string, where: string): AnyDetail {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new InvalidInputError(`${where} is not JSON.`, {}, { cause });
  }
  if (isQueryDetail(value) || isDocumentDetail(value)) return value as unknown as AnyDetail;
  throw new InvalidInputError(`${where} is not a line written by vlm2vec eval --details.`);
}

type Fields = Readonly<Record<string, unknown>>;

/** The text and the picture of a query or candidate. */
const isPair = (value: unknown): value is Fields =>
  isRecord(value) && typeof value.text === 'string' && (value.image === null || typeof value.image === 'string');

const isScored = (value: unknown): value is Fields => isRecord(value) && typeof value.score === 'number';

const isAnyDetail = (value: unknown): value is Fields =>
  isRecord(value) &&
  typeof value.set === 'string' &&
  typeof value.row === 'number' &&
  typeof value.candidates === 'number' &&
  isPair(value.query);

const isQueryDetail = (value: unknown): value is Fields =>
  isAnyDetail(value) &&
  [value.right, value.chosen].every((each) => isPair(each) && isScored(each)) &&
  typeof (value.chosen as Fields).index === 'number' &&
  typeof value.rank === 'number';

const isDocumentDetail = (value: unknown): value is Fields =>
  isAnyDetail(value) &&
  typeof value.ndcg === 'number' &&
  [value.relevant, value.found].every((list) => Array.isArray(list) && list.every(isPage));

const isPage = (value: unknown) =>
  isScored(value) &&
  [value.id, value.image].every((each) => typeof each === 'string') &&
  [value.grade, value.rank].every((each) => typeof each === 'number');

function table(found: readonly Comparison[], a: string, b: string, metric: 'P@1' | 'NDCG@5'): string {
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
    `${metric} per cent with 95 % intervals (percentile bootstrap within sets, 2,000 resamples; the difference is taken per query)`,
    '',
    metric === 'P@1'
      ? '| set | queries | a | b | b − a | only a right | only b right |'
      : '| set | queries | a | b | b − a | a better | b better |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
