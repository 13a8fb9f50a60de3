/** @file Settings of a `config.json` that change what is computed, apart from the numbers that an architecture reads. */

import type { JsonObject } from '../bundle/manifest';
import { UnsupportedError } from '../errors';

/** A key's values that are computed; a key that is missing or null is as transformers' default, which they include. */
export type Computed = Readonly<Record<string, (value: unknown) => boolean>>;

/** @throws UnsupportedError naming the first setting that is not computed. `path`: what stands before its key */
export function refuseOtherSettings(json: JsonObject, computed: Computed, path: string): void {
  for (const [key, isComputed] of Object.entries(computed)) {
    const value = Object.hasOwn(json, key) ? json[key] : null;
    if (value == null || isComputed(value)) continue;
    throw new UnsupportedError(
      `config.json: "${path}${key}" is ${JSON.stringify(value)}, which this version does not compute.`,
      { key: `${path}${key}`, value },
    );
  }
}
