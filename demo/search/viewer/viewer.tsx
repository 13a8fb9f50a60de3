/** @file One picture as large as the window, with what is known of it; arrow keys go to its neighbours. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Button, IconButton } from '../../shell';
import { searchStrings } from '../../strings/search';
import { toggle } from '../grid/selection';
import { copyText } from '../parts/copy';
import { useItem } from '../parts/thumb';
import { useSearch, type Viewing } from '../state';
import { factsOf } from './facts';
import { stepOf, viewerCommand } from './keys';
import { Original } from './original';

const strings = searchStrings.viewer;

export function Viewer(): JSX.Element | null {
  const { viewing } = useSearch();
  return viewing.value && viewing.value.ids.length > 0 ? <Open viewing={viewing.value} /> : null;
}

function Open({ viewing: { ids, at } }: { viewing: Viewing }): JSX.Element {
  const state = useSearch();
  const { finder, selection, viewing } = state;
  const id = ids[at]!;
  const item = useItem(id);
  const hit = finder.found.value?.hits?.get(id) ?? null;
  const dialog = useRef<HTMLDialogElement>(null);
  const selected = selection.value.ids.has(id);
  const name = item?.name ?? '';

  // Before the paint: a key pressed as soon as the viewer is seen belongs to it.
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current!.showModal();
    dialog.current!.focus(); // not a button: keys go to the picture
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);

  const go = (to: number | null) => {
    if (to !== null) viewing.value = { ids, at: to };
  };
  const close = () => (viewing.value = null);
  const select = () => (selection.value = toggle(selection.value, id));

  return (
    <dialog
      ref={dialog}
      class="viewer"
      tabIndex={-1}
      aria-label={strings.label}
      onClose={close}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const to = stepOf(event.key, at, ids.length);
        const command = viewerCommand(event.key);
        if (to === null && !command) return;
        event.preventDefault();
        go(to);
        if (command === 'select') select();
        if (command === 'more-like') state.moreLike(id, name);
      }}
    >
      <div class="viewer-stage">
        <Original key={id} id={id} item={item} />
        <IconButton
          icon="previous"
          label={strings.previous}
          aria-disabled={at === 0}
          onClick={() => go(stepOf('ArrowLeft', at, ids.length))}
        />
        <IconButton
          icon="next"
          label={strings.next}
          aria-disabled={at === ids.length - 1}
          onClick={() => go(stepOf('ArrowRight', at, ids.length))}
        />
      </div>
      <aside class="viewer-side">
        <header>
          <p role="status">
            <span class="visually-hidden">{name} </span>
            {strings.position(at + 1, ids.length)}
          </p>
          <IconButton icon="close" label={strings.close} onClick={close} />
        </header>
        {item === null && <p class="notice">{strings.gone}</p>}
        {item && (
          <>
            <h2>{item.name}</h2>
            <dl aria-label={strings.details}>
              {factsOf(item, hit).map(({ label, value }) => (
                <div key={label}>
                  <dt>{label}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
            <div class="viewer-actions">
              <Button kind="main" onClick={() => state.moreLike(id, name)}>
                {strings.moreLike}
              </Button>
              <Button
                onClick={() => {
                  state.moreLike(id, name);
                  requestAnimationFrame(() => document.getElementById('query')?.focus());
                }}
              >
                {strings.withWords}
              </Button>
              <Button icon="check" aria-pressed={selected} onClick={select}>
                {selected ? strings.unselect : strings.select}
              </Button>
              <Button icon="copy" onClick={() => void copyText(item.path, strings.copied)}>
                {strings.copyPath}
              </Button>
            </div>
          </>
        )}
      </aside>
    </dialog>
  );
}
