/**
 * @file The inputs that the probe embeds. ORT's GPU kernels change with the number of tokens and of patches, so there
 * are inputs just below, at and just above each change.
 */

import type { BundleManifest, ProbeCase } from '../bundle/manifest';

/** A probe case that has not been embedded yet. */
export type ProbeInput = Omit<ProbeCase, 'embedding' | 'f16Loss'>;

/** Counts the tokens of a whole prompt. */
export type CountTokens = (text: string) => Promise<number>;

/**
 * Tokens of the longer texts. Attention uses other kernels from 32 tokens on, counted after rounding up (27 become 32),
 * and works in tiles of 32 and 64; other lengths leave part of a tile over. In `bucket`'s steps these run as 32 (two
 * together), 48, 64 and 96.
 */
const TEXT_TOKENS = [31, 32, 33, 64, 65];

/** At least 65 tokens in any vocabulary. */
const PASSAGE =
  'A weathered wooden sailing boat with two red masts lies at anchor in a quiet harbour, while on the quay three ' +
  'children in yellow raincoats feed bread to seven grey gulls. Behind them, narrow houses painted blue, green and ' +
  'white climb a steep hill towards an old stone church whose clock shows half past nine. Thin clouds drift over ' +
  'the bay, and far out, near the lighthouse, a ferry turns slowly into the wind.';

/** 16 patches and 80, if the model's pixel limits allow them: below and above the same changes in the vision tower. */
const PICTURES = { 'small-picture': { width: 56, height: 56 }, picture: { width: 140, height: 112 } };
const SEED = 7;

/**
 * The cases on which the cost of f16 is measured: it hardly depends on the length (see bench/RESULTS.md), and a large
 * model takes long on the CPU.
 */
export const F16_CASES: readonly string[] = ['short-text', 'text-33', 'small-picture'];

export interface ProbeOptions extends Pick<BundleManifest, 'prompts'> {
  /** Sizes instead of 56 × 56 and 140 × 112. */
  readonly pictures?: Readonly<Partial<typeof PICTURES>>;
  /** Whether pictures come with a text. @default true */
  readonly prompted?: boolean;
}

/** The inputs of a new bundle's probe. Lengths above the model's limit are left out. */
export async function probeCases(
  { prompts, pictures, prompted = true }: ProbeOptions,
  count: CountTokens,
): Promise<ProbeInput[]> {
  const lengths = TEXT_TOKENS.filter((length) => length <= prompts.maxTokens);
  const texts = await textsOf(lengths, count);
  return [
    { name: 'short-text', text: 'two dogs on a beach', picture: null },
    ...[...texts].map(([length, text]) => ({ name: `text-${length}`, text, picture: null })),
    ...Object.entries({ ...PICTURES, ...pictures }).map(([name, { width, height }]) => ({
      name,
      text: prompted ? `${prompts.imageToken}\nRepresent the given image.\n` : '',
      picture: { width, height, seed: SEED },
    })),
  ];
}

/**
 * For each length, a beginning of the passage with exactly that many tokens. One more letter is rarely two more tokens.
 */
async function textsOf(lengths: readonly number[], count: CountTokens): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (let end = 1; end <= PASSAGE.length && found.size < lengths.length; end++) {
    const text = PASSAGE.slice(0, end);
    const tokens = await count(text);
    if (lengths.includes(tokens) && !found.has(tokens)) found.set(tokens, text);
  }
  return found;
}
