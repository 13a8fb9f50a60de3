/** @file Facts about a model before any of it is downloaded: its prompts, its licence, what its authors published. */
import type { JSX } from 'preact';
import { recipes, type Recipe } from '../../src/index';
import { Select } from '../shell';
import { modelsStrings } from '../strings/models';
import { recipeInWords, recipeOf } from './recipe-words';
import type { ModelsState } from './state';

const strings = modelsStrings.recipe;

/** The checkpoints that have a recipe, by family; one of them fills in the repository. */
export function FamilyChoice({ state }: { state: ModelsState }): JSX.Element {
  const repo = state.repo.value.trim();
  const listed = recipes.some(({ hub }) => hub.includes(repo));
  return (
    <Select
      id="family"
      label={strings.choose}
      value={listed ? repo : ''}
      options={[
        { value: '', label: strings.own },
        ...recipes.map(({ title, hub }: Recipe) => ({
          label: title,
          options: hub.map((id) => ({ value: id, label: id })),
        })),
      ]}
      onChange={(value) => {
        state.repo.value = value;
        state.cost.value = null;
      }}
    />
  );
}

export function RecipeFacts({ repo, id }: { repo: string; id: string }): JSX.Element {
  const { facts } = recipeInWords(recipeOf(repo), repo);
  return (
    <div id={id} class="recipe wide">
      {facts && <p>{facts}</p>}
    </div>
  );
}

/** Warnings about licences, and about unknown facts. */
export function RecipeWarning({ repo }: { repo: string }): JSX.Element | null {
  const { warning } = recipeInWords(recipeOf(repo), repo);
  return warning ? (
    <div class="recipe wide">
      <p class="warning">{warning}</p>
    </div>
  ) : null;
}
