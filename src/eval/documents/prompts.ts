/** @file The prompts for visual documents: VLM2Vec's strings from its authors, or the recipe's own instruction. */

import { InvalidInputError, UnsupportedError } from '../../errors';
import { decodeImage } from '../../image';
import type { Recipe } from '../../recipes';
import {
  expectRegime,
  makeRegime,
  type Regime,
  type RegimeChoices,
  type RegimeName,
  type RegimePictures,
} from '../regime';
import { IMAGE_TOKEN, type Pair } from '../rows';

/** Turns a question and a page into what is embedded. */
export interface DocumentPrompts {
  name: string;
  query(text: string): Pair;
  page(path: string): Pair;
}

/** `TASK_INST_QRY` and `TASK_INST_TGT` of TIGER-AI-Lab/VLM2Vec main 6e1e1d4, joined as its `process_input_text` joins them. */
export const VLM2VEC_PROMPTS: DocumentPrompts = {
  name: 'vlm2vec-v2',
  query: (text) => ({ text: `Find a document image that matches the given query: ${text}`, image: null }),
  page: (path) => ({ text: `${IMAGE_TOKEN} Understand the content of the provided document image.`, image: path }),
};

/**
 * `src/evaluation/mmeb_v2/data/datasets/vidore_dataset.py` of QwenLM/Qwen3-VL-Embedding 8ce3aab: the instruction of queries
 * ends with a full stop; pages have the recipe's default.
 */
export const QWEN3_PROMPTS: DocumentPrompts = {
  name: 'qwen3-vl-embedding',
  query: (text) => ({ text, image: null, instruction: 'Find a document image that matches the given query.' }),
  page: (path) => ({ text: '', image: path }),
};

/** Returns the prompts with the name that a report records. @throws InvalidInputError for an unknown name */
export function promptsNamed(name: string | undefined): DocumentPrompts {
  const found = [VLM2VEC_PROMPTS, QWEN3_PROMPTS].find((prompts) => prompts.name === name);
  if (found) return found;
  throw new InvalidInputError(`There are no prompts ${String(name)} for visual documents.`, { name });
}

/** The part of a model's recipe that matters here. */
export type DocumentRecipe = Pick<Recipe, 'name' | 'title' | 'pooling' | 'resize' | 'prefixes' | 'transparency'> & {
  isRaw: boolean;
};

/**
 * The authors read pages with `datasets`, whose `Image` feature rotates them according to their EXIF data (datasets
 * 3.6.0, `features/image.py`).
 */
const ORIENTATION = 'exif';

const QWEN3 = 'qwen3-vl-embedding';

/** @throws UnsupportedError for a recipe with no known prompts for visual documents */
export function documentPrompts({ name, title, isRaw, pooling, prefixes }: DocumentRecipe): DocumentPrompts {
  if (name === QWEN3) return QWEN3_PROMPTS;
  if (isRaw && pooling !== 'all' && prefixes === undefined) return VLM2VEC_PROMPTS;
  throw new UnsupportedError(
    `The recipe ${name} does not fit this evaluation: it is not known how ${title} is prompted for visual documents. ` +
      `Recipes of whole strings (vlm2vec, vlm2vec-v2) and ${QWEN3} do.`,
    { recipe: name },
  );
}

/**
 * The size of pages: `v2` by default, as VLM2Vec was evaluated; Qwen3-VL-Embedding resizes pictures according to its
 * recipe.
 * @throws UnsupportedError for a regime that does not fit the recipe
 */
export function documentRegime(
  name: RegimeName | undefined,
  recipe: DocumentRecipe,
  image: RegimePictures,
  choices: RegimeChoices = {},
): Regime {
  if (recipe.name !== QWEN3) {
    const regime = name ?? (image.plan === 'native' && recipe.name !== 'unime-v2' ? 'v2' : 'native');
    expectRegime(regime, recipe);
    return makeRegime(regime, image, choices, { orientation: ORIENTATION });
  }
  if ((name ?? 'native') !== 'native' || choices.maxPixels !== undefined || choices.numCrops !== undefined) {
    throw new UnsupportedError(
      `${recipe.title} sizes pictures in its own way: it takes neither --max-pixels nor --num-crops, and only the regime native.`,
      { recipe: recipe.name, regime: name },
    );
  }
  const { transparency } = recipe;
  return {
    name: 'native',
    key: 'native,recipe',
    options: {},
    prepare: (file, signal) => decodeImage(file, { orientation: ORIENTATION, transparency, signal }),
  };
}
