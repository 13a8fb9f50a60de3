/**
 * @file Synthetic inputs, given to a model while its second moments are measured. Half are texts, half have a picture;
 * each is worded by the recipe, with one of MMEB's instructions if the recipe takes one. They are always the same.
 */

import type { InputKind, Recipe, Role } from '../../recipes';
import { fillPrompt, instructions } from '../../text';
import type { InputParts } from '../types';
import { drawPicture } from './picture';
import { Draw } from './random';
import { SENTENCES } from './sentences';

/** More hardly help: see `bench/RESULTS.md`. */
const INPUTS = 64;
/** Pixels of a picture: at most 64 visual tokens of Qwen2-VL. */
const AREAS = [112 * 112, 168 * 168, 224 * 224];
const SEED = 20261129;

const TEMPLATES = [...new Set(Object.values(instructions).flatMap(({ query, target }) => [query, target]))];
const ROLES: readonly Role[] = ['query', 'document'];
const KINDS: readonly InputKind[] = ['both', 'image', 'text'];

/** @param imageToken the placeholder for a picture in a string, if the recipe does not say */
export function calibrationInputs(recipe: Recipe, imageToken: string, count = INPUTS): InputParts[] {
  const draw = new Draw(SEED);
  return Array.from({ length: count }, (_, i) => {
    const kind = i % 2 === 0 ? 'text' : draw.of(['image', 'both'] as const);
    const text = Array.from({ length: draw.of([1, 1, 1, 2, 3]) }, () => draw.of(SENTENCES)).join(' ');
    return 'raw' in recipe.prompt
      ? rawInput(draw, { kind, text, imageToken: recipe.marker ?? imageToken })
      : templateInput(draw, recipe, { kind, text });
  });
}

/** The caller's own string: one of MMEB's. */
function rawInput(
  draw: Draw,
  { kind, text, imageToken }: { kind: InputKind; text: string; imageToken: string },
): InputParts {
  const hasPicture = kind !== 'text';
  const template = draw.of(TEMPLATES.filter((each) => each.includes('{image}') === hasPicture));
  const prompt = fillPrompt(template, text, { imageToken });
  return hasPicture ? { text: prompt, image: drawPicture(draw, draw.of(AREAS)) } : { text: prompt };
}

function templateInput(
  draw: Draw,
  { prompt, instruction, prefixes = {} }: Recipe,
  wanted: { kind: InputKind; text: string },
): InputParts {
  const templates = 'templates' in prompt ? prompt.templates : {};
  const side = draw.of(ROLES);
  // The closest input for which the recipe has a template.
  const [role, kind] = [wanted.kind, ...KINDS]
    .flatMap((each) => [side, ...ROLES].map((of) => [of, each] as const))
    .find(([of, each]) => templates[`${of}.${each}`] ?? templates[each] ?? templates.any) ?? [side, wanted.kind];
  const takesInstruction = instruction !== undefined && (instruction.roles?.includes(role) ?? true);
  const wording = draw
    .of(TEMPLATES)
    .replace(/\{image\}|\{text\}/g, '')
    .trim();
  const names = kind === 'text' && role === 'document' ? Object.keys(prefixes) : [];
  return {
    role,
    ...(kind === 'image' ? {} : { text: wanted.text }),
    ...(kind === 'text' ? {} : { image: drawPicture(draw, draw.of(AREAS)) }),
    ...(takesInstruction && wording !== '' && draw.chance(1, 2) ? { instruction: wording } : {}),
    ...(names.length > 0 && draw.chance(1, 4) ? { prefix: draw.of(names) } : {}),
  };
}
