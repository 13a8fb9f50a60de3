/** @file Settings of a checkpoint's JSON files that change what is computed, apart from the numbers that are read. */

import type { JsonObject } from '../bundle/manifest';
import { UnsupportedError } from '../errors';

/** By key, whether its value is computed; undefined stands for a key that is missing. */
export type Computed = Readonly<Record<string, (value: unknown) => boolean>>;

/** One of these, written: the library's default is another. */
export const is =
  (...values: unknown[]) =>
  (value: unknown) =>
    values.includes(value);

/** Missing, which is as the library's default, or one of these. null is neither: libraries take it for "no". */
export const missingOr = (...values: unknown[]) => is(undefined, ...values);

/** Missing or null, which mean the same there, or one of these. */
export const unsetOr = (...values: unknown[]) => is(undefined, null, ...values);

export interface SettingsPlace {
  /** @default 'config.json' */
  readonly file?: string;
  /** What stands before a key: `text_config.` */
  readonly path?: string;
}

/** @throws UnsupportedError naming the first setting that is not computed */
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
