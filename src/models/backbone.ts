/** @file What the architectures' networks and backbones have in common: a vision tower before a decoder. */

import type { JsonObject } from '../bundle/manifest';
import { CHAINED, type Backbone, type Network, type Tower } from './architecture';
import { decoderTower, type DecoderConfig, type DecoderOptions } from './blocks/decoder';

export interface NetworkParts extends DecoderOptions {
  /** The architecture's name. */
  readonly name: string;
  readonly vision: Tower;
}

/** Weights and graphs of a vision tower and a decoder, whose token table is `{source}.embed_tokens`. */
export function networkOf(
  config: DecoderConfig & { readonly vocabSize: number },
  { name, vision, ...decoder }: NetworkParts,
): Network {
  return {
    name,
    hiddenSize: config.hiddenSize,
    featureSize: config.hiddenSize * (1 + (decoder.deepLayers ?? 0)),
    dims: decoder.head?.size ?? config.hiddenSize,
    vocabSize: config.vocabSize,
    embeddingTensor: `${decoder.source}.embed_tokens.weight`,
    routes: CHAINED,
    towers: { vision, text: decoderTower(config, decoder) },
  };
}

/** What a backbone adds to its network; `image` with the name of its plan. */
export interface BackboneParts extends Omit<Backbone, keyof Network | 'config' | 'image'> {
  readonly config: object;
  readonly image: { readonly plan: string };
}

/** A backbone whose facts are plain JSON. */
export function backboneOf(network: Network, { config, image, ...parts }: BackboneParts): Backbone {
  return { ...network, ...parts, config: { ...config } as JsonObject, image: { ...image } as JsonObject };
}
