/** @file Opens a PEFT adapter: pairs its tensors with the base's, checks that nothing is missing or left over. */

import { CheckpointFormatError, CheckpointMismatchError, SourceNotFoundError, UnsupportedError } from '../errors';
import { parseAdapterConfig, scalingOf, type AdapterConfig } from './adapter-config';
import { isTarget } from './adapter-target';
import { readJsonObject } from './json';
import { makeFactors, type LowRankFactors } from './merge';
import { canonicalName, layoutOf, nameInLayout, type NameRules } from './names';
import { choosePatternRule, rankAndAlpha, type RankAndAlpha } from './pattern-rules';
import { quote, showShape } from './quote';
import { parseSafetensors } from './safetensors';
import { openTorchFile } from './torch';
import type { FileTree } from './types';
import { readViewRows, type TensorView } from './view';

export const ADAPTER_CONFIG = 'adapter_config.json';
const ADAPTER_FILES = [
  { path: 'adapter_model.safetensors', open: parseSafetensors },
  { path: 'adapter_model.bin', open: openTorchFile },
] as const;

/** `base_model.model.` + module path + which factor. PEFT ≥ 0.14 drops the magnitude's `.weight` when it saves. */
const KEY = /^base_model\.model\.(.+)\.(lora_A\.weight|lora_B\.weight|lora_magnitude_vector(?:\.weight)?)$/s;

/** One adapted weight, as the files hold it. */
export interface AdaptedWeight {
  /** Canonical name of the base weight. */
  readonly name: string;
  readonly a: TensorView;
  readonly b: TensorView;
  readonly magnitude: TensorView | null;
  readonly r: number;
  readonly scaling: number;
}

export interface Adapter {
  readonly config: AdapterConfig;
  /** By canonical name of the base weight. */
  readonly weights: ReadonlyMap<string, AdaptedWeight>;
}

/** Reads and checks `adapter_config.json`. */
export async function readAdapterConfig(tree: FileTree, signal?: AbortSignal): Promise<AdapterConfig> {
  return parseAdapterConfig(await readJsonObject(tree, ADAPTER_CONFIG, signal), `${tree.label}/${ADAPTER_CONFIG}`);
}

/** Tensors of an adapter's folder; safetensors are preferred, as by PEFT. */
export async function openAdapterTensors(tree: FileTree, signal?: AbortSignal): Promise<Map<string, TensorView>> {
  const files = new Set(await tree.list());
  for (const { path, open } of ADAPTER_FILES) {
    if (files.has(path)) return open(await tree.open(path, signal), signal);
  }
  throw new SourceNotFoundError(`${tree.label}: neither adapter_model.safetensors nor adapter_model.bin was found`);
}

/**
 * Pairs adapter tensors with the base's shapes (by canonical name). Every tensor of the adapter must belong to a
 * target module, and every target module must have its tensors, in the right shapes.
 */
export function planAdapter(
  config: AdapterConfig,
  tensors: ReadonlyMap<string, TensorView>,
  { base, names }: { base: ReadonlyMap<string, { readonly shape: readonly number[] }>; names: NameRules },
): Adapter {
  const parts = groupByModule(tensors);
  const layout = layoutOf(parts.keys(), names);
  const ranks = [...parts].flatMap(([path, { a }]): [string, number][] => (a ? [[path, a.shape[0] ?? 0]] : []));
  const rule = choosePatternRule(config, new Map(ranks));
  const weights = new Map<string, AdaptedWeight>();

  for (const [path, found] of parts) {
    const name = canonicalName(`${path}.weight`, names);
    const any = (found.a ?? found.b ?? found.magnitude)!;
    const shape = base.get(name)?.shape;
    if (!shape) throw mismatch(any, `adapts ${quote(name)}, which the base does not have`);
    if (!isTarget(config, path)) throw mismatch(any, `adapts ${quote(path)}, which target_modules does not name`);
    if (weights.has(name)) throw mismatch(any, `adapts ${quote(name)} a second time`);
    if (names.unadaptable.test(name)) {
      throw new UnsupportedError(`${quote(name)} is adapted; embeddings and the output layer are not supported`);
    }
    weights.set(name, planWeight({ config, path, name, shape, found, ...rankAndAlpha(config, path, rule) }));
  }
  for (const name of base.keys()) {
    if (!name.endsWith('.weight') || weights.has(name)) continue;
    const path = nameInLayout(name.slice(0, -'.weight'.length), layout, names);
    if (isTarget(config, path)) {
      throw new CheckpointMismatchError(`target_modules names ${quote(path)}, but the adapter has no tensors for it`, {
        tensor: name,
      });
    }
  }
  if (weights.size === 0) throw new CheckpointMismatchError('the adapter adapts no weight of the base');
  return { config, weights };
}

