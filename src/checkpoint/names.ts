/**
 * @file Names of tensors and modules. The name of a weight depends on the release that wrote the file: transformers
 * moved the modules of most models in release 4.52, and converters have layouts of their own. An adapter names modules in
 * the layout of the release that trained it. The architecture knows which layouts exist.
 */

/** The module path of each part of the model: `{ text: 'model', vision: 'visual', head: 'lm_head' }`. */
export type NameLayout = Readonly<Record<string, string>>;

/** What is known about an architecture's names. The patterns match canonical names of weights: `lm_head.weight`. */
export interface NameRules {
  /**
   * The layouts, all with the same parts; the first is canonical. If paths are nested, the longest that fits counts.
   */
  readonly layouts: readonly [NameLayout, ...NameLayout[]];
  /** Weights that an embedding does not need. Any other unused weight is an error. */
  readonly unneeded: RegExp;
  /** Weights that adapters may not change: embeddings and the output layer. */
  readonly unadaptable: RegExp;
}

/** The canonical name of a tensor or module; a name that fits no known layout is returned unchanged. */
export function canonicalName(name: string, { layouts }: NameRules): string {
  return rename(name, layouts, layouts[0]);
}

/** The layout that all `names` fit; the canonical one if they fit several. */
export function layoutOf(names: Iterable<string>, rules: NameRules): NameLayout {
  const { layouts } = rules;
  const all = [...names];
  const isIn = (layout: NameLayout): boolean =>
    all.every((name) => rename(name, [layout], layouts[0]) === canonicalName(name, rules));
  return layouts.find(isIn) ?? layouts[0];
}

/** A canonical name as `layout` spells it. */
export function nameInLayout(canonical: string, layout: NameLayout, { layouts }: NameRules): string {
  return rename(canonical, [layouts[0]], layout);
}

function rename(name: string, from: readonly NameLayout[], to: NameLayout): string {
  let best: { part: string; path: string } | null = null;
  for (const layout of from) {
    for (const [part, path] of Object.entries(layout)) {
      const fits = name === path || name.startsWith(`${path}.`);
      if (fits && path.length > (best?.path.length ?? 0)) best = { part, path };
    }
  }
  return best ? to[best.part]! + name.slice(best.path.length) : name;
}
