/**
 * @file Tensor names. transformers moved Qwen2-VL's modules in release 4.52, and converters have a third layout:
 *   until 4.51   model.layers.0…                 visual.blocks.0…         lm_head.weight
 *   from 4.52    model.language_model.layers.0…  model.visual.blocks.0…   lm_head.weight
 *   others       language_model.model.layers.0…  visual.blocks.0…         language_model.lm_head.weight
 * The first is canonical here. An adapter names modules in the layout of the release that trained it.
 */

/** Prefixes of one layout, each ending in a dot. */
export interface NameLayout {
  readonly text: string;
  readonly vision: string;
  readonly head: string;
}

export const CANONICAL_LAYOUT: NameLayout = { text: 'model.', vision: 'visual.', head: 'lm_head.' };
const NESTED_LAYOUT: NameLayout = { text: 'model.language_model.', vision: 'model.visual.', head: 'lm_head.' };
const SPLIT_LAYOUT: NameLayout = { text: 'language_model.model.', vision: 'visual.', head: 'language_model.lm_head.' };
/** More specific prefixes first. */
const LAYOUTS = [NESTED_LAYOUT, SPLIT_LAYOUT, CANONICAL_LAYOUT] as const;

/** The canonical name of a tensor or module; a name of no known layout stays as it is. */
export function canonicalName(name: string): string {
  for (const layout of LAYOUTS) {
    if (name.startsWith(layout.vision)) return CANONICAL_LAYOUT.vision + name.slice(layout.vision.length);
  }
  for (const layout of LAYOUTS) {
    if (name.startsWith(layout.head)) return CANONICAL_LAYOUT.head + name.slice(layout.head.length);
    if (name.startsWith(layout.text)) return CANONICAL_LAYOUT.text + name.slice(layout.text.length);
  }
  return name;
}

/** The layout that `names` are in; the canonical one where they could be in any. */
export function layoutOf(names: Iterable<string>): NameLayout {
  for (const name of names) {
    for (const layout of [NESTED_LAYOUT, SPLIT_LAYOUT]) {
      if (name.startsWith(layout.text)) return layout;
      if (layout.vision !== CANONICAL_LAYOUT.vision && name.startsWith(layout.vision)) return layout;
    }
  }
  return CANONICAL_LAYOUT;
}

/** A canonical name as `layout` spells it. */
export function nameInLayout(canonical: string, layout: NameLayout): string {
  for (const part of ['vision', 'head', 'text'] as const) {
    const prefix = CANONICAL_LAYOUT[part];
    if (canonical.startsWith(prefix)) return layout[part] + canonical.slice(prefix.length);
  }
  return canonical;
}
