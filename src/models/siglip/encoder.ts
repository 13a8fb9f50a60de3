/** @file The blocks that both towers consist of, as in their checkpoints. */

import { linear, norm } from '../blocks/layers';
import { vitSteps, type VitBlock, type VitRun, type VitStepsOptions } from '../blocks/vit';
import type { Step } from '../blocks/steps';
import type { Section } from '../types';

/** Numbers of one of the two towers. */
export interface EncoderConfig {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly headDim: number;
  /** Hidden width of the MLPs. */
  readonly mlpDim: number;
  readonly layerNormEps: number;
}

/**
 * The factor of the stream, with float16 activations. The models were trained in bfloat16: what the branches of the
 * largest tower add was not measured, and a quarter allows up to 262,000. What they add to a stream of small numbers
 * stays far above float16's coarsest steps.
 */
export const F16_SCALE = 1 / 4;

export const ACTIVATION = 'gelu_tanh';

interface Place {
  /** The prefix of its weights in the bundle: `text.layers.0`. */
  readonly name: string;
  /** Its path in the checkpoint. */
  readonly source: string;
}

/** A LayerNorm of the tower's width. */
export function layerNorm({ width, layerNormEps }: EncoderConfig, { name, source }: Place) {
  return norm({ name, source, length: width, epsilon: layerNormEps, bias: true });
}

/** A linear layer with a bias. */
export function biased({ name, source }: Place, [inFeatures, outFeatures]: readonly [number, number]) {
  return linear({ name, sources: [source], inFeatures, outFeatures, bias: true });
}

/** The two layers of an MLP and the norm before them. */
export function mlpLayers(config: EncoderConfig, { name, source }: Place, normSource: string) {
  const { width, mlpDim } = config;
  return {
    norm2: layerNorm(config, { name: `${name}.norm2`, source: normSource }),
    fc1: biased({ name: `${name}.mlp.fc1`, source: `${source}.mlp.fc1` }, [width, mlpDim]),
    fc2: {
      ...biased({ name: `${name}.mlp.fc2`, source: `${source}.mlp.fc2` }, [mlpDim, width]),
      role: 'down' as const,
    },
  };
}

/** Rows of keys, or values, of all heads. */
export const section = (label: 'q' | 'k' | 'v', rows: number): Section => ({
  label,
  rows,
  role: ({ q: 'query', k: 'key', v: 'value' } as const)[label],
});

/** The projection that the heads' outputs pass through. */
export function outputLayer({ width }: EncoderConfig, place: Place) {
  return { ...biased(place, [width, width]), role: 'output' as const };
}

function block(config: EncoderConfig, { name, source }: Place): VitBlock {
  const { width } = config;
  return {
    norm1: layerNorm(config, { name: `${name}.norm1`, source: `${source}.layer_norm1` }),
    qkv: linear({
      name: `${name}.attn.qkv`,
      sources: ['q', 'k', 'v'].map((each) => `${source}.self_attn.${each}_proj`),
      inFeatures: width,
      outFeatures: 3 * width,
      bias: true,
      sections: [section('q', width), section('k', width), section('v', width)],
    }),
    proj: outputLayer(config, { name: `${name}.attn.proj`, source: `${source}.self_attn.out_proj` }),
    ...mlpLayers(config, { name, source }, `${source}.layer_norm2`),
  };
}

/**
 * All blocks of a tower, each divided into steps.
 * @param place the tower's prefix: `text`, and `text_model` in the checkpoint
 */
export function encoderBlocks(
  config: EncoderConfig,
  { name, source }: Place,
  optionsOf: (isLast: boolean) => VitStepsOptions,
): Step<VitRun>[][] {
  const { layers } = config;
  return Array.from({ length: layers }, (_, index) => {
    const place = { name: `${name}.layers.${index}`, source: `${source}.encoder.layers.${index}` };
    return vitSteps({ ...config, activation: ACTIVATION }, block(config, place), optionsOf(index === layers - 1));
  });
}
