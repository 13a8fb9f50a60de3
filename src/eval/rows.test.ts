/**
 * @file The strings of all 36 sets, byte for byte: written out here a second time from MMEB's published samples,
 * against `text/instructions.ts` and compared with what the rows of either layout become.
 */

import { describe, expect, test } from 'vitest';
import { DatasetFormatError } from '../errors';
import { fillPrompt, instructions, type TaskName } from '../text';
import { IMAGE_TOKEN, layoutOf, readRow, RowCollector } from './rows';
import { META_TASKS, MMEB_SETS, mmebSet } from './sets';

const I = IMAGE_TOKEN;
/** The text of a query, and of a target, in the strings below. */
const Q = 'is "it" {image} $& $1 é\u2028?';
const T = 'a {text} caption';

const CROP = `${I}\nRepresent the given cropped image of the object`;
const IMAGE = `${I}\nRepresent the given image.\n`;
const question = `${I}\nRepresent the given image with the following question: ${Q}\n`;
const wikipedia = `${I}\nRepresent the given Wikipedia image with related text information: ${T}\n`;

/** Query, target, and the fields of V2's layout: instruction and text of the query, instruction of the target. */
const STRINGS: Record<TaskName, [query: string, target: string, v2: [string, string, string]]> = {
  'ImageNet-1K': [
    `${I}\nRepresent the given image for classification\n`,
    T,
    [`${I}\nRepresent the given image for classification`, '', ''],
  ],
  N24News: [
    `${I}\nRepresent the given news image with the following caption for domain classification: ${Q}\n`,
    T,
    [`${I}\nRepresent the given news image with the following caption for domain classification:`, Q, ''],
  ],
  HatefulMemes: [
    `${I}\nRepresent the given image for binary classification to determine whether it constitutes hateful speech or not\n`,
    T,
    [
      `${I}\nRepresent the given image for binary classification to determine whether it constitutes hateful speech or not`,
      '',
      '',
    ],
  ],
  VOC2007: [
    `${I}\nIdentify the object shown in the image\n`,
    T,
    [`${I}\nIdentify the object shown in the image`, '', ''],
  ],
  SUN397: [`${I}\nIdentify the scene shown in the image\n`, T, [`${I}\nIdentify the scene shown in the image`, '', '']],
  Place365: [
    `${I}\nIdentify the scene shown in the image\n`,
    T,
    [`${I}\nIdentify the scene shown in the image`, '', ''],
  ],
  'ImageNet-A': [
    `${I}\nRepresent the given image for classification\n`,
    T,
    [`${I}\nRepresent the given image for classification`, '', ''],
  ],
  'ImageNet-R': [
    `${I}\nRepresent the given image for classification\n`,
    T,
    [`${I}\nRepresent the given image for classification`, '', ''],
  ],
  ObjectNet: [
    `${I}\nIdentify the object shown in the image\n`,
    T,
    [`${I}\nIdentify the object shown in the image`, '', ''],
  ],
  Country211: [
    `${I}\nIdentify the country depicted in the image\n`,
    T,
    [`${I}\nIdentify the country depicted in the image`, '', ''],
  ],
  ...(Object.fromEntries(
    (
      [
        'OK-VQA',
        'A-OKVQA',
        'DocVQA',
        'InfographicsVQA',
        'ChartQA',
        'Visual7W',
        'ScienceQA',
        'VizWiz',
        'GQA',
        'TextVQA',
      ] as const
    ).map((name) => [name, [question, T, [`${I}\nRepresent the given image with the following question:`, Q, '']]]),
  ) as Record<'OK-VQA', [string, string, [string, string, string]]> as Record<
    | 'OK-VQA'
    | 'A-OKVQA'
    | 'DocVQA'
    | 'InfographicsVQA'
    | 'ChartQA'
    | 'Visual7W'
    | 'ScienceQA'
    | 'VizWiz'
    | 'GQA'
    | 'TextVQA',
    [string, string, [string, string, string]]
  >),
  VisDial: [
    `Represent the given dialogue about an image, which is used for image retrieval: ${Q}\n\n`,
    `${I}\nRepresent the given image\n`,
    [
      'Represent the given dialogue about an image, which is used for image retrieval:',
      Q,
      `${I}\nRepresent the given image`,
    ],
  ],
  CIRR: [
    `${I}\nGiven an image, find a similar everyday image with the described changes: ${Q}\n`,
    IMAGE,
    [`${I}\nGiven an image, find a similar everyday image with the described changes:`, Q, IMAGE],
  ],
  VisualNews_t2i: [
    `Retrieve an image of this news caption. ${Q}\n`,
    IMAGE,
    ['Retrieve an image of this news caption.', Q, `${I}\nRepresent the given image.`],
  ],
  VisualNews_i2t: [
    `${I}\nFind a caption for the news in the given photo.\n`,
    T,
    [`${I}\nFind a caption for the news in the given photo.`, '', ''],
  ],
  MSCOCO_t2i: [
    `Find me an everyday image that matches the given caption: ${Q}\n`,
    IMAGE,
    ['Find me an everyday image that matches the given caption:', Q, `${I}\nRepresent the given image.`],
  ],
  MSCOCO_i2t: [
    `${I}\nFind an image caption describing the given everyday image.\n`,
    T,
    [`${I}\nFind an image caption describing the given everyday image.`, '', ''],
  ],
  NIGHTS: [
    `${I}\nFind a day-to-day image that looks similar to the provided image.\n`,
    IMAGE,
    [`${I}\nFind a day-to-day image that looks similar to the provided image.`, '', IMAGE],
  ],
  // A literal image token, and no image (issue 65 of the official code).
  WebQA: [
    `${I}\nFind a Wikipedia image that answers this question: ${Q}\n`,
    wikipedia,
    [
      `${I}\nFind a Wikipedia image that answers this question:`,
      Q,
      `${I}\nRepresent the given Wikipedia image with related text information:`,
    ],
  ],
  FashionIQ: [
    `${I}\nFind an image to match the fashion image and style note: ${Q}\n`,
    IMAGE,
    [`${I}\nFind an image to match the fashion image and style note:`, Q, IMAGE],
  ],
  'Wiki-SS-NQ': [
    `Find the document image that can answer the given query: ${Q}\n`,
    `${I}\nRepresent the given image\n`,
    ['Find the document image that can answer the given query:', Q, `${I}\nRepresent the given image`],
  ],
  OVEN: [
    `${I}\nRetrieve a Wikipedia image-description pair that provides evidence for the question of this image: ${Q}\n`,
    wikipedia,
    [
      `${I}\nRetrieve a Wikipedia image-description pair that provides evidence for the question of this image:`,
      Q,
      `${I}\nRepresent the given Wikipedia image with related text information:`,
    ],
  ],
  EDIS: [
    `${I}\nFind a news image that matches the provided caption: ${Q}\n`,
    `${I}\nRepresent the given image with related text information: ${T}\n`,
    [
      `${I}\nFind a news image that matches the provided caption:`,
      Q,
      `${I}\nRepresent the given image with related text information:`,
    ],
  ],
  MSCOCO: [
    `${I}\nCrop the image to to isolate the object labeled as "${Q}"\n`,
    CROP,
    [`${I}\nCrop the image to to isolate the object labeled as`, `"${Q}"`, CROP],
  ],
  RefCOCO: [
    `${I}\nSelect the portion of the image that follows the language expressions. "${Q}"\n`,
    CROP,
    [`${I}\nSelect the portion of the image that follows the language expressions.`, `"${Q}"`, CROP],
  ],
  'RefCOCO-Matching': [
    `${I}\nSelect the portion of the image that follows the language expressions: "${Q}"\n`,
    `${I}\nSelect the portion of the image that follows the language expressions: "${T}"\n`,
    [
      `${I}\nSelect the portion of the image that follows the language expressions:`,
      `"${Q}"`,
      `${I}\nSelect the portion of the image that follows the language expressions:`,
    ],
  ],
  'Visual7W-Pointing': [
    `${I}\nSelect the portion of the image that answers the question "${Q}"\n`,
    CROP,
    [`${I}\nSelect the portion of the image that answers the question`, `"${Q}"`, CROP],
  ],
};

