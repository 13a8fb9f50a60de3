/**
 * @file The numbers that decoders, CLIP towers and processors have in common: how they are read back from a bundle, and
 * the relations that must hold between them wherever they come from.
 */

import type { JsonField } from '../bundle/json-field';
import { LEAST_DEVIATION, MAX_CHANNEL } from '../bundle/manifest';
import { UnsupportedError } from '../errors';
import type { Normalization } from '../image';
import type { ClipConfig } from './blocks/clip';
import type { DecoderConfig } from './blocks/decoder';

/** Above any real model's numbers. */
export const MAX_COUNT = 2 ** 24;
export const MAX_LAYERS = 1024;
export const MAX_THETA = 1e12;
export const MAX_PATCH = 256;
export const MAX_TILE = 4096;

export const count = (field: JsonField) => field.integer(1, MAX_COUNT);

/** Reads them as the converter wrote them to a bundle. @throws what the field creates */
export function readDecoder(
  root: JsonField,
): DecoderConfig & { vocabSize: number; maxPositions: number; ropeTheta: number } {
  return {
    hiddenSize: count(root.get('hiddenSize')),
    intermediateSize: count(root.get('intermediateSize')),
    layers: root.get('layers').integer(1, MAX_LAYERS),
    heads: count(root.get('heads')),
    kvHeads: count(root.get('kvHeads')),
    headDim: count(root.get('headDim')),
    rmsEps: root.get('rmsEps').number(1e-12, 0.1),
    ropeTheta: root.get('ropeTheta').number(1, MAX_THETA),
    vocabSize: count(root.get('vocabSize')),
    maxPositions: count(root.get('maxPositions')),
  };
}

/** The same for a tower. */
export function readClip(tower: JsonField): ClipConfig {
  return {
    depth: tower.get('depth').integer(1, MAX_LAYERS),
    width: count(tower.get('width')),
    heads: count(tower.get('heads')),
    headDim: count(tower.get('headDim')),
    mlpDim: count(tower.get('mlpDim')),
    patchSize: tower.get('patchSize').integer(1, MAX_PATCH),
    imageSize: tower.get('imageSize').integer(1, MAX_TILE),
    layerNormEps: tower.get('layerNormEps').number(1e-12, 0.1),
  };
}

/** Three numbers each, one per channel. */
export function readNormalisation(mean: JsonField, std: JsonField): Pick<Normalization, 'mean' | 'std'> {
  const triple = (field: JsonField, least: number) =>
    field.items((item) => item.number(least, MAX_CHANNEL), { min: 3, max: 3 }) as [number, number, number];
  return { mean: triple(mean, -MAX_CHANNEL), std: triple(std, LEAST_DEVIATION) };
}

/** A condition that must hold, and the message if it does not. */
export type Rule = readonly [holds: boolean, message: string];

export function decoderRules({ heads, kvHeads, headDim }: DecoderConfig): Rule[] {
  return [
    [heads % kvHeads === 0, `${heads} heads do not divide among ${kvHeads} KV heads`],
    [
      Number.isInteger(headDim) && headDim % 16 === 0,
      `a head of ${headDim} channels; attention needs a multiple of 16`,
    ],
  ];
}

export function clipRules(tower: ClipConfig): Rule[] {
  const { depth } = tower;
  return [[depth >= 1, `a vision tower of ${depth + 1} layers, the last of which is not used`], ...visionRules(tower)];
}

export function visionRules({ width, heads, headDim }: Pick<ClipConfig, 'width' | 'heads' | 'headDim'>): Rule[] {
  return [
    [heads * headDim === width, 'vision heads and width do not fit'],
    [
      Number.isInteger(headDim) && headDim % 8 === 0,
      `a vision head of ${headDim} channels; attention needs a multiple of 8`,
    ],
  ];
}

/** @throws what `error` creates, for the first rule that does not hold */
export function expectRules(rules: readonly Rule[], error: (message: string) => Error): void {
  for (const [holds, message] of rules) {
    if (!holds) throw error(message);
  }
}

/**
 * Every position sees all positions before it, so a window must be as long as the positions.
 * @throws UnsupportedError for a shorter one
 */
export function refuseShorterWindow(window: number | null | undefined, maxPositions: number, key: string): void {
  if (window == null || window >= maxPositions) return;
  throw new UnsupportedError(
    `config.json: "${key}" is ${window}, less than the ${maxPositions} positions (max_position_embeddings); windowed ` +
      'attention is not supported.',
    { window, maxPositions },
  );
}
