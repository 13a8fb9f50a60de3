/** @file The selected picture with boxes on it: drawn with a pointer, or added and moved with keys. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { Button, focusNext } from '../shell';
import { rankStrings as strings } from '../strings/rank';
import { between, onKey, type Box } from './boxes';
import type { Picture, RankState } from './state';

/** The largest size that counts as a click, not a box. */
const LEAST_DRAG = 0.02;

const percent = (share: number) => Math.round(share * 100);
const styleOf = ({ x, y, width, height }: Box) => ({
  left: `${x * 100}%`,
  top: `${y * 100}%`,
  width: `${width * 100}%`,
  height: `${height * 100}%`,
});

export function BoxEditor({ state, picture }: { state: RankState; picture: Picture }): JSX.Element {
  /** The box that is being drawn, and its first corner. */
  const drawing = useSignal<{ from: { x: number; y: number }; box: Box } | null>(null);
  const pointOf = (event: PointerEvent) => {
    const { left, top, width, height } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const share = (value: number) => Math.min(1, Math.max(0, value));
    return { x: share((event.clientX - left) / width), y: share((event.clientY - top) / height) };
  };
  const add = (box: Box) => {
    const id = state.addBox(box);
    focusNext(() => document.getElementById(`box-${id}`));
  };
  return (
    <>
      <div
        class="boxes"
        onPointerDown={(event) => {
          if (event.button !== 0 || event.target instanceof HTMLButtonElement) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          event.preventDefault();
          const from = pointOf(event);
          drawing.value = { from, box: { ...from, width: 0, height: 0 } };
        }}
        onPointerMove={(event) => {
          const { from } = drawing.value ?? {};
          if (from) drawing.value = { from, box: between(from, pointOf(event)) };
        }}
        onPointerUp={() => {
          const { box } = drawing.value ?? {};
          drawing.value = null;
          if (box && Math.max(box.width, box.height) > LEAST_DRAG * 2) add(box);
        }}
        onPointerCancel={() => (drawing.value = null)}
      >
        <img src={picture.url} alt={picture.alt} draggable={false} />
        {state.boxes.value.map(({ id, ...box }, i) => (
          <button
            key={id}
            id={`box-${id}`}
            type="button"
            class="box"
            style={styleOf(box)}
            aria-label={strings.boxes.label(
              i + 1,
              percent(box.x),
              percent(box.y),
              percent(box.width),
              percent(box.height),
            )}
            onKeyDown={(event) => {
              if (event.key === 'Delete' || event.key === 'Backspace') return state.removeBox(id);
              const moved = onKey(box, event.key, event.shiftKey);
              if (!moved) return;
              event.preventDefault();
              state.setBox(id, moved);
            }}
          >
            <span>{i + 1}</span>
          </button>
        ))}
        {drawing.value && <span class="box drawing" style={styleOf(drawing.value.box)} />}
      </div>
      <p class="box-line">
        <span class="quiet">{strings.boxes.draw}</span>
        <Button icon="box" onClick={() => add({ x: 0.3, y: 0.3, width: 0.4, height: 0.4 })}>
          {strings.boxes.add}
        </Button>
      </p>
    </>
  );
}
