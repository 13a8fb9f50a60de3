/** @file The task, with a question if it has one, and its instruction, which can be changed. */
import { useId } from 'preact/hooks';
import type { JSX } from 'preact';
import { Choice, IconButton } from '../shell';
import { rankStrings as strings } from '../strings/rank';
import type { RankState } from './state';
import { TASKS, type TaskId } from './tasks';
import { takesInstruction } from './wording';

export function TaskPanel({ state, onTask }: { state: RankState; onTask: (task: TaskId) => void }): JSX.Element {
  const task = state.task.value;
  const help = useId();
  return (
    <section class="task" aria-label={strings.tasks.legend}>
      <Choice
        legend={strings.tasks.legend}
        options={TASKS.map(({ id }) => ({ value: id, label: strings.tasks.names[id] }))}
        hideLegend
        describedBy={help}
        value={task.id}
        onChange={onTask}
      />
      {task.asks && (
        <label class="field">
          <span>{strings.question}</span>
          <input
            id="question"
            type="text"
            value={state.question.value}
            onInput={(event) => (state.question.value = event.currentTarget.value)}
          />
        </label>
      )}
      <p id={help} class="quiet">
        {strings.tasks.help[task.id]}
      </p>
    </section>
  );
}

export function Instruction({ state }: { state: RankState }): JSX.Element {
  const edited = state.editedInstruction.value !== null;
  const recipe = state.recipe.value;
  const isRaw = recipe?.isRaw ?? true;
  const takes = recipe === null || takesInstruction(recipe);
  return (
    <div class="field">
      <label for="instruction">
        {edited ? strings.instructionEdited : isRaw ? strings.instruction : strings.instructionOf(recipe!.title, takes)}
      </label>
      <span class="with-button">
        <input
          id="instruction"
          type="text"
          spellcheck={false}
          disabled={!takes}
          value={state.instruction.value}
          onInput={(event) => (state.editedInstruction.value = event.currentTarget.value)}
        />
        {edited && (
          <IconButton
            icon="reset"
            label={isRaw ? strings.resetInstruction : strings.resetOwnInstruction}
            onClick={() => (state.editedInstruction.value = null)}
          />
        )}
      </span>
    </div>
  );
}
