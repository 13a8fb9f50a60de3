/**
 * @file LongRoPE ("su"): every frequency has a divisor, from one list for sequences up to the original context and from
 * another beyond that, and the cosines and sines of all angles are enlarged. The list depends on the length of the
 * whole sequence, so that the angles of its first positions change too.
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

/** The factor for cosines and sines: 1.19 if 4,096 positions were extended to 131,072. */
function magnitude({ maxPositions, switchPositions }: Phi3VConfig): number {
  const scale = maxPositions / switchPositions;
  return scale <= 1 ? 1 : Math.sqrt(1 + Math.log(scale) / Math.log(switchPositions));
}

function none(): never {
  throw new Error('internal: this architecture only has one-dimensional positions');
}
