/** @file Checks whether the files of a known repository are those that its recipe expects. */

import type { JsonObject } from '../bundle/manifest';
import type { Checkpoint } from '../checkpoint';
import type { ResizeStep } from '../image';
import { publishedFiles, type Recipe } from '../recipes';

interface Found {
  checkpoint: Pick<Checkpoint, 'source' | 'adapter'>;
  architecture: string;
  recipe: Recipe;
  /** What the backbone read from `preprocessor_config.json`. */
  image: JsonObject;
}

/**
 * Describes the differences; null if there are none. The files count in any case, since they are what is computed. But
 * if they are not those for which the recipe was written, the recipe may be wrong for them too.
 */
export function unlikePublished({ checkpoint, architecture, recipe, image }: Found): string | null {
  const { source, adapter } = checkpoint;
  const found = [
    ...adapterDiffers(adapter, publishedFiles(recipe, architecture).adapter),
    ...limitsDiffer(image, recipe, publishedFiles(recipe, architecture).limits),
  ];
  if (found.length === 0) return null;
  const what = source.adapter?.id ?? source.base.id;
  return (
    `${what} differs from what is known about ${recipe.title}: ${found.join('; ')}. Its files are followed; check that they are ` +
    'the published ones.'
  );
}

type Expected = NonNullable<ReturnType<typeof publishedFiles>['adapter']>;

function adapterDiffers(adapter: Checkpoint['adapter'], expected: Expected | undefined): string[] {
  if (adapter === null || expected === undefined) return [];
  const { kind, ranks, alpha } = expected;
  const differs: string[] = [];
  if (adapter.kind !== kind) differs.push(`the adapter is ${adapter.kind}, not ${kind}`);
  if (!ranks.includes(adapter.r)) differs.push(`its rank is ${adapter.r}, not ${ranks.join(' or ')}`);
  if (alpha !== undefined && adapter.loraAlpha !== alpha) {
    differs.push(`its alpha is ${adapter.loraAlpha}, not ${alpha}`);
  }
  return differs;
}

/**
 * Recipes that go by the file's limits alone expect the published ones; those that resize pictures first expect limits
 * that have no further effect.
 */
function limitsDiffer(
  { minPixels, maxPixels }: JsonObject,
  { resize }: Recipe,
  expected: readonly [number, number] | undefined,
): string[] {
  const [last, before] = [resize.at(-1), resize.at(-2)];
  if (typeof minPixels !== 'number' || typeof maxPixels !== 'number') return [];
  if (last === undefined || !('fit' in last) || last.fit !== 'file') return [];
  const said = `preprocessor_config.json allows ${minPixels} to ${maxPixels} pixels`;
  if (before === undefined) {
    if (expected === undefined || (minPixels === expected[0] && maxPixels === expected[1])) return [];
    return [`${said}, not ${expected.join(' to ')}`];
  }
  const given = areasOf(before);
  if (given === null || (minPixels <= given[0] && maxPixels >= given[1])) return [];
  return [`${said}, which resizes pictures of ${given.join(' to ')} once more`];
}

/** The smallest and the largest picture that a step produces; null if it does not say. */
function areasOf(step: ResizeStep): readonly [number, number] | null {
  if ('square' in step) return [step.square ** 2, step.square ** 2];
  return 'fit' in step && step.fit !== 'file' ? step.fit : null;
}
