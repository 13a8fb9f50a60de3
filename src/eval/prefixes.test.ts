/** @file B3's words before the targets that are texts, set by set. */

import { expect, test } from 'vitest';
import { mmebFiles, mmebTree, plainPicture } from '../testing/mmeb-files';
import { recipeNamed } from '../recipes';
import { openMmeb } from './dataset';
import { withPrefixes } from './prefixes';
import { mmebSet } from './sets';

const picture = await plainPicture([9, 9, 9]);
const texts = (set: string) => ({
  qry_text: 'asked',
  qry_img_path: `${set}/0.png`,
  tgt_text: ['cat', 'dog'],
  tgt_img_path: ['', ''],
});
const pictures = (set: string) => ({
  qry_text: 'asked',
  qry_img_path: '',
  tgt_text: ['Represent', 'Represent'],
  tgt_img_path: [`${set}/0.png`, `${set}/1.png`],
});
const names = ['VOC2007', 'GQA', 'MSCOCO_i2t', 'MSCOCO_t2i'] as const;
const files = mmebFiles(
  Object.fromEntries(names.map((name) => [name, [name === 'MSCOCO_t2i' ? pictures(name) : texts(name)]])),
  Object.fromEntries(names.flatMap((name) => [0, 1].map((i) => [`${name}/${i}.png`, picture]))),
);

test('labels, answers and captions; queries and pictures have none', async () => {
  const data = withPrefixes(await openMmeb(mmebTree(files)), recipeNamed('b3').prefixes);
  const wordsOf = async (name: string) => (await data.rows(mmebSet(name)!)).pairs.map(({ text }) => text);
  expect(await wordsOf('VOC2007')).toEqual([
    'asked',
    'Represent the class label: cat',
    'Represent the class label: dog',
  ]);
  expect(await wordsOf('GQA')).toEqual(['asked', 'Represent the answer: cat', 'Represent the answer: dog']);
  expect((await wordsOf('MSCOCO_i2t'))[1]).toBe('Represent the image caption: cat');
  expect(await wordsOf('MSCOCO_t2i')).toEqual(['asked', 'Represent', 'Represent']);
});

test('without prefixes the data are unchanged', async () => {
  const data = await openMmeb(mmebTree(files));
  expect(withPrefixes(data, recipeNamed('vlm2vec').prefixes)).toBe(data);
});
