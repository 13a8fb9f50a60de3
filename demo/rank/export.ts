/** @file The matrix as JSON and as CSV. */
import { probabilities, TEMPERATURE, type Matrix } from './scores';
import type { Task } from './tasks';

/** What was ranked, and how. */
export interface Report {
  model: string;
  device: string;
  task: Task;
  instruction: string;
  question: string;
  texts: string[];
  /** Names of pictures, or of boxes on one. */
  columns: string[];
  cosines: Matrix;
}

const rounded = (matrix: Matrix) =>
  matrix.map((row) => row.map((value) => (value === null ? null : Number(value.toFixed(6)))));

export function toJson({ task, question, texts, columns, cosines, ...rest }: Report): string {
  const report = {
    ...rest,
    task: task.id,
    mmeb: task.mmeb,
    ...(task.asks ? { question } : {}),
    queries: task.queries,
    temperature: TEMPERATURE,
    texts,
    columns,
    cosines: rounded(cosines),
    softmax: rounded(probabilities(cosines, task.queries)),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

/**
 * RFC 4180: cosines, one line per text, one column per picture. Names and texts that spreadsheets would treat as a
 * formula have an apostrophe in front.
 */
export function toCsv({ texts, columns, cosines }: Report): string {
  const lines = [
    ['', ...columns.map(asText)],
    ...texts.map((text, r) => [asText(text), ...rounded(cosines)[r]!.map((value) => String(value ?? ''))]),
  ];
  return lines.map((line) => `${line.map(csvField).join(',')}\r\n`).join('');
}

const asText = (value: string): string => (/^[=+\-@\t\r]/.test(value) ? `'${value}` : value);

function csvField(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
