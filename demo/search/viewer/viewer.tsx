/** @file One picture as large as the window, with the facts about it; arrow keys go to its neighbours. */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Button, IconButton } from '../../shell';
import { searchStrings } from '../../strings/search';
import { toggle } from '../grid/selection';
import { useActions } from '../actions/use-actions';
import { canCopyPictures, canShare } from '../actions/picture-actions';
import { Heart } from '../albums/heart';
import { actionStrings } from '../../strings/actions';
import { useItem } from '../parts/thumb';
import { useSearch, type Viewing } from '../state';
import { factsOf } from './facts';
import { panOf, stepOf, viewerCommand } from './keys';
import { Original } from './original';
import { STEP, type ZoomHandle } from './zoomable';

const strings = searchStrings.viewer;

export function Viewer(): JSX.Element | null {
  const { viewing } = useSearch();
  return viewing.value && viewing.value.ids.length > 0 ? <Open viewing={viewing.value} /> : null;
}

function Open({ viewing: { ids, at } }: { viewing: Viewing }): JSX.Element {
  const state = useSearch();
  const { finder, selection, viewing, albums, library } = state;
  const actions = useActions();
  const zoom = useRef<ZoomHandle>(null);
  const id = ids[at]!;
  const item = useItem(id);
  const hit = finder.found.value?.hits?.get(id) ?? null;
  const dialog = useRef<HTMLDialogElement>(null);
  const selected = selection.value.ids.has(id);
  const name = item?.name ?? '';
  const fixed = library.state.value?.readOnly ?? true;

  // Done before the paint, so that a key pressed as soon as the viewer is visible goes to it.
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current!.showModal();
    dialog.current!.focus(); // not on a button, so that keys go to the picture
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
        // Keys in a dialog above it belong to that dialog.
        if (event.target instanceof Element && event.target.closest('dialog') !== dialog.current) return;
        const pan = zoom.current?.isZoomed() ? panOf(event.key) : null;
        if (pan) {
          event.preventDefault();
          return zoom.current!.pan(pan.dx, pan.dy);
        }
        const to = stepOf(event.key, at, ids.length);
        const command = viewerCommand(event.key);
        if (to === null && !command) return;
        event.preventDefault();
        go(to);
        if (command === 'select') select();
        if (command === 'favourite' && !fixed) void albums.toggleFavourites([id]);
        if (command === 'zoom-in') zoom.current?.by(STEP);
        if (command === 'zoom-out') zoom.current?.by(1 / STEP);
        if (command === 'fit') zoom.current?.reset();
        if (command === 'more-like') state.moreLike(id, name);
      }}
    >
      <div class="viewer-stage">
        <Original
          key={id}
          id={id}
          item={item}
          zoom={zoom}
          onSwipe={(step) => go(stepOf(step > 0 ? 'ArrowRight' : 'ArrowLeft', at, ids.length))}
        />
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
            <div class="viewer-title">
              <h2>{item.name}</h2>
              <Heart id={id} name={item.name} class="icon-button" />
            </div>
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
              {!fixed && (
                <Button icon="album" onClick={() => (albums.picking.value = [id])}>
                  {actionStrings.selection.album}
                </Button>
              )}
            </div>
            <div class="viewer-files" role="group" aria-label={actionStrings.actions.label}>
              <Button icon="open" onClick={() => void actions.open(id)}>
                {actionStrings.actions.open}
              </Button>
              {canCopyPictures() && (
                <Button icon="copy" onClick={() => void actions.copy(id)}>
                  {actionStrings.actions.copy}
                </Button>
              )}
              <Button icon="save" onClick={() => void actions.save(id)}>
                {actionStrings.actions.save}
              </Button>
              {canShare() && (
                <Button icon="share" onClick={() => void actions.share([id])}>
                  {actionStrings.actions.share}
                </Button>
              )}
              <Button icon="link" onClick={() => void actions.copyPaths([id])}>
                {strings.copyPath}
              </Button>
            </div>
          </>
        )}
      </aside>
    </dialog>
  );
}
