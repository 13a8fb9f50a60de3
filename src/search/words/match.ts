/**
 * @file Finds pictures by words, dates and places: which ones pass the filters of a typed query, and whose names
 * contain its words.
 */

import type { Places } from '../places/areas';
import { isOpen, type Matching, type Only } from '../query/understand';
import type { WhenTaken } from '../query/dates/spoken';
import type { PhotoItem, Reason } from '../types';
import { fieldAt, FIELDS, Haystacks, type Field } from './haystack';

export type Matchable = Pick<PhotoItem, 'id' | 'name' | 'path' | 'camera' | 'words' | 'taken' | 'place'>;

/** Of one picture. */
export interface Match {
  /** Filters that it passes, and words of its names. */
  why: Reason[];
  /** `own`: all words stand in what is said of it alone; `around`: some only in its folder's or camera's name; null: not all stand there. */
  named: 'own' | 'around' | null;
  /** Of the weakest field: smaller is stronger. */
  strength: number;
}

interface Names {
  haystack: string;
  item: Matchable;
}

const OWN = FIELDS.indexOf('folder');

export class WordSearch {
  readonly #haystacks = new Haystacks();
  /** Null before they are loaded, and without. */
  places: Places | null = null;

  /** Null for what does not pass the filters. */
  match(item: Matchable, { needles, without, only }: Matching): Match | null {
    const names: Names = { haystack: this.#haystacks.of(item), item };
    const why = only.length > 0 ? this.#pass(names, only) : [];
    if (!why) return null;
    const isUnwanted = without.length > 0 && without.some((needle) => this.#has(names, needle));
    if (needles.length === 0) return isUnwanted ? null : { why, named: null, strength: FIELDS.length };
    if (isUnwanted || !needles.every((needle) => this.#has(names, needle))) {
      return { why, named: null, strength: FIELDS.length };
    }
    const found = needles.map((needle): Reason => ({ kind: this.#fieldOf(names, needle)!, text: needle.trim() }));
    const strength = Math.max(...found.map(({ kind }) => FIELDS.indexOf(kind as Field)));
    return { why: [...joined(found), ...why], named: strength < OWN ? 'own' : 'around', strength };
  }

  /** So that the first search need not. */
  prepare(item: Matchable): void {
    this.#haystacks.of(item).indexOf('\n\n'); // and so the engine joins its parts now
    if (item.place) this.places?.foldedAt(item.place);
  }

  #has({ haystack, item }: Names, needle: string): boolean {
    return haystack.includes(needle) || this.#isPlace(item, needle);
  }

  #fieldOf({ haystack, item }: Names, needle: string): Field | null {
    const at = haystack.indexOf(needle);
    const field = at < 0 ? null : fieldAt(haystack, at);
    const isOwn = field !== null && FIELDS.indexOf(field) < OWN;
    return !isOwn && this.#isPlace(item, needle) ? 'place' : field;
  }

  #isPlace({ place }: Matchable, needle: string): boolean {
    return place !== null && this.places !== null && this.places.foldedAt(place).includes(needle);
  }

  /** Dates are alternatives, but those with an open end; places too. Null where it passes not all. */
  #pass(names: Names, only: readonly Only[]): Reason[] | null {
    const why: Reason[] = [];
    const met = { dates: false, places: false };
    const asked = { dates: false, places: false };
    for (const each of only) {
      const hasNoEnd = each.kind === 'date' && isOpen(each.when);
      const group = each.kind === 'date' ? 'dates' : 'places';
      const reason = this.#meets(names, each);
      if (hasNoEnd && !reason) return null;
      if (reason) why.push(reason);
      if (hasNoEnd) continue;
      asked[group] = true;
      if (reason) met[group] = true;
    }
    return asked.dates === met.dates && asked.places === met.places ? why : null;
  }

  #meets(names: Names, only: Only): Reason | null {
    const { item } = names;
    if (only.kind === 'date') {
      if (isWithin(item.taken, only.when)) return { kind: 'date', text: only.text };
    } else if (item.place && this.places) {
      const where = this.places.whereIn(only.area, item.place);
      if (where) {
        const at = this.places.at(item.place);
        return {
          kind: 'place',
          text:
            where === 'country' || where.town === null
              ? at
                ? this.places.nameOf(at)
                : only.meaning
              : this.places.nameOf(where),
        };
      }
    }
    const fields = only.needles.map((needle) => this.#fieldOf(names, needle));
    const [first] = fields;
    return first && fields.every((field) => field) ? { kind: first, text: only.text } : null;
  }
}

export function isWithin(taken: number, { stretches, everyYear }: WhenTaken): boolean {
  if (stretches.some(({ from, to }) => taken >= from && taken < to)) return true;
  if (!everyYear) return false;
  const date = new Date(taken);
  return date.getUTCMonth() === everyYear.month && (everyYear.day === undefined || date.getUTCDate() === everyYear.day);
}

/** Words of one field as one reason. */
function joined(found: readonly Reason[]): Reason[] {
  const kinds = [...new Set(found.map(({ kind }) => kind))];
  return kinds.map((kind) => ({
    kind,
    text: found.flatMap((each) => (each.kind === kind ? each.text : [])).join(' '),
  }));
}
