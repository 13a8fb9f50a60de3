import fc from 'fast-check';
import { expect, test } from 'vitest';
import { understand } from '../understand';
import { comesDayFirst, knownLanguages } from './languages';

/** A Sunday. */
const NOW = Date.UTC(2026, 10, 29, 8, 40);

async function of(typed: string, ...languages: string[]) {
  const { parsed, recognised } = await understand(typed, { now: NOW, languages });
  return [parsed.text, ...recognised.map(({ text, meaning }) => `${text} = ${meaning}`)];
}
const MARCH = '2021-03-01 – 2021-03-31';
const AUGUST = '2020-08-01 – 2020-08-31';

test.each([
  ['de', 'März 2021', '', `März 2021 = ${MARCH}`],
  ['de-AT', 'Jänner 2021', '', 'Jänner 2021 = 2021-01-01 – 2021-01-31'],
  ['de', 'ein Hund im maerz 2021', 'ein Hund', `im maerz 2021 = ${MARCH}`],
  ['de', 'Fotos vom 12. Mai 2019', '', 'vom 12. Mai 2019 = 2019-05-12'],
  ['de', 'Boote 12.05.2020', 'Boote', '12.05.2020 = 2020-05-12'],
  ['de', 'Boote 12.5.20', 'Boote', '12.5.20 = 2020-05-12'],
  ['de', '12/03/2020', '', '12/03/2020 = 2020-03-12'],
  ['de', 'Sonntag, 12. Mai 2019', '', 'Sonntag, 12. Mai 2019 = 2019-05-12'],
  ['de', 'Torte 24. Dezember', 'Torte', '24. Dezember = December 24 of any year'],
  ['de', 'Sommer 2021', '', 'Sommer 2021 = 2021-06-01 – 2021-08-31'],
  ['de', 'im Sommer 2021 Hunde', 'Hunde', 'im Sommer 2021 = 2021-06-01 – 2021-08-31'],
  ['de', 'letzten Sommer', '', 'letzten Sommer = 2026-06-01 – 2026-08-31'],
  ['de', 'Weihnachten 2020', '', 'Weihnachten 2020 = 2020-12-24 – 2020-12-26'],
  ['de', 'Hunde seit 2019', 'Hunde', 'seit 2019 = 2019-01-01 –'],
  ['de', 'Hunde vor März 2021', 'Hunde', 'vor März 2021 = – 2021-02-28'],
  ['de', 'von 2018 bis 2020', '', 'von 2018 bis 2020 = 2018-01-01 – 2020-12-31'],
  ['de', 'im Mai', '', 'im Mai = May of any year'],
  ['de', 'März', '', 'März = March of any year'],
  ['de', 'gestern', '', 'gestern = 2026-11-28'],
  ['de', 'letzte Woche', '', 'letzte Woche = 2026-11-16 – 2026-11-22'],
  ['de', 'vor 3 Jahren', '', 'vor 3 Jahren = 2023-01-01 – 2023-12-31'],
  ['fr', 'août 2020', '', `août 2020 = ${AUGUST}`],
  ['fr', 'un chien en aout 2020', 'un chien', `en aout 2020 = ${AUGUST}`],
  ['fr', '1er août 2020', '', '1er août 2020 = 2020-08-01'],
  ['fr', 'chat mars 2021', 'chat', `mars 2021 = ${MARCH}`],
  ['fr', 'l’été dernier', '', 'l’été dernier = 2026-06-01 – 2026-08-31'],
  ['fr', "photos de l'été 2020", '', "de l'été 2020 = 2020-06-01 – 2020-08-31"],
  ['fr', 'depuis 2019', '', 'depuis 2019 = 2019-01-01 –'],
  ['fr', 'hier', '', 'hier = 2026-11-28'],
  ['fr', 'il y a 5 mois', '', 'il y a 5 mois = 2026-06-01 – 2026-06-30'],
  ['es', '12 de mayo de 2019', '', '12 de mayo de 2019 = 2019-05-12'],
  ['es', 'perros en mayo de 2019', 'perros', 'en mayo de 2019 = 2019-05-01 – 2019-05-31'],
  ['it', '3 set 2021', '', '3 set 2021 = 2021-09-03'],
  ['es', 'el verano pasado', '', 'el verano pasado = 2026-06-01 – 2026-08-31'],
  ['it', 'estate 2020', '', 'estate 2020 = 2020-06-01 – 2020-08-31'],
  ['it', '3 anni fa', '', '3 anni fa = 2023-01-01 – 2023-12-31'],
  ['pt-BR', '3 de março de 2021', '', '3 de março de 2021 = 2021-03-03'],
  ['nl', '12 mei 2019', '', '12 mei 2019 = 2019-05-12'],
  ['nl', '12-05-2020', '', '12-05-2020 = 2020-05-12'],
  ['sv', 'jul 2020', '', 'jul 2020 = 2020-12-24 – 2020-12-26'],
  ['da', 'sidste år', '', 'sidste år = 2025-01-01 – 2025-12-31'],
  ['pl', '12 maja 2019', '', '12 maja 2019 = 2019-05-12'],
  ['ru', 'собака 12 мая 2019 г.', 'собака', '12 мая 2019 г. = 2019-05-12'],
  ['ru', 'май 2021', '', 'май 2021 = 2021-05-01 – 2021-05-31'],
  ['fi', '3. toukokuuta 2021', '', '3. toukokuuta 2021 = 2021-05-03'],
  ['hu', '2021. május 5.', '', '2021. május 5. = 2021-05-05'],
  ['hu', '2021. 05. 12.', '', '2021. 05. 12. = 2021-05-12'],
  ['tr', 'Mayıs 2021', '', 'Mayıs 2021 = 2021-05-01 – 2021-05-31'],
  ['el', '3 Μαΐου 2021', '', '3 Μαΐου 2021 = 2021-05-03'],
  ['vi', 'tháng 12 2021', '', 'tháng 12 2021 = 2021-12-01 – 2021-12-31'],
  ['th', '3 พฤษภาคม 2021', '', '3 พฤษภาคม 2021 = 2021-05-03'],
  ['ar-SA', 'مايو 2021', '', 'مايو 2021 = 2021-05-01 – 2021-05-31'],
  ['ja', '2021年5月', '', '2021年5月 = 2021-05-01 – 2021-05-31'],
  ['en-US', '2021年5月の犬', '犬', '2021年5月の = 2021-05-01 – 2021-05-31'],
  ['zh', '狗 2021年5月3日', '狗', '2021年5月3日 = 2021-05-03'],
  ['ja', '2020年の夏', '', '2020年の夏 = 2020-06-01 – 2020-08-31'],
  ['ja', '2019年以降の犬', '犬', '2019年以降の = 2019-01-01 –'],
  ['ko', '2021년 5월', '', '2021년 5월 = 2021-05-01 – 2021-05-31'],
  ['de', 'dogs last summer', 'dogs', 'last summer = 2026-06-01 – 2026-08-31'],
  ['de', 'may 2020', '', 'may 2020 = 2020-05-01 – 2020-05-31'],
])('%s: %s', async (language, typed, ...expected) => {
  expect(await of(typed, language)).toEqual(expected);
});

