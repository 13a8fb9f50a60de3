/**
 * @file Which modules an adapter adapts: the rules of PEFT's `tuners_utils.check_target_module_exists`, on module paths
 * in the adapter's layout. Where a path has several layer indexes, the first counts from release 0.20 on, and the last
 * before; the models here have one at most.
 */

import { UnsupportedError } from '../errors';
import type { AdapterConfig } from './adapter-config';
import { Pattern } from './pattern';
import { quote } from './quote';

/** True where PEFT would put an adapter on the module `path`. */
export function isTarget(config: AdapterConfig, path: string): boolean {
  const { targetModules, excludeModules } = config;
  if (excludeModules && isNamed(excludeModules, path)) return false;
  if (targetModules instanceof Pattern) return targetModules.fullMatch(path);
  if (targetModules.has(path)) return true; // named in full, so layersToTransform does not matter
  return isNamed(targetModules, path) && isChosenLayer(config, path);
}

function isNamed(names: ReadonlySet<string> | Pattern, path: string): boolean {
  if (names instanceof Pattern) return names.fullMatch(path);
  if (names.has(path)) return true;
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    if (names.has(path.slice(dot + 1))) return true;
  }
  return false;
}

function isChosenLayer(config: AdapterConfig, path: string): boolean {
  if (!config.layersToTransform) return true;
  const index = layerIndex(config.layersPattern, path);
  return index !== null && config.layersToTransform.has(index);
}

/** The last number in the path that is preceded by the list's name and one more name, and followed by something. */
function layerIndex(lists: readonly string[], path: string): number | null {
  const parts = path.split('.');
  for (const list of lists.length > 0 ? lists : [null]) {
    if (list !== null && !/^\w+$/.test(list)) {
      throw new UnsupportedError(`layers_pattern ${quote(list)} is not supported: only plain names are`);
    }
    for (let i = parts.length - 2; i >= 2; i--) {
      if (/^\d+$/.test(parts[i]!) && (list === null || parts[i - 1] === list)) return Number(parts[i]);
    }
  }
  return null;
}
