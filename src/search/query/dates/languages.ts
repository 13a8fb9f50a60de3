/** @file Which languages a person types, as far as the browser or the environment knows, and how dates are written there. */

/** The browser's languages; in Node that of the environment (`LANG`). */
export function ownLanguages(): readonly string[] {
  const { languages = [] } = (globalThis.navigator ?? {}) as { languages?: readonly string[] };
  return languages.length > 0 ? languages : [new Intl.DateTimeFormat().resolvedOptions().locale];
}

/** Those that `Intl` knows, in order, without repetition. What is not the name of a language is left out. */
export function knownLanguages(languages: readonly string[]): string[] {
  const known = languages.slice(0, MOST_LANGUAGES).flatMap((language) => {
    try {
      return Intl.DateTimeFormat.supportedLocalesOf(language);
    } catch {
      return []; // no name of a language
    }
  });
  return [...new Set(known)];
}

/** People who read more have to name the rest. */
const MOST_LANGUAGES = 8;

/** How a language writes dates with digits. */
export interface NumericOrder {
  /** The order of the parts: `dmy`. */
  order: string;
  hasDots: boolean;
}

export function numericOrder(language: string): NumericOrder {
  const parts = new Intl.DateTimeFormat(language, { dateStyle: 'short', ...PLAIN }).formatToParts(0);
  return {
    order: parts.flatMap(({ type }) => (/^(?:day|month|year)$/.test(type) ? type[0]! : [])).join(''),
    hasDots: parts.some(({ type, value }) => type === 'literal' && value.trim() === '.'),
  };
}

/** Whatever calendar and digits a language prefers. */
export const PLAIN = { calendar: 'gregory', numberingSystem: 'latn', timeZone: 'UTC' } as const;

/** Whether `12/03/2020` is in March, going by the language that a person prefers. */
export function comesDayFirst(languages: readonly string[]): boolean {
  const [first] = knownLanguages(languages);
  return first !== undefined && numericOrder(first).order.startsWith('d');
}
