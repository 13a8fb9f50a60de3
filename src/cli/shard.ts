/** @file `--shard i/n`: one machine's share of the work. */

import { InvalidArgumentError } from 'commander';
import type { Shard } from '../eval';

/** `2/8` → the second of eight. */
export function parseShard(text: string): Shard {
  const [, first, all] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const shard = { index: Number(first) - 1, count: Number(all) };
  if (!(shard.index >= 0 && shard.index < shard.count)) {
    throw new InvalidArgumentError('It must be i/n, as 1/4 to 4/4.');
  }
  return shard;
}
