import { expect, test, vi } from 'vitest';
import { describeFailure } from './failure';
import { describeBundle } from './inspect';
import { printLine } from './output';
import { printable, printableLine } from './printable';
import { progressLine } from './progress';
import { InvalidInputError } from '../errors';
import { parseManifest } from '../bundle/validate';
import { readFileSync } from 'node:fs';

/** Colours, a window title, a clipboard, C1's own escape, a name read backwards, an invisible tag. */
const ATTACK = 'a\x1b[31m\x1b]0;pwned\x07\x1b]52;c;eA==\x9b2J\u202egpj.exe\u2066\u{e0041}\ud800\x7f\x08z';

const HARM = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/;

test('harmless text is unchanged', () => {
  const text = 'Ünïcödé 日本語 👍🏽 עברית "quotes" \\ back\ttab';
  expect(printable(text)).toBe(text);
});

test('harmful characters are shown escaped, and mean the same in JSON', () => {
  expect(printable(ATTACK)).not.toMatch(HARM);
  expect(printable('\x1b[2J')).toBe('\\u001b[2J');
  expect(printableLine('a\nb')).toBe('a\\nb');
  expect(JSON.parse(printable(JSON.stringify({ [ATTACK]: ATTACK })))).toEqual({ [ATTACK]: ATTACK });
});

test('nothing in a file reaches the terminal as a command', async () => {
  expect(describeFailure(new InvalidInputError(ATTACK)).line).not.toMatch(HARM);
  expect(describeFailure(new Error(ATTACK)).line).not.toMatch(HARM);

  const manifest = parseManifest(readFileSync(new URL('../../public/models/nano/bundle.json', import.meta.url)));
  manifest.source.base.id = `${ATTACK}\n  dtype         fp32`;
  const lines = describeBundle(ATTACK, manifest);
  expect(lines.join('\n')).not.toMatch(HARM);
  expect(lines.filter((line) => line.includes('\n'))).toEqual([]);

  let shown = '';
  const stream = { isTTY: true, write: (text: string) => (shown += text) } as unknown as NodeJS.WriteStream;
  progressLine(stream).show({ status: 'progress', phase: 'load', file: ATTACK });
  expect(shown.replace('\r\x1b[K', '')).not.toMatch(HARM);

  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await printLine(ATTACK);
  const printed = String(written.mock.calls[0]![0]);
  written.mockRestore();
  expect(printed.trimEnd()).not.toMatch(HARM);
});
