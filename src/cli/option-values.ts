/** @file Values of options that several commands share. */

import { InvalidArgumentError } from 'commander';
import type { Shard } from '../eval';

/** `--shard`, one machine's share of the work: `2/8` is the second of eight parts. */
export function parseShard(text: string): Shard {
  const [, first, all] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const shard = { index: Number(first) - 1, count: Number(all) };
  if (!(shard.index >= 0 && shard.index < shard.count)) {
    throw new InvalidArgumentError('It must be i/n, from 1/4 to 4/4 for example.');
  }
  return shard;
}

export function positiveInteger(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number === 0) {
    throw new InvalidArgumentError('It must be a whole number above 0.');
  }
  return number;
}
