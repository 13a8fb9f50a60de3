/** @file Checks PEFT's `adapter_config.json`. Whatever this version cannot merge exactly is refused, never ignored. */

import { CheckpointFormatError, UnsupportedError } from '../errors';
import { isJsonObject, type JsonObject } from './json';
import { Pattern } from './pattern';
import { PATTERN_RULES, pythonPattern, rulesOfVersion, type PatternRule, type PatternValue } from './pattern-rules';
import { quote, showValue } from './quote';

/** A LoRA or DoRA adapter's hyper-parameters, with PEFT's names. */
export interface AdapterConfig {
  readonly kind: 'lora' | 'rslora' | 'dora';
  readonly useDora: boolean;
  readonly useRslora: boolean;
  readonly r: number;
  readonly loraAlpha: number;
  /** Names (complete, or the end of a dotted path), or one regular expression for the whole path. */
  readonly targetModules: ReadonlySet<string> | Pattern;
  readonly excludeModules: ReadonlySet<string> | Pattern | null;
  /** Only layers with these indexes are adapted; null for all. */
  readonly layersToTransform: ReadonlySet<number> | null;
  /** Names of the lists that the layer indexes count, such as `layers`; empty for any list. */
  readonly layersPattern: readonly string[];
  /** Ranks and alphas of individual modules, as {@link patternRules} reads them. */
  readonly rankPattern: readonly PatternValue[];
  readonly alphaPattern: readonly PatternValue[];
  /**
   * The ways in which the PEFT releases that may have written the file read its patterns; only one if the file names
   * its release.
   */
  readonly patternRules: readonly PatternRule[];
  readonly baseModel: string | null;
  readonly baseRevision: string | null;
}

/**
 * Ways to initialise A and B that leave the base weights unchanged; the others (PiSSA, OLoRA, LoftQ, CorDA, LoRA-GA, …)
 * change them.
 */
const PLAIN_INITS: readonly unknown[] = [undefined, null, true, false, 'gaussian', 'eva', 'orthogonal', 'mica'];

/** Keys of `LoraConfig` (PEFT 0.6 to 0.21) that are read below. */
const READ = new Set([
  ...['peft_type', 'peft_version', 'base_model_name_or_path', 'revision', 'r', 'lora_alpha', 'rank_pattern'],
  ...['alpha_pattern', 'target_modules', 'exclude_modules', 'layers_to_transform', 'layers_pattern', 'bias'],
  ...['init_lora_weights', 'use_dora', 'use_rslora'],
]);

/**
 * Keys that do not change what is merged: where the adapter comes from, training (dropout, VeLoRA's backward pass), how
 * A and B were initialised (EVA, CorDA, LoftQ, LoRA-GA: {@link PLAIN_INITS} refuses those that change the base),
 * options of switches that are off, and the tying of embeddings, which are never adapted here.
 */
const HARMLESS = new Set([
  ...['auto_mapping', 'task_type', 'inference_mode', 'runtime_config', 'lora_dropout', 'velora_config'],
  ...['loftq_config', 'eva_config', 'corda_config', 'lora_ga_config', 'megatron_core', 'qalora_group_size'],
  ...['ensure_weight_tying'],
]);

/** Every pattern is tried on every module; the 72B model has 688 modules in all. */
const MAX_PATTERNS = 1024;