const MANY = ['de', 'fr', 'es', 'it', 'pt', 'nl', 'sv', 'pl'];

test.each([
  ...[
    'mars',
    'planète mars',
    'un mars sur la table',
    'mai',
    'mayo',
    'salsa mayo',
    'mei',
    'maj',
    'julio',
    'Sommer',
    'été',
  ],
  ...['Sommerkleid', 'Weihnachten', 'Weihnachtsbaum', 'ein Hund hier', 'une fille en or', 'vor dem Haus', 'im Garten'],
  ...['el mar', 'a tea set', '12 Hunde', '12. Hund', '31.02.2020', 'Version 1.2.3'],
  ...[
    'un air de printemps',
    'noël',
    'julen',
    'primavera',
    'la semaine',
    '2099年',
    '13月',
    '三月',
    'März Hase',
    'august',
  ],
])('%s stays words, whatever people speak', async (typed) => {
  const languages = typed === 'august' ? ['de'] : MANY;
  const [text, ...recognised] = await of(typed, ...languages);
  // As in English, which has the same month.
  expect([text, ...recognised]).toEqual(typed === 'august' ? ['', 'august = August of any year'] : [typed]);
});

test.each([
  ['a night out 2021', 'pt', 'a night out'],
  ['long ago 2021 cake', 'es', 'long ago cake'],
  ['tea set 2021', 'it', 'tea set'],
])('%s: a short month that is a word needs a day or a dot', async (typed, language, text) => {
  const [left, date] = await of(typed, 'en-US', language);
  expect([left?.replace(/\s+/g, ' '), date]).toEqual([text, '2021 = 2021-01-01 – 2021-12-31']);
});

