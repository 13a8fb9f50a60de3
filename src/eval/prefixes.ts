/** @file The words that B3 puts before MMEB's text targets, by dataset. */

import type { Recipe } from '../recipes';
import type { MmebData } from './dataset';
import type { EvalRows } from './rows';
import type { MmebSet } from './sets';

/** Names of the prefixes that MMEB's datasets use; a recipe with others cannot be evaluated. */
export const TARGET_PREFIXES: readonly string[] = ['label', 'answer', 'caption'];

const CAPTIONS: readonly string[] = ['MSCOCO_i2t', 'VisualNews_i2t'];

/**
 * `eval_mmeb.py` of raghavlite/B3: the ten classification sets, the ten VQA sets, and the two that search for captions.
 */
function prefixOf({ name, metaTask }: MmebSet): string | null {
  if (metaTask === 'Classification') return 'label';
  if (metaTask === 'VQA') return 'answer';
  return CAPTIONS.includes(name) ? 'caption' : null;
}

/**
 * Returns the data with a recipe's prefixes put before targets that are texts; without prefixes, the data unchanged.
 */
export function withPrefixes(data: MmebData, prefixes: Recipe['prefixes']): MmebData {
  if (prefixes === undefined) return data;
  return {
    ...data,
    rows: async (set, options) => {
      const name = prefixOf(set);
      const prefix = name === null ? undefined : prefixes[name];
      const rows = await data.rows(set, options);
      return prefix === undefined ? rows : prefixed(rows, prefix);
    },
  };
}

function prefixed({ pairs, rows }: EvalRows, prefix: string): EvalRows {
  const targets = new Set(rows.flatMap(({ candidates }) => [...candidates]));
  return {
    rows,
    pairs: pairs.map((pair, i) =>
      targets.has(i) && pair.image === null ? { ...pair, text: prefix + pair.text } : pair,
    ),
  };
}
