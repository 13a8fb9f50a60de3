import { expect, test } from 'vitest';
import { toCsv, toJson, type Report } from './export';
import { taskOf } from './tasks';

const report: Report = {
  model: 'nano',
  device: 'wasm',
  task: taskOf('caption'),
  instruction: 'Find it.',
  question: 'not asked',
  texts: ['a "red" kite, flying', 'zwei\nZeilen'],
  columns: ['a,b.png', 'c.png'],
  cosines: [
    [0.12345678, null],
    [-0.5, 1],
  ],
};

test('CSV: fields with commas, quotes and line breaks are quoted, gaps are empty', () => {
  expect(toCsv(report)).toBe(',"a,b.png",c.png\r\n"a ""red"" kite, flying",0.123457,\r\n"zwei\nZeilen",-0.5,1\r\n');
});

test('CSV: text that a spreadsheet would treat as a formula stays text, numbers stay numbers', () => {
  const texts = ['=HYPERLINK("https://evil.test","x")', '@SUM(A1)'];
  const csv = toCsv({ ...report, texts, columns: ['+1.png', '-1.png'] });
  const cells = csv.split(/[,\r\n]+/);
  expect(csv.split('\r\n')[0]).toBe(",'+1.png,'-1.png");
  expect(cells.filter((cell) => /^"?[=+@-]/.test(cell) && Number.isNaN(Number(cell)))).toEqual([]);
  expect(csv).toContain('-0.5');
});

test('JSON: the queries, cosines, and probabilities per query', () => {
  const json = JSON.parse(toJson(report)) as Record<string, unknown>;
  expect(json).toMatchObject({
    model: 'nano',
    task: 'caption',
    mmeb: 'MSCOCO_i2t',
    temperature: 0.02,
    texts: report.texts,
    cosines: [
      [0.123457, null],
      [-0.5, 1],
    ],
    softmax: [
      [1, null],
      [0, 1],
    ],
  });
  expect(json).not.toHaveProperty('question');
  expect(JSON.parse(toJson({ ...report, task: taskOf('vqa') }))).toHaveProperty('question', 'not asked');
});
