/** @file Prepositions before names of places, in the languages in which a person may type. */

/**
 * Alternatives are separated by `|`; one that ends in an apostrophe is joined to the name. After those with a `~` names
 * need a capital letter, since other words follow them too: `jus d'orange`, `spaghetti alla chitarra`, `in the reading
 * room`. Languages that change the name (`w Rzymie`) are here as far as names often stay as they are.
 */
const WORDS: Record<string, string> = {
  en: 'in|at|near|from|around|~in the|~at the|~near the|~from the|~around the',
  de: 'in|im|bei|beim|nahe|nach|aus|auf|um|in der|in den|in dem|in die|auf der|auf den|aus der|aus dem|aus den|in der nähe von',
  fr: "à|en|dans|près de|près d'|près du|autour de|~vers|~au|~aux|~à la|~à l'|~dans le|~dans la|~dans les|~dans l'|~en l'|~d'|~l'",
  es: 'en|en el|en la|en los|en las|cerca de|cerca del|~a|~al|~a la',
  it: "ad|in|nel|nella|nello|nei|negli|nelle|nell'|vicino a|vicino ad|presso|~a|~al|~alla|~ai|~alle|~all'|~dall'|~dell'|~d'|~l'",
  pt: 'em|na|nos|nas|perto de|perto do|perto da|~no|~a|~ao|~à',
  nl: 'in|bij|nabij|naar|uit|op|rond|rondom|in de|in het|uit de|bij de|~te',
  sv: 'vid|nära|på|från|till|kring|~i',
  da: 'ved|nær|på|fra|til|omkring|~i',
  nb: 'ved|nær|på|fra|til|rundt|~i',
  pl: 'we|na|koło|blisko|obok|~w|~pod',
  ru: 'во|на|под|около|возле|близ|~в',
};

/** Prepositions of one language that mean something else in another: there, too, names need a capital letter. */
const OTHERWISE: Record<string, string> = {
  en: 'a|ad|al|do|i|no|on|pod|till',
  nl: 'en|na',
  sv: 'en',
  da: 'en',
  nb: 'en',
  pt: 'um|nos',
};

/** The longest of the prepositions has so many words. */
const MOST_WORDS = 4;

/** What stands before a name. */
export interface BeforePlace {
  /** How many words precede the name. */
  words: number;
  /** How many letters of its own first word do: of `d'Italie`, two. */
  letters: number;
  /** Whether the name may be in lower case. */
  isClear: boolean;
}

const cache = new Map<string, ReadonlyMap<string, boolean>>();

/** The prepositions of these languages and of English, and whether each is clear. */
function prepositions(languages: readonly string[]): ReadonlyMap<string, boolean> {
  const names = languages.map((language) => /^[a-z]*/i.exec(language)![0].toLowerCase());
  const known = ['en', ...names.map((name) => (name === 'no' || name === 'nn' ? 'nb' : name))].filter((name) =>
    Object.hasOwn(WORDS, name),
  );
  const key = [...new Set(known)].join();
  const before = cache.get(key);
  if (before) return before;
  const all = new Map<string, boolean>();
  for (const name of new Set(known)) {
    const others = new Set(
      known.filter((other) => other !== name).flatMap((other) => OTHERWISE[other]?.split('|') ?? []),
    );
    for (const each of WORDS[name]!.split('|')) {
      const words = each.replace('~', '');
      all.set(words, !each.startsWith('~') && !others.has(words) && all.get(words) !== false);
    }
  }
  cache.set(key, all);
  return all;
}

/**
 * The longest preposition before a word; null if there is none.
 * @param words of the text, up to the one where the name may begin
 */
export function beforePlace(words: readonly string[], at: number, languages: readonly string[]): BeforePlace | null {
  const known = prepositions(languages);
  const plain = (word: string) => word.normalize('NFC').toLowerCase().replaceAll('’', "'");
  const letters = words[at]!.search(/['’](?=.)/) + 1;
  const joined = letters > 0 ? plain(words[at]!.slice(0, letters)) : null;
  for (let count = Math.min(MOST_WORDS, at); count >= 0; count--) {
    const before = words.slice(at - count, at).map(plain);
    const elided = joined === null ? undefined : known.get([...before, joined].join(' '));
    if (elided !== undefined) return { words: count, letters, isClear: elided };
    const whole = count > 0 ? known.get(before.join(' ')) : undefined;
    if (whole !== undefined) return { words: count, letters: 0, isClear: whole };
  }
  return null;
}
