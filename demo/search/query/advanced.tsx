/** @file Advanced settings: the instruction given to the model, and scores. */
import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import { instructions, type TaskName } from '../../../src/index';
import { parseQuery, queryTemplate } from '../../../src/search';
import { Select } from '../../shell';
import { searchStrings } from '../../strings/search';
import { useSearch } from '../state';
import { kindOf, templateFits, templateProblem } from './form';

const strings = searchStrings.advanced;
/** After the last key, in milliseconds. */
const TYPING = 600;

type Task = keyof typeof strings.tasks & TaskName;
const TASKS = Object.keys(strings.tasks) as Task[];

export function Advanced(): JSX.Element {
  const { finder, showScores, asked } = useSearch();
  const recipe = asked.value?.recipe;
  const { text, pictures, instruction } = finder.form.value;
  const kind = kindOf(parseQuery(text), pictures) ?? 'text';
  const problem = instruction === null ? null : templateProblem(instruction, kind, recipe?.isRaw);
  const tasks = TASKS.filter((task) => templateFits(instructions[task].query, kind));
  const chosen = instruction === null ? '' : (tasks.find((task) => instructions[task].query === instruction) ?? 'own');
  const help = useId();
  const choose = (value: string) => {
    if (value === '') finder.change({ instruction: null });
    else if (value !== 'own') finder.change({ instruction: instructions[value as Task].query });
  };
  const isRaw = recipe?.isRaw ?? true;
  const takesOne = isRaw || recipe?.instruction?.roles.includes('query') === true;
  const explain = isRaw ? strings.explain : takesOne ? strings.oneInstruction : strings.fixed;
  return (
    <details class="advanced">
      <summary>{strings.summary}</summary>
      <p class="quiet" id={help}>
        {typeof explain === 'string' ? explain : explain(recipe!.title)}
      </p>
      {takesOne && (
        <div class="advanced-row">
          {isRaw && (
            <Select
              label={strings.instruction}
              describedBy={help}
              value={chosen}
              options={[
                { value: '', label: strings.automatic },
                ...tasks.map((task) => ({ value: task, label: strings.tasks[task] })),
                ...(chosen === 'own' ? [{ value: 'own', label: strings.own }] : []),
              ]}
              onChange={choose}
            />
          )}
          <label class="wide">
            <span>{isRaw ? strings.template : strings.instruction}</span>
            <textarea
              rows={2}
              spellcheck={false}
              aria-invalid={problem !== null}
              value={instruction ?? (isRaw ? queryTemplate(kind) : recipe!.instruction!.default)}
              onInput={(event) => finder.change({ instruction: event.currentTarget.value }, TYPING)}
            />
          </label>
        </div>
      )}
      {problem && (
        <p class="field-problem" role="alert">
          {strings.problems[problem]}
        </p>
      )}
      <label class="check">
        <input
          type="checkbox"
          checked={showScores.value}
          onChange={(event) => (showScores.value = event.currentTarget.checked)}
        />
        <span>{strings.scores}</span>
        <span class="quiet">{strings.scoresHint}</span>
      </label>
    </details>
  );
}
