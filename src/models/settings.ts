/** @file Settings of a checkpoint's JSON files that change what is computed, apart from the numbers that are read. */

import type { JsonObject } from '../bundle/manifest';
import { UnsupportedError } from '../errors';

/** For each key, whether its value is supported; undefined means that the key is missing. */
export type Computed = Readonly<Record<string, (value: unknown) => boolean>>;

/** One of these, and not missing: the library's default is a different one. */
export const is =
  (...values: unknown[]) =>
  (value: unknown) =>
    values.includes(value);

/** Missing, which means the library's default, or one of these. null is neither, since libraries treat it as "no". */
export const missingOr = (...values: unknown[]) => is(undefined, ...values);

/** Missing or null, which mean the same for this key, or one of these. */
export const unsetOr = (...values: unknown[]) => is(undefined, null, ...values);

export interface SettingsPlace {
  /** @default 'config.json' */
  readonly file?: string;
  /** The prefix of the key in messages: `text_config.` */
  readonly path?: string;
}

/** @throws UnsupportedError naming the first setting that is not supported */
export function refuseOtherSettings(
  json: JsonObject,
  computed: Computed,
  { file = 'config.json', path = '' }: SettingsPlace = {},
): void {
  for (const [key, isComputed] of Object.entries(computed)) {
    const value = Object.hasOwn(json, key) ? json[key] : undefined;
    if (isComputed(value)) continue;
    throw new UnsupportedError(
      `${file}: "${path}${key}" is ${JSON.stringify(value) ?? 'missing'}, which this version does not support.`,
      { key: `${path}${key}`, value },
    );
  }
}