test('languages that are not read are not understood, nor names of none', async () => {
  expect(await of('März 2021', 'en-US')).toEqual(['März', '2021 = 2021-01-01 – 2021-12-31']);
  expect(await of('März 2021', 'fr')).toEqual(['März', '2021 = 2021-01-01 – 2021-12-31']);
  expect(knownLanguages(['de_DE.UTF-8', '', 'C', 'de', 'de', 'xx-klingon'])).toEqual(['de']);
  expect(await of('März 2021', '!', 'de')).toEqual(['', `März 2021 = ${MARCH}`]);
});

test('the first language says whether days come first; dots are read as in the one that has them', async () => {
  const languages = [['en-US', 'de'], ['en-GB'], ['de'], ['ja'], [], ['en']];
  expect(languages.map(comesDayFirst)).toEqual([false, true, true, false, false, false]);
  expect(await of('12/03/2020', 'en-GB')).toEqual(['', '12/03/2020 = 2020-03-12']);
  expect(await of('12/03/2020', 'en-US', 'de')).toEqual(['', '12/03/2020 = 2020-12-03']);
  expect(await of('12.03.2020', 'en-US', 'de')).toEqual(['', '12.03.2020 = 2020-03-12']);
});

test.each(
  (
    'ar bg bn bs ca cs da de el es et fa fi fr ga gl he hi hr hu hy id is it ja ka ko lt mk ms nb nl pl pt ro ru sk sl sq sr sv ' +
    'ta te th tr uk vi zh'
  ).split(' '),
)('%s: its own long date, as Intl writes it, is that day', async (language) => {
  const form = { year: 'numeric', month: 'long', day: 'numeric' } as const;
  const plain = { calendar: 'gregory', numberingSystem: 'latn', timeZone: 'UTC' };
  for (const [year, month, day] of [
    [2021, 4, 3],
    [2020, 11, 24],
    [1999, 0, 31],
  ] as const) {
    const time = Date.UTC(year, month, day);
    const typed = new Intl.DateTimeFormat(language, { ...form, ...plain }).format(time);
    const [, ...found] = await of(typed, language);
    expect([typed, ...found.map((each) => each.slice(-10))]).toEqual([
      typed,
      new Date(time).toISOString().slice(0, 10),
    ]);
  }
});

test('any text: what is not recognised is still there, and every stretch is one', async () => {
  const word = fc.constantFrom(
    ...[
      'im',
      'März',
      'mars',
      '2021',
      '12.',
      '05.',
      'Sommer',
      'letzten',
      'seit',
      'de',
      '2021年',
      '5月',
      "l'",
      'été',
      'vor',
    ],
    ...['\u0301', 'ü', '²', '３', 'ß', '\ud800', '年', '(', '[', '\\'],
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 10 }), async (words) => {
      const typed = words.join(' ');
      const { recognised, matching } = await understand(typed, { now: NOW, languages: MANY });
      for (const { text } of recognised) expect(typed.replace(/\s+/g, ' ')).toContain(text);
      for (const only of matching.only) {
        if (only.kind === 'date') for (const { from, to } of only.when.stretches) expect(to).toBeGreaterThan(from);
      }
    }),
    { numRuns: 50 },
  );
});

test.each([
  ['words', 'a '.repeat(1e6)],
  ['digits', '1'.repeat(1e6)],
  ['days', '12. '.repeat(1e5)],
  ['prepositions', 'im von den der '.repeat(1e5)],
  ['months', 'März '.repeat(1e5)],
])('a megabyte of %s takes a moment', async (_what, typed) => {
  const start = performance.now();
  for (const part of [typed, typed.slice(0, 5000)]) await understand(part, { now: NOW, languages: MANY });
  expect(performance.now() - start).toBeLessThan(2000);
});