/** Sets whose target texts come with a picture. */
const WITH_TEXTS = new Set(['WebQA', 'OVEN', 'EDIS', 'RefCOCO-Matching']);
const QUERY_WITHOUT_IMAGE = new Set(['VisDial', 'VisualNews_t2i', 'MSCOCO_t2i', 'WebQA', 'Wiki-SS-NQ', 'EDIS']);

test('the table: 36 sets, 20 IND and 16 OOD, by meta-task', () => {
  expect(MMEB_SETS.map(({ name }) => name).sort()).toEqual(Object.keys(STRINGS).sort());
  expect(new Set(MMEB_SETS.map(({ name }) => name)).size).toBe(36);
  const count = (by: (set: (typeof MMEB_SETS)[number]) => boolean) => MMEB_SETS.filter(by).length;
  expect(count(({ split }) => split === 'IND')).toBe(20);
  expect(count(({ split }) => split === 'OOD')).toBe(16);
  expect(META_TASKS.map((task) => count(({ metaTask }) => metaTask === task))).toEqual([10, 10, 12, 4]);
  expect(mmebSet('CIFAR-100')).toBeUndefined();
});

describe.each(MMEB_SETS.map((set) => [set.name, set] as const))('%s', (name, set) => {
  const [query, target, [queryInstruction, queryText, targetInstruction]] = STRINGS[name];
  const queryImage = QUERY_WITHOUT_IMAGE.has(name) ? '' : `${name}/q.png`;
  const targetImage = set.imageTargets ? `${name}/t.png` : '';

  test('the instructions give these strings', () => {
    // VisDial's dialogues end with a newline of their own.
    const asked = name === 'VisDial' ? `${Q}\n` : Q;
    expect(fillPrompt(instructions[name].query, asked, { imageToken: I })).toBe(query);
    expect(fillPrompt(instructions[name].target, T, { imageToken: I })).toBe(target);
  });

  test('a row of the V1 layout keeps them', () => {
    const fields = { qry_text: query, qry_img_path: queryImage, tgt_text: [target], tgt_img_path: [targetImage] };
    expect(readRow(fields, 1, set, 'here')).toEqual({
      query: { text: query, image: queryImage || null },
      candidates: [{ text: target, image: targetImage || null }],
    });
  });

  test('a row of the V2 layout becomes the same', () => {
    const texts = set.imageTargets ? (WITH_TEXTS.has(name) ? [name === 'RefCOCO-Matching' ? `"${T}"` : T] : ['']) : [T];
    const fields = {
      ...{ qry_inst: queryInstruction, qry_text: queryText, qry_img_path: queryImage },
      ...{ tgt_inst: targetInstruction, tgt_text: texts, tgt_img_path: [targetImage] },
    };
    const row = readRow(fields, 2, set, 'here');
    expect(row.query).toEqual({ text: query, image: queryImage || null });
    expect(row.candidates).toEqual([{ text: target, image: targetImage || null }]);
  });
});

