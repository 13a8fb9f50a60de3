/**
 * @file How PEFT finds the rank and the alpha of a module in `rank_pattern` and `alpha_pattern`. The rules changed
 * twice, and the file says which release wrote it only from 0.18 on:
 *   until 0.13  `.*\.KEY$`; the first key of both tables together that matches is looked up in each
 *   0.14        `.*\.KEY$`; the first key that matches, in each table by itself
 *   from 0.15   `(.*\.)?(KEY)$`; the same otherwise. Keys with `^`, and every alternative of `a|b`, count only here
 * The wrong rule gives a different alpha and still fits every shape, so an adapter is read by exactly one rule.
 */

import { UnsupportedError } from '../errors';
import type { AdapterConfig } from './adapter-config';
import type { Pattern } from './pattern';
import { quote } from './quote';

export const PATTERN_RULES = ['0.13', '0.14', '0.15'] as const;
export type PatternRule = (typeof PATTERN_RULES)[number];

/** Names the rule in messages. */
const RELEASES: Record<PatternRule, string> = {
  '0.13': 'PEFT up to 0.13',
  '0.14': 'PEFT 0.14',
  '0.15': 'PEFT from 0.15 on',
};

/** One entry of `rank_pattern` or `alpha_pattern`. */
export interface PatternValue {
  readonly key: string;
  readonly value: number;
  /** Compiled by {@link pythonPattern}. */
  readonly patterns: ReadonlyMap<string, Pattern>;
}

export interface RankAndAlpha {
  readonly r: number;
  readonly alpha: number;
}

/** The regular expression that PEFT builds from a key. */
export function pythonPattern(rule: PatternRule, key: string): string {
  return rule === '0.15' ? `(.*\\.)?(${key})$` : `.*\\.${key}$`;
}

/** The rule of the release that `peft_version` names; null if that is not a version. */
export function rulesOfVersion(version: string): readonly PatternRule[] | null {
  const found = /^(\d{1,4})\.(\d{1,4})(?!\d)/.exec(version);
  if (!found) return null;
  const [major, minor] = [Number(found[1]), Number(found[2])];
  if (major > 0 || minor >= 15) return ['0.15'];
  return minor === 14 ? ['0.14'] : ['0.13'];
}

/** Rank and alpha of the module `path`. */
export function rankAndAlpha(config: AdapterConfig, path: string, rule: PatternRule): RankAndAlpha {
  const { rankPattern, alphaPattern } = config;
  const matching = (entries: readonly PatternValue[]): string =>
    entries.find(({ key, patterns }) => patterns.get(pythonPattern(rule, key))!.matchStart(path))?.key ?? path;
  const lookUp = (entries: readonly PatternValue[], key: string): number | undefined =>
    entries.find((entry) => entry.key === key)?.value;
  const shared = rule === '0.13' ? matching([...rankPattern, ...alphaPattern]) : null;
  return {
    r: lookUp(rankPattern, shared ?? matching(rankPattern)) ?? config.r,
    alpha: lookUp(alphaPattern, shared ?? matching(alphaPattern)) ?? config.loraAlpha,
  };
}

/**
 * The rule by which an adapter is read. `ranks` holds the module paths and the rows of their `lora_A`. A rule that
 * gives other ranks cannot be the one that the writing PEFT made the matrices by.
 * @throws UnsupportedError naming the readings, if several remain and they differ.
 */
export function choosePatternRule(config: AdapterConfig, ranks: ReadonlyMap<string, number>): PatternRule {
  const { patternRules } = config;
  if (patternRules.length === 1) return patternRules[0]!;
  const fitting = patternRules.filter((rule) =>
    [...ranks].every(([path, rank]) => rankAndAlpha(config, path, rule).r === rank),
  );
  const [first, ...others] = fitting;
  if (first === undefined) return patternRules.at(-1)!; // no rule fits; each shape will be refused by name
  for (const path of ranks.keys()) {
    const readings = fitting.map((rule) => ({ rule, alpha: rankAndAlpha(config, path, rule).alpha }));
    if (readings.every(({ alpha }) => alpha === readings[0]!.alpha)) continue;
    const named = readings.map(({ rule, alpha }) => `${alpha} by ${RELEASES[rule]}`).join(', ');
    throw new UnsupportedError(
      `adapter_config.json: alpha_pattern gives ${quote(path)} the alpha ${named}, but the file does not say which ` +
        'release wrote it; add "peft_version" with the release that the adapter was trained with',
      { path, readings: readings.map(({ rule, alpha }) => ({ release: RELEASES[rule], alpha })) },
    );
  }
  return others.at(-1) ?? first;
}