/** Checks a parsed `adapter_config.json`; `where` names it in messages. */
export function parseAdapterConfig(json: JsonObject, where: string): AdapterConfig {
  const get = (key: string): unknown => (Object.hasOwn(json, key) ? json[key] : undefined);
  const fail = (what: string): never => {
    throw new CheckpointFormatError(`${where}: ${what}`);
  };
  const flag = (key: string): boolean => {
    const value = get(key) ?? false;
    return typeof value === 'boolean' ? value : fail(`${key} must be true or false`);
  };
  const text = (key: string): string | null => {
    const value = get(key) ?? null;
    return value === null || typeof value === 'string' ? value : fail(`${key} must be a string`);
  };

  if (get('peft_type') !== 'LORA') {
    throw new UnsupportedError(`${where}: peft_type ${showValue(get('peft_type'))} is not supported, only LORA`);
  }
  // Any other switch that is on, whether PEFT knows its key or not, may change the weights.
  for (const [key, value] of Object.entries(json)) {
    if (READ.has(key) || HARMLESS.has(key) || isOff(value)) continue;
    throw new UnsupportedError(`${where}: ${quote(key)} is ${showValue(value)}, which is not supported`, { key });
  }
  const bias = get('bias') ?? 'none';
  if (bias !== 'none') throw new UnsupportedError(`${where}: bias ${showValue(bias)} is not supported, only none`);
  if (!PLAIN_INITS.includes(get('init_lora_weights'))) {
    throw new UnsupportedError(
      `${where}: init_lora_weights ${showValue(get('init_lora_weights'))} changes the base weights;` +
        ' convert the adapter to plain LoRA with PEFT first',
    );
  }
  const r = get('r');
  if (!isRank(r)) return fail('r must be a positive integer');
  const loraAlpha = get('lora_alpha');
  if (!isAlpha(loraAlpha)) return fail('lora_alpha must be a number');
  const exclude = get('exclude_modules');
  const useDora = flag('use_dora');
  const useRslora = flag('use_rslora');
  const version = text('peft_version');
  const patternRules =
    version === null ? PATTERN_RULES : (rulesOfVersion(version) ?? fail('peft_version is not a version'));
  return {
    kind: useDora ? 'dora' : useRslora ? 'rslora' : 'lora',
    useDora,
    useRslora,
    r,
    loraAlpha,
    targetModules: modules(get('target_modules')) ?? fail('target_modules must be a list or a pattern'),
    excludeModules: exclude == null ? null : (modules(exclude) ?? fail('exclude_modules must be a list or a pattern')),
    layersToTransform: layers(get('layers_to_transform')),
    layersPattern: names(get('layers_pattern') ?? []) ?? fail('layers_pattern must be a list of names'),
    rankPattern: patterns(get('rank_pattern'), isRank, patternRules) ?? fail('rank_pattern must map names to ranks'),
    alphaPattern:
      patterns(get('alpha_pattern'), isAlpha, patternRules) ?? fail('alpha_pattern must map names to numbers'),
    patternRules,
    baseModel: text('base_model_name_or_path'),
    baseRevision: text('revision'),
  };

  function layers(value: unknown): ReadonlySet<number> | null {
    if (value == null) return null;
    const list: unknown[] = Array.isArray(value) ? value : [value];
    if (!list.every((index) => Number.isInteger(index))) return fail('layers_to_transform must list layer indexes');
    return list.length === 0 ? null : new Set(list as number[]);
  }

  function modules(value: unknown): ReadonlySet<string> | Pattern | null {
    if (value === 'all-linear') {
      throw new UnsupportedError(`${where}: "all-linear" is not supported; PEFT saves the modules it stands for`);
    }
    if (typeof value === 'string') return new Pattern(value);
    const list = names(value);
    return list && new Set(list);
  }
}

/** The scaling of a module: alpha/r, or alpha/sqrt(r) for rsLoRA. */
export function scalingOf(config: AdapterConfig, r: number, alpha: number): number {
  return config.useRslora ? alpha / Math.sqrt(r) : alpha / r;
}

function isOff(value: unknown): boolean {
  if (value == null || value === false || value === 0 || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.keys(value).length === 0;
}

function isRank(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 65_536;
}

function isAlpha(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function names(value: unknown): string[] | null {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? (value as string[]) : null;
}

function patterns(
  value: unknown,
  check: (value: unknown) => value is number,
  rules: readonly PatternRule[],
): PatternValue[] | null {
  if (value == null) return [];
  if (!isJsonObject(value)) return null;
  const entries = Object.entries(value);
  if (entries.length > MAX_PATTERNS) {
    throw new UnsupportedError(
      `${entries.length} entries in rank_pattern or alpha_pattern; the limit is ${MAX_PATTERNS}`,
    );
  }
  const found: PatternValue[] = [];
  for (const [key, number] of entries) {
    if (!check(number)) return null;
    const compiled = new Map<string, Pattern>();
    for (const rule of rules) {
      const source = pythonPattern(rule, key);
      if (!compiled.has(source)) compiled.set(source, new Pattern(source));
    }
    found.push({ key, value: number, patterns: compiled });
  }
  return found;
}