describe('invalid rows', () => {
  const set = mmebSet('MSCOCO_t2i')!;
  const good = { qry_text: 'a', qry_img_path: '', tgt_text: ['b', 'c'], tgt_img_path: ['x', 'y'] };

  test.each([
    [{ ...good, qry_text: 3 }, /qry_text is not a text/],
    [{ ...good, qry_text: '' }, /a text is empty and has no image/],
    [{ ...good, qry_text: null }, /a text is empty and has no image/],
    [{ ...good, tgt_text: 'b' }, /tgt_text is not a list/],
    [{ ...good, tgt_text: ['b', 7] }, /tgt_text is not a list of texts/],
    [{ ...good, tgt_text: ['b'] }, /1 target texts and 2 target images/],
    [{ ...good, tgt_text: [], tgt_img_path: [] }, /0 target texts/],
    [{ ...good, tgt_text: ['b', ''], tgt_img_path: ['x', ''] }, /a text is empty and has no image/],
  ])('%j', (fields, message) => {
    expect(() => readRow(fields, 1, set, 'T, row 3')).toThrow(DatasetFormatError);
    expect(() => readRow(fields, 1, set, 'T, row 3')).toThrow(message);
    expect(() => readRow(fields, 1, set, 'T, row 3')).toThrow(/^T, row 3: /);
  });

  test('invalid tables', () => {
    expect(layoutOf(['qry_text', 'qry_img_path', 'tgt_text', 'tgt_img_path', 'more'], 't').version).toBe(1);
    expect(layoutOf(['qry_inst', 'qry_text', 'tgt_text'], 't')).toEqual({
      version: 2,
      columns: ['qry_inst', 'qry_text', 'tgt_text'],
    });
    expect(() => layoutOf(['qry_text', 'tgt_text'], 't')).toThrow(
      /not an MMEB table: it lacks the column qry_img_path/,
    );
    expect(() => layoutOf(['qry_inst'], 't')).toThrow(/lacks the column qry_text/);
  });
});

test('pairs are collected once, by text and picture', () => {
  const rows = new RowCollector();
  const [a, b, c] = [
    { text: 'a', image: null },
    { text: 'a', image: 'p' },
    { text: 'b', image: 'p' },
  ];
  rows.add({ query: a, candidates: [b, c, b] });
  rows.add({ query: { ...b }, candidates: [{ ...a }, c] });
  expect(rows.pairs).toEqual([a, b, c]);
  expect(rows.rows.map(({ query, candidates }) => [query, ...candidates])).toEqual([
    [0, 1, 2, 1],
    [1, 0, 2],
  ]);
});
