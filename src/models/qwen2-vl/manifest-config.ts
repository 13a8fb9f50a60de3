/** @file The numbers of a bundle: `manifest.config`, which the converter wrote as a {@link Qwen2VLConfig}. */

import type { JsonObject } from '../../bundle/manifest';
import { BundleFormatError } from '../../errors';
import { checkConfig, isSection, type Qwen2VLConfig } from './config';

/** Every number, with its conditions. */
const TEXT = {
  hiddenSize: 'count',
  intermediateSize: 'count',
  layers: 'count',
  heads: 'count',
  kvHeads: 'count',
  headDim: 'count',
  ropeTheta: 'positive',
  rmsEps: 'positive',
  vocabSize: 'count',
  maxPositions: 'count',
  imageTokenId: 'count',
} as const;

const VISION = {
  depth: 'count',
  embedDim: 'count',
  heads: 'count',
  headDim: 'count',
  mlpDim: 'count',
  patchSize: 'count',
  mergeSize: 'count',
  temporalPatchSize: 'count',
  channels: 'count',
} as const;

/** Above any real model's numbers. */
const MAX_COUNT = 2 ** 24;

/** @throws BundleFormatError for a number that is missing or makes no sense. */
export function modelConfig(json: JsonObject): Qwen2VLConfig {
  // Bundles of version 1 have neither, and their prompts have 1-D positions.
  const { vision, mropeSection = null, visionStartTokenId = null } = json;
  if (typeof vision !== 'object' || vision === null) {
    throw new BundleFormatError('bundle.json: "config.vision" is not an object.');
  }
  if (mropeSection !== null && !isSection(mropeSection)) {
    throw new BundleFormatError('bundle.json: "config.mropeSection" must be three whole numbers.');
  }
  const config: Qwen2VLConfig = {
    ...numbers(json, TEXT, 'config'),
    mropeSection,
    visionStartTokenId:
      visionStartTokenId === null ? null : numbers(json, { visionStartTokenId: 'count' }, 'config').visionStartTokenId,
    vision: numbers(vision as Record<string, unknown>, VISION, 'config.vision'),
  };
  checkConfig(config, (message) => new BundleFormatError(`bundle.json: ${message}`));
  return config;
}

function numbers<K extends string>(
  json: Record<string, unknown>,
  kinds: Record<K, 'count' | 'positive'>,
  where: string,
): Record<K, number> {
  const result = {} as Record<K, number>;
  for (const key of Object.keys(kinds) as K[]) {
    const value = json[key];
    const fits =
      typeof value === 'number' &&
      Number.isFinite(value) &&
      value > 0 &&
      (kinds[key] === 'positive' || (Number.isInteger(value) && value <= MAX_COUNT));
    if (!fits) {
      throw new BundleFormatError(
        `bundle.json: "${where}.${key}" must be a ${kinds[key] === 'count' ? 'whole ' : ''}positive number, ` +
          `it is ${JSON.stringify(value) ?? 'missing'}.`,
        { key },
      );
    }
    result[key] = value;
  }
  return result;
}
