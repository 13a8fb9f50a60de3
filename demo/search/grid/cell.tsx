/** @file One picture of the grid: opens on a click, is selected by its mark or with Ctrl and Shift, as in file managers. */
import type { JSX } from 'preact';
import { Icon } from '../../shell';
import { searchStrings } from '../../strings/search';
import { Heart } from '../albums/heart';
import { Thumb, useItem } from '../parts/thumb';
import { Why } from '../parts/why';

const strings = searchStrings.results;
/** Created once, since they are the same on every picture. */
const CHECK = <Icon name="check" />;
const ALIKE = <Icon name="alike" />;

export interface CellProps {
  id: number;
  /** Its position in the whole list, from 0. */
  index: number;
  column: number;
  /** Whether it is the one that Tab reaches. */
  active: boolean;
  selected: boolean;
  score: string | null;
  /** A word saying that it comes from the first pass only; null otherwise. */
  mark: string | null;
  onOpen: (index: number) => void;
  onMark: (index: number, range: boolean) => void;
  onMoreLike: (index: number) => void;
}

export function Cell(props: CellProps): JSX.Element {
  const { id, index, column, active, selected, score, mark, onOpen, onMark, onMoreLike } = props;
  const item = useItem(id);
  const name = item?.name ?? strings.unnamed(index + 1);
  return (
    <div role="gridcell" class="cell" aria-selected={selected} aria-colindex={column + 1}>
      <button
        type="button"
        class="cell-open"
        data-index={index}
        tabIndex={active ? 0 : -1}
        aria-label={[name, score, mark].filter(Boolean).join(', ')}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) onMark(index, event.shiftKey);
          else onOpen(index);
        }}
      >
        <Thumb id={id} />
      </button>
      <Why id={id} />
      {mark && <span class="cell-pass" title={mark} aria-hidden="true" />}
      {score && (
        <span class="cell-score" aria-hidden="true">
          {score}
        </span>
      )}
      <button
        type="button"
        class="cell-mark"
        tabIndex={-1}
        aria-label={strings.select(name)}
        aria-pressed={selected}
        onClick={(event) => onMark(index, event.shiftKey)}
      >
        {CHECK}
      </button>
      <Heart id={id} name={name} class="cell-heart" tabIndex={-1} />
      <button
        type="button"
        class="cell-like"
        tabIndex={-1}
        title={strings.moreLike}
        aria-label={strings.moreLikeOf(name)}
        onClick={() => onMoreLike(index)}
      >
        {ALIKE}
      </button>
    </div>
  );
}
