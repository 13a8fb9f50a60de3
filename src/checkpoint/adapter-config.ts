/** @file `adapter_config.json` of PEFT, checked. What this version cannot merge exactly is refused, never ignored. */

import { CheckpointFormatError, UnsupportedError } from '../errors';
import { isJsonObject, type JsonObject } from './json';
import { Pattern } from './pattern';
import { showValue } from './quote';

/** A LoRA or DoRA adapter's hyper-parameters, with PEFT's names. */
export interface AdapterConfig {
  readonly kind: 'lora' | 'rslora' | 'dora';
  readonly useDora: boolean;
  readonly useRslora: boolean;
  readonly r: number;
  readonly loraAlpha: number;
  /** Names (whole, or the end of a dotted path), or one regular expression for the whole path. */
  readonly targetModules: ReadonlySet<string> | Pattern;
  readonly excludeModules: ReadonlySet<string> | Pattern | null;
  /** Only layers with these indexes are adapted; null for all. */
  readonly layersToTransform: ReadonlySet<number> | null;
  /** Names of the lists that layer indexes count, `layers`; empty for any. */
  readonly layersPattern: readonly string[];
  /** Ranks and alphas of single modules: the first key that matches counts. */
  readonly rankPattern: readonly PatternValue[];
  readonly alphaPattern: readonly PatternValue[];
  readonly baseModel: string | null;
  readonly baseRevision: string | null;
}

/** One entry of `rank_pattern` or `alpha_pattern`. */
export interface PatternValue {
  readonly key: string;
  /** PEFT's `.*\.{key}$`. */
  readonly pattern: Pattern;
  readonly value: number;
}

/** Starting values that leave the base weights as they are; the others (PiSSA, OLoRA, LoftQ, …) change them. */
const PLAIN_INITS: readonly unknown[] = [undefined, null, true, false, 'gaussian', 'eva', 'orthogonal'];

/** Each is tried on each module; the 72B model has 688 modules in all. */
const MAX_PATTERNS = 1024;

/** Settings that change what the weights are or where they go: each must be off. */
const MUST_BE_OFF = [
  'fan_in_fan_out',
  'lora_bias',
  'modules_to_save',
  'layer_replication',
  'megatron_config',
  'trainable_token_indices',
  'target_parameters',
  'use_qalora',
  'use_bdlora',
  'alora_invocation_tokens',
  'arrow_config',
] as const;

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
  for (const key of MUST_BE_OFF) {
    if (!isOff(get(key))) throw new UnsupportedError(`${where}: ${key} is set, which is not supported`, { key });
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
    rankPattern: patterns(get('rank_pattern'), isRank) ?? fail('rank_pattern must map names to ranks'),
    alphaPattern: patterns(get('alpha_pattern'), isAlpha) ?? fail('alpha_pattern must map names to numbers'),
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
  if (value == null || value === false) return true;
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

function patterns(value: unknown, check: (value: unknown) => value is number): PatternValue[] | null {
  if (value == null) return [];
  if (!isJsonObject(value)) return null;
  const entries = Object.entries(value);
  if (entries.length > MAX_PATTERNS) {
    throw new UnsupportedError(
      `${entries.length} entries of rank_pattern or alpha_pattern; at most ${MAX_PATTERNS} are read`,
    );
  }
  const found: PatternValue[] = [];
  for (const [key, number] of entries) {
    if (!check(number)) return null;
    found.push({ key, pattern: new Pattern(`.*\\.${key}$`), value: number });
  }
  return found;
}
