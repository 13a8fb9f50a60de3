/**
 * @file Architectures: config → weights to store, stages, graphs, pictures, rotary tables. This is the only list of
 * them, and none of them is named anywhere else.
 */

import { InvalidInputError, UnsupportedError, BundleFormatError } from '../errors';
import type { BundleManifest, JsonObject } from '../bundle/manifest';
import type { Architecture, Backbone, BackboneOptions, Positions } from './architecture';
import { llavaNext } from './llava-next';
import { phi3v } from './phi3-v';
import { qwen2vl } from './qwen2-vl';
import { qwen3vl } from './qwen3-vl';
import { siglip } from './siglip';
import { expectWholeTowers } from './stages';

export type {
  Architecture,
  Backbone,
  BackboneOptions,
  BundleFacts,
  CheckpointFiles,
  EncodedPrompt,
  Head,
  Network,
  Picture,
  PicturePlan,
  PositionMixture,
  Positions,
  Routes,
  TextRotary,
  Tower,
} from './architecture';
export { runName, storedRuns, storedWeights } from './sections';
export { buildMomentsGraph, momentColumns, type MomentsOutput } from './moments-graph';
export { buildStageGraph, textTables } from './stage-graph';
export { cutStage, planStages, slicesToFit, type BytesOf } from './stages';
export type { GraphOptions, GraphStage, PlannedWeight, RotaryTables, StagePlan, TowerKind, WeightRole } from './types';

const architectures: Architecture[] = [qwen2vl, qwen3vl, llavaNext, phi3v, siglip];

/** Adds an architecture of one's own. @throws InvalidInputError if its names are taken */
export function registerArchitecture(architecture: Architecture): void {
  const taken = architectures.some(
    ({ id, modelType }) => id === architecture.id || modelType === architecture.modelType,
  );
  if (taken) throw new InvalidInputError(`There is already an architecture ${architecture.id}.`);
  architectures.push(architecture);
}

/** The architecture that a checkpoint's `config.json` names. @throws UnsupportedError if it is not known */
export function architectureOf(config: JsonObject): Architecture {
  const found = architectures.find(({ modelType }) => modelType === config.model_type);
  if (found) return found;
  const relative = architectures.find(({ refuses = {} }) => Object.hasOwn(refuses, String(config.model_type)));
  if (relative) {
    const { model_type: modelType } = config;
    throw new UnsupportedError(
      `config.json is of model_type "${String(modelType)}": ${relative.refuses![String(modelType)]}`,
      {
        modelType,
      },
    );
  }
  const known = architectures.map(({ modelType }) => `"${modelType}"`).join(', ');
  throw new UnsupportedError(
    `config.json is of model_type ${JSON.stringify(config.model_type)}; this version only converts ${known}.`,
    { modelType: config.model_type },
  );
}

/** @throws UnsupportedError for positions that the checkpoint's numbers do not allow */
export function expectPositions({ name, rotary }: Backbone, positions: Positions): void {
  if ((rotary?.positions ?? ['1d']).includes(positions)) return;
  throw new UnsupportedError(
    `The recipe has ${positions === 'mrope' ? 'three-axis' : 'one-dimensional'} positions, which this ${name} model's ` +
      'config does not describe (mrope_section, vision_start_token_id). A bundle made by an older version must be ' +
      'converted again.',
    { positions },
  );
}

/** @throws UnsupportedError for one vector per token, if the towers return one per input */
export function expectPooling({ name, routes }: Backbone, pooling: 'last' | 'all'): void {
  if (pooling === 'last' || routes.picture.at(-1) === routes.text.at(-1)) return;
  throw new UnsupportedError(`The recipe asks for one vector per token; ${name} models give one per input.`, {
    pooling,
  });
}

/**
 * The backbone of a bundle. @throws BundleFormatError if its architecture is not known, or its numbers make no sense
 */
export function bundleBackbone(manifest: BundleManifest, options: Pick<BackboneOptions, 'head'>): Backbone {
  const found = architectures.find(({ id }) => id === manifest.architecture);
  if (!found) {
    const known = architectures.map(({ id }) => id).join(', ');
    throw new BundleFormatError(
      `bundle.json: the architecture ${JSON.stringify(manifest.architecture)} is unknown; known architectures are ${known}. ` +
        'Update vlm2vec-web.',
      { architecture: manifest.architecture },
    );
  }
  const { embeddings, dims, mlpSlices, stages } = manifest;
  const backbone = found.fromBundle(manifest, { ...options, mlpSlices });
  const expected = { rows: backbone.vocabSize, columns: backbone.hiddenSize };
  if (embeddings.rows !== expected.rows || embeddings.columns !== expected.columns || dims !== backbone.dims) {
    throw new BundleFormatError(
      `bundle.json: a table of ${expected.rows} × ${expected.columns} and vectors of ${backbone.dims} numbers are ` +
        `expected; it says ${embeddings.rows} × ${embeddings.columns} and ${dims}.`,
    );
  }
  const { mostSlices = 1 } = backbone.towers.text;
  if (mlpSlices > mostSlices) {
    throw new BundleFormatError(`bundle.json: mlpSlices is ${mlpSlices}; this model has at most ${mostSlices}.`);
  }
  expectWholeTowers(backbone, stages);
  return backbone;
}
