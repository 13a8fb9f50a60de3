/**
 * @file LongRoPE ("su"): every frequency has a divisor, of one list for sequences up to the original context and of another
 * beyond, and all angles' cosines and sines are enlarged. Which list depends on the length of the whole sequence, so that
 * its first positions turn otherwise, too.
 */

import type { TextRotary } from '../architecture';
import { inverseFrequencies, rotaryTables } from '../blocks/rotary';
import type { Phi3VConfig } from './config';

export function longRotary(config: Phi3VConfig): TextRotary {
  const { ropeTheta, headDim, switchPositions, shortFactors, longFactors } = config;
  const frequencies = {
    short: inverseFrequencies(ropeTheta, headDim, shortFactors),
    long: inverseFrequencies(ropeTheta, headDim, longFactors),
  };
  const scale = magnitude(config);
  return {
    positions: ['1d'],
    key: (length) => (length > switchPositions ? 'long' : 'short'),
    sequence(rows, key) {
      const turns = frequencies[key as keyof typeof frequencies];
      return rotaryTables(rows, turns.length, (row, column) => row * turns[column]!, scale);
    },
    positionsOf: () => none(),
    rows: () => none(),
  };
}

/** What cosines and sines are multiplied with: 1.19 where 4,096 positions became 131,072. */
function magnitude({ maxPositions, switchPositions }: Phi3VConfig): number {
  const scale = maxPositions / switchPositions;
  return scale <= 1 ? 1 : Math.sqrt(1 + Math.log(scale) / Math.log(switchPositions));
}

function none(): never {
  throw new Error('internal: this architecture only has one-dimensional positions');
}
