/** @file One row of the grid. While the page scrolls, rows that stay are not rendered again. */
import { Component, type JSX } from 'preact';
import { Cell, type CellProps } from './cell';
import type { GridLayout, Row } from './layout';

export interface GridRowProps extends Pick<CellProps, 'onOpen' | 'onMark' | 'onMoreLike'> {
  at: Row;
  layout: GridLayout;
  /** Positions in the whole list. */
  ids: Uint32Array;
  /** Index of the one that Tab reaches, if it is in this row; else null. */
  active: number | null;
  selected: ReadonlySet<number>;
  scoreOf: (id: number) => string | null;
  markOf: (id: number) => string | null;
}

export class GridRow extends Component<GridRowProps> {
  override shouldComponentUpdate(next: GridRowProps): boolean {
    const { at, ...props }: GridRowProps = this.props;
    const isMoved =
      at.row !== next.at.row || at.top !== next.at.top || at.start !== next.at.start || at.end !== next.at.end;
    return isMoved || (Object.keys(props) as (keyof typeof props)[]).some((name) => props[name] !== next[name]);
  }

  override render(): JSX.Element {
    const { at, layout, ids, active, selected, scoreOf, markOf, onOpen, onMark, onMoreLike } = this.props;
    const { row, top, start, end } = at;
    return (
      <div
        role="row"
        class="grid-row"
        aria-rowindex={row + 1}
        style={{
          transform: `translateY(${top}px)`,
          height: `${layout.cell}px`,
          gridTemplateColumns: `repeat(${layout.columns}, ${layout.cell}px)`,
        }}
      >
        {Array.from(ids.subarray(start, end), (id, column) => (
          <Cell
            key={column}
            id={id}
            index={start + column}
            column={column}
            active={start + column === active}
            selected={selected.has(id)}
            score={scoreOf(id)}
            mark={markOf(id)}
            onOpen={onOpen}
            onMark={onMark}
            onMoreLike={onMoreLike}
          />
        ))}
      </div>
    );
  }
}
