/** @file A repository's recipe in words. */
import { recipes, type Licence, type Recipe } from '../../src/index';
import { modelsStrings } from '../strings/models';

const strings = modelsStrings.recipe;

/** The recipe of a repository on the Hub, with or without a revision; null if none is known. */
export function recipeOf(repo: string): Recipe | null {
  const id = repo.replace(/@.*$/, '');
  return recipes.find(({ hub }) => hub.includes(id)) ?? null;
}

/** Scores of the checkpoint whose size is in its name; else all. */
function scoresOf({ scores = [] }: Recipe, repo: string): NonNullable<Recipe['scores']> {
  const named = scores.filter(({ model }) => new RegExp(`(^|[^a-z0-9])\\w*${model}\\b`, 'i').test(repo));
  return named.length > 0 ? named : scores;
}

export interface RecipeWords {
  /** How it is prompted, its licence, and published scores. */
  facts: string;
  /** What users should know before the download; '' if there is nothing. */
  warning: string;
}

export function recipeInWords(recipe: Recipe | null, repo: string): RecipeWords {
  if (!recipe) return { facts: '', warning: strings.unknown };
  const { licence, title, pooling } = recipe;
  const scores = scoresOf(recipe, repo).map(({ model, benchmark, percent }) =>
    strings.score(model, benchmark, percent),
  );
  const facts = [
    strings.asked(title),
    strings.licence(licence.name),
    scores.length > 0 ? scores.join(', ') : strings.noScore,
  ].join(' · ');
  const warnings = [licenceWarning(licence), pooling === 'all' ? strings.several : ''];
  return { facts, warning: warnings.filter(Boolean).join(' ') };
}

function licenceWarning({ commercial }: Licence): string {
  if (commercial === true) return '';
  return commercial === false ? strings.nonCommercial : strings.licenceUnknown;
}
