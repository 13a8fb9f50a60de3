/**
 * @file The shown ranking by the ids of texts and columns, so that it can still be looked up after the table has
 * changed.
 */
import type { Shown } from './live-ranking';
import { byQuery, heat, order, probabilities, winners } from './scores';

export interface Cell {
  cosine: number;
  probability: number;
  /** 0 to 1, for the colour. */
  heat: number;
  /** Whether it is the best of its query. */
  isBest: boolean;
}

const keyOf = (text: number, column: number) => `${text}:${column}`;

/** Cells of a ranking. Cells that were not ranked, or have changed since, are absent. */
export class Cells {
  readonly #cells = new Map<string, Cell>();

  constructor(shown: Shown, values: 'cosine' | 'softmax') {
    const { cosines, task, texts, columns } = shown;
    const shares = probabilities(cosines, task.queries);
    const heats = heat(values === 'softmax' ? shares : cosines, values);
    const best = winners(cosines, task.queries);
    for (const [r, row] of cosines.entries()) {
      for (const [c, cosine] of row.entries()) {
        if (cosine === null) continue;
        const isBest = task.queries === 'pictures' ? best[c] === r : best[r] === c;
        const cell = { cosine, probability: shares[r]![c]!, heat: heats[r]![c]!, isBest };
        this.#cells.set(keyOf(texts[r]!.id, columns[c]!.id), cell);
      }
    }
  }

  get(text: number, column: number): Cell | null {
    return this.#cells.get(keyOf(text, column)) ?? null;
  }
}

/** One candidate of a query, as the bars show it. */
export interface Candidate {
  name: string;
  cosine: number;
  probability: number;
  /** Id of the text or column. */
  id: number;
}

/** The candidates of one query, best first; empty if that query was not ranked. */
export function candidatesOf(shown: Shown, query: number): Candidate[] {
  const { task, texts, columns, cosines } = shown;
  const queries = task.queries === 'pictures' ? columns : texts;
  const at = queries.findIndex(({ id }) => id === query);
  if (at < 0) return [];
  const scores = byQuery(cosines, task.queries)[at] ?? [];
  const shares = byQuery(probabilities(cosines, task.queries), task.queries)[at] ?? [];
  return order(scores).map((i) => ({
    name: task.queries === 'pictures' ? texts[i]!.text.trim() : columns[i]!.name,
    id: task.queries === 'pictures' ? texts[i]!.id : columns[i]!.id,
    cosine: scores[i]!,
    probability: shares[i]!,
  }));
}

const minus = (text: string) => text.replace('-', '−');

/** `0.417`, `−0.03`: three decimals. */
export const cosineInWords = (cosine: number): string => minus(cosine.toFixed(3));

/** `63 %`, `0.2 %`. */
export function shareInWords(share: number): string {
  const percent = share * 100;
  return percent > 0 && percent < 0.05 ? '< 0.1 %' : `${percent.toFixed(percent < 9.95 ? 1 : 0)} %`;
}