/** Reads the factors of one weight. */
export async function readFactors(weight: AdaptedWeight, signal?: AbortSignal): Promise<LowRankFactors> {
  const whole = (view: TensorView): Promise<Float32Array> => readViewRows(view, 0, view.shape[0]!, signal);
  const a = await whole(weight.a);
  const b = await whole(weight.b);
  const magnitude = weight.magnitude && (await whole(weight.magnitude));
  for (const [values, view] of [
    [a, weight.a],
    [b, weight.b],
    [magnitude, weight.magnitude],
  ] as const) {
    if (values && !values.every(Number.isFinite)) {
      throw new CheckpointFormatError(`the adapter tensor ${quote(view!.name)} has values that are not finite`, {
        tensor: view!.name,
      });
    }
  }
  return makeFactors({ name: weight.name, a, b, r: weight.r, scaling: weight.scaling, magnitude });
}

interface Parts {
  a?: TensorView;
  b?: TensorView;
  magnitude?: TensorView;
}

function groupByModule(tensors: ReadonlyMap<string, TensorView>): Map<string, Parts> {
  const modules = new Map<string, Parts>();
  for (const [key, view] of tensors) {
    const match = KEY.exec(key);
    if (!match) {
      if (key.includes('lora_embedding_')) {
        throw new UnsupportedError(`the adapter tensor ${quote(key)} adapts an embedding, which is not supported`);
      }
      throw new CheckpointMismatchError(`the adapter tensor ${quote(key)} does not belong to LoRA or DoRA`, {
        tensor: key,
      });
    }
    const [, path, kind] = match as unknown as [string, string, string];
    const parts = modules.get(path) ?? {};
    modules.set(path, parts);
    const slot = kind.startsWith('lora_A') ? 'a' : kind.startsWith('lora_B') ? 'b' : 'magnitude';
    if (parts[slot]) throw mismatch(view, 'occurs in both spellings');
    parts[slot] = view;
  }
  return modules;
}

/** What is known about a weight before its factors are checked. */
interface Planned extends RankAndAlpha {
  config: AdapterConfig;
  path: string;
  name: string;
  shape: readonly number[];
  found: Parts;
}

function planWeight({ config, path, name, shape, found, r, alpha }: Planned): AdaptedWeight {
  const { a, b, magnitude } = found;
  const [outputs, inputs, ...kernel] = shape;
  // PEFT adapts a Conv3d by a convolution with A and then one with B, whose kernel is 1×1×1; flattened, this is the
  // same product as for matrices. The patch embedding is the only convolution; its weight has as many axes, and it has
  // no groups.
  const isConvolution = shape.length === 5;
  if (outputs === undefined || inputs === undefined || (shape.length !== 2 && !isConvolution)) {
    throw new UnsupportedError(
      `${quote(name)} ${showShape(shape)} is adapted; only matrices and 3-D convolutions are supported`,
    );
  }
  const missing = (kind: string): never => {
    throw new CheckpointMismatchError(`the adapter has no ${kind} for ${quote(path)}`, { tensor: name });
  };
  if (!a) return missing('lora_A.weight');
  if (!b) return missing('lora_B.weight');
  if (config.useDora && !magnitude) return missing('lora_magnitude_vector');
  if (!config.useDora && magnitude) throw mismatch(magnitude, 'is a DoRA magnitude, but use_dora is false');
  const ones = kernel.map(() => 1);
  checkShape(a, [r, inputs, ...kernel]);
  checkShape(b, [outputs, r, ...ones]);
  if (magnitude) checkShape(magnitude, isConvolution ? [1, outputs, ...ones] : [outputs]);
  return { name, a, b, magnitude: magnitude ?? null, r, scaling: scalingOf(config, r, alpha) };
}

function checkShape(view: TensorView, expected: readonly number[]): void {
  if (view.shape.length === expected.length && view.shape.every((length, axis) => length === expected[axis])) return;
  throw mismatch(view, `has the shape ${showShape(view.shape)}, not ${showShape(expected)}`);
}

function mismatch(view: TensorView, what: string): CheckpointMismatchError {
  return new CheckpointMismatchError(`the adapter tensor ${quote(view.name)} ${what}`, { tensor: view.name });
}
