/**
 * @file The table: a column per picture (or box), a row per text, colour for how well they fit. The texts are edited in
 * place, and pictures are chosen and removed in the table's head.
 */
import { useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import { reasonInWords } from '../../src/search/reasons';
import { focusNext, Icon, IconButton } from '../shell';
import { rankStrings as strings } from '../strings/rank';
import { Cells, cosineInWords, shareInWords, type Cell } from './cells';
import type { Column, LiveRanking } from './live-ranking';
import { Picture } from './picture';
import type { RankState, TextLine } from './state';

export interface MatrixProps {
  state: RankState;
  ranking: LiveRanking;
}

export function Matrix({ state, ranking }: MatrixProps): JSX.Element {
  const task = state.task.value;
  const row = strings.tasks.rows[task.id];
  const columns = ranking.columns.value;
  const cells = useComputed(() => (ranking.shown.value ? new Cells(ranking.shown.value, state.values.value) : null));
  const toCome = columns.length + state.texts.value.length === 0 ? state.expected.value : null;
  const failures = ranking.shown.value?.failures ?? new Map<string, Error>();
  return (
    <div class="matrix-scroll" role="region" aria-label={strings.table} tabIndex={0}>
      <table
        role="table"
        class="matrix"
        aria-busy={ranking.isBusy.value}
        style={{ '--columns': String(Math.max(1, toCome?.columns ?? columns.length)) }}
      >
        <caption class="visually-hidden">{strings.table}</caption>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col" class="corner">
              <span>{strings.corner(row, task.boxes)}</span>
            </th>
            {toCome && Array.from({ length: toCome.columns }, (_, i) => <HeadToCome key={i} />)}
            {columns.map((column) => (
              <Head key={column.id} state={state} column={column} failures={failures} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {toCome && Array.from({ length: toCome.rows }, (_, i) => <LineToCome key={i} columns={toCome.columns} />)}
          {state.texts.value.map((line, i) => (
            <Line key={line.id} state={state} line={line} number={i + 1} columns={columns} cells={cells.value} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** As high as the final content, so that nothing below moves when it arrives. */
function HeadToCome(): JSX.Element {
  return (
    <td role="cell" class="to-come">
      <span class="thumb" />
      <span class="thumb-name">{'\u00a0'}</span>
    </td>
  );
}

function LineToCome({ columns }: { columns: number }): JSX.Element {
  return (
    <tr role="row">
      <td role="cell" class="to-come">
        <div class="text-line">
          <span class="text" />
        </div>
      </td>
      {Array.from({ length: columns }, (_, i) => (
        <td key={i} role="cell" class="cell none" />
      ))}
    </tr>
  );
}

function Head({
  state,
  column,
  failures,
}: {
  state: RankState;
  column: Column;
  failures: Map<string, Error>;
}): JSX.Element {
  const { id, name, picture, box } = column;
  const isChosen = !box && state.task.value.queries === 'pictures' && state.picture.value?.id === id;
  const failure = box ? null : failureOf(failures, id);
  return (
    <th role="columnheader" scope="col" class={isChosen ? 'chosen' : ''}>
      {box ? (
        <span class="thumb" title={name}>
          <Picture picture={picture} box={box} alt={name} />
        </span>
      ) : (
        <button
          type="button"
          class="thumb"
          aria-pressed={isChosen}
          aria-label={strings.selectPicture(column.alt)}
          title={name}
          onClick={() => state.selectPicture(id)}
        >
          <Picture picture={picture} box={null} alt="" />
        </button>
      )}
      <span class="thumb-name" title={failure ? strings.badPicture(name, reasonInWords(failure)) : name}>
        {failure ? '⚠ ' : ''}
        {name}
      </span>
      <IconButton
        icon="close"
        label={strings.removePicture(name)}
        onClick={() => (box ? state.removeBox(id) : state.removePicture(id))}
      />
    </th>
  );
}

/** Why a picture has no vector. */
export function failureOf(failures: ReadonlyMap<string, Error>, picture: number): Error | null {
  return [...failures].find(([key]) => key.startsWith(`["picture",${picture},`))?.[1] ?? null;
}

interface LineProps {
  state: RankState;
  line: TextLine;
  number: number;
  columns: readonly Column[];
  cells: Cells | null;
}

function Line({ state, line, number, columns, cells }: LineProps): JSX.Element {
  const task = state.task.value;
  const byText = task.queries === 'texts';
  const isChosen = byText && chosenText(state)?.id === line.id;
  return (
    <tr role="row" class={isChosen ? 'chosen' : ''}>
      <th role="rowheader" scope="row">
        <div class="text-line">
          {byText && (
            <button
              type="button"
              class="pick"
              aria-pressed={isChosen}
              aria-label={strings.selectRow(line.text)}
              onClick={() => (state.selectedText.value = line.id)}
            />
          )}
          <TextField state={state} line={line} label={strings.rowLabel(strings.tasks.rows[task.id], number)} />
          <IconButton icon="close" label={strings.removeRow(line.text)} onClick={() => state.removeText(line.id)} />
        </div>
      </th>
      {columns.map((column) => (
        <CellView
          key={column.id}
          cell={cells?.get(line.id, column.id) ?? null}
          values={state.values.value}
          isLabel={isLabel(column, line.text)}
        />
      ))}
    </tr>
  );
}

/** The selected text, for tasks in which texts are queries. */
export function chosenText(state: RankState): TextLine | null {
  const lines = state.texts.value;
  return lines.find(({ id }) => id === state.selectedText.value) ?? lines[0] ?? null;
}

/** Whether a text is the label of a sample. */
export function isLabel({ picture: { sample }, box }: Column, text: string): boolean {
  return !box && sample !== null && sample.captions[sample.truth] === text.trim();
}

/** One text. Enter adds the next, Backspace in an empty one removes it, a pasted list becomes a line each. */
function TextField({ state, line, label }: { state: RankState; line: TextLine; label: string }): JSX.Element {
  const focus = (id: number) => focusNext(() => document.getElementById(`text-${id}`));
  return (
    <input
      id={`text-${line.id}`}
      class="text"
      type="text"
      aria-label={label}
      autoComplete="off"
      value={line.text}
      onInput={(event) => state.setText(line.id, event.currentTarget.value)}
      onFocus={() => (state.selectedText.value = line.id)}
      onPaste={(event) => {
        const pasted = event.clipboardData?.getData('text/plain') ?? '';
        if (!/\n/.test(pasted.trim())) return;
        event.preventDefault();
        const { selectionStart, selectionEnd, value } = event.currentTarget;
        state.setText(line.id, value.slice(0, selectionStart ?? 0) + pasted.trim() + value.slice(selectionEnd ?? 0));
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && !event.isComposing) {
          event.preventDefault();
          focus(state.addText('', line.id));
        } else if (event.key === 'Backspace' && line.text === '') {
          event.preventDefault();
          const all = state.texts.value;
          const at = all.findIndex(({ id }) => id === line.id);
          const next = all[at - 1] ?? all[at + 1];
          state.removeText(line.id);
          if (next) focus(next.id);
        }
      }}
    />
  );
}

/**
 * Where on the ramp each theme changes the colour of its figures: measured so that contrasts are at least 4.5 on both
 * sides.
 */
const TURN = { light: 0.79, dark: 0.505 };

interface CellProps {
  cell: Cell | null;
  values: 'cosine' | 'softmax';
  isLabel: boolean;
}

function CellView({ cell, values, isLabel }: CellProps): JSX.Element {
  if (!cell) {
    return (
      <td role="cell" class="cell none">
        <span aria-hidden="true">·</span>
        <span class="visually-hidden">{strings.noScore}</span>
      </td>
    );
  }
  const marks = [cell.isBest && 'best', cell.heat >= TURN.light && 'hot-light', cell.heat >= TURN.dark && 'hot-dark'];
  const classes = ['cell', ...marks].filter(Boolean).join(' ');
  return (
    <td role="cell" class={classes} style={{ '--heat': `${(cell.heat * 100).toFixed(1)}%` }}>
      {values === 'cosine' ? cosineInWords(cell.cosine) : shareInWords(cell.probability)}
      {cell.isBest && <span class="visually-hidden">, {strings.best}</span>}
      {isLabel && (
        <>
          <span class="visually-hidden">, {strings.label}</span>
          <span class="tick">
            <Icon name="check" />
          </span>
        </>
      )}
    </td>
  );
}
