/** @file `vlm2vec convert` replaces a bundle in its output folder only by the same one, or with `--force`. */

import type { BundleManifest, BundleSource, Effort, WeightDtype } from '../bundle/manifest';
import { InvalidInputError } from '../errors';
import { recipeToJson, type Recipe } from '../recipes';
import { askedOf } from '../runtime';
import { bundleIn } from '../store/folder.node.js';

/** What a conversion will make, as far as is known yet. */
interface Wanted {
  dtype: WeightDtype;
  effort: Effort;
  source?: BundleSource;
  recipe?: Recipe;
}

export class ReplacedBundle {
  readonly #out: string;
  readonly #there: BundleManifest | null;
  readonly #wanted: Wanted;

  private constructor(out: string, there: BundleManifest | null, wanted: Wanted) {
    this.#out = out;
    this.#there = there;
    this.#wanted = wanted;
    this.expect({});
  }

  /**
   * @param force anything may be replaced
   * @throws InvalidInputError if a bundle that is there differs already in what is known now
   */
  static async at(out: string, wanted: Wanted, force: boolean): Promise<ReplacedBundle> {
    return new ReplacedBundle(out, force ? null : await bundleIn(out), wanted);
  }

  /**
   * Says more about the new bundle. A checkpoint in a folder has no revision: it is the same if its folder has the same
   * name.
   * @throws InvalidInputError if the one that is there is of another conversion
   */
  expect(more: Pick<Wanted, 'source' | 'recipe'>): void {
    Object.assign(this.#wanted, more);
    const there = this.#there;
    if (!there) return;
    const { source, recipe, dtype, effort } = this.#wanted;
    const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
    const recipeThere = askedOf(there).recipe;
    const isFeedback = dtype === 'q4' && effort === 'best';
    if (
      there.dtype === dtype &&
      (there.rounding === 'feedback') === isFeedback &&
      (!source || same(there.source, source)) &&
      (!recipe || same(recipeToJson(recipeThere), recipeToJson(recipe)))
    ) {
      return;
    }
    throw new InvalidInputError(
      `${this.#out} contains another bundle: ${describe(there.source)} as ${there.dtype}` +
        `${there.rounding === 'feedback' ? ' with --effort best' : ''}, recipe ${recipeThere.name}. It is left alone: ` +
        'name another folder, or add --force to replace it.',
      { out: this.#out, source: there.source, dtype: there.dtype },
    );
  }
}

function describe({ base, adapter }: BundleSource): string {
  const name = ({ id, revision }: { id: string; revision: string | null }) => (revision ? `${id}@${revision}` : id);
  return adapter ? `${name(base)} with the adapter ${name(adapter)}` : name(base);
}
