/** @file Exact copies and, separately, very similar pictures. Nothing is deleted: the list can be exported. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { PhotoGroups } from '../../../src/search';
import { bytesInWords, Button, debounced, ErrorBox, latest } from '../../shell';
import { searchStrings } from '../../strings/search';
import { toggle } from '../grid/selection';
import { Thumb, useItem } from '../parts/thumb';
import { useSearch } from '../state';

const strings = searchStrings.groups;
const START = 0.95;
/** Groups that are shown at first, and with each "show more". */
const PORTION = 50;

export function Groups(): JSX.Element {
  const { library } = useSearch();
  const index = library.open.value?.index;
  const revision = library.state.value?.contentRevision;
  const threshold = useSignal(START);
  const groups = useSignal<PhotoGroups | null>(null);
  const busy = useSignal(false);
  const error = useSignal<unknown>(null);
  const look = useMemo(() => {
    const run = latest(
      async (signal) => {
        if (!index) return;
        busy.value = true;
        error.value = null;
        const found = await index.groups({ threshold: threshold.value, signal });
        signal.throwIfAborted();
        groups.value = found;
        busy.value = false;
      },
      (reason) => {
        busy.value = false;
        error.value = reason;
      },
    );
    return { now: run, soon: debounced(() => void run(), 250) };
  }, [index]);
  useEffect(() => {
    if (groups.value) look.soon();
    else void look.now();
  }, [look, revision]);
  const { exact = [], similar = [] } = groups.value ?? {};
  return (
    <section class="groups" aria-label={searchStrings.views.groups} aria-busy={busy.value}>
      <p class="quiet">{strings.never}</p>
      {library.state.value?.deep && <p class="quiet">{searchStrings.deep.firstOnly}</p>}
      <ErrorBox error={error.value} />
      {groups.value && (
        <>
          <GroupList
            title={strings.exactTitle}
            text={strings.exactText}
            none={strings.exactNone}
            groups={exact}
            exact
          />
          <label class="threshold">
            <span>{strings.threshold}</span>
            <span class="quiet" aria-hidden="true">
              {strings.looser}
            </span>
            <input
              type="range"
              min={0.7}
              max={0.995}
              step={0.005}
              value={threshold.value}
              aria-valuetext={strings.value(threshold.value)}
              onInput={(event) => {
                threshold.value = Number(event.currentTarget.value);
                look.soon();
              }}
            />
            <span class="quiet" aria-hidden="true">
              {strings.closer}
            </span>
            <output>{strings.value(threshold.value)}</output>
          </label>
          <GroupList
            title={strings.similarTitle}
            text={strings.similarText}
            none={strings.similarNone}
            groups={similar}
          />
        </>
      )}
      <p class="busy" role="status">
        {busy.value ? strings.computing : ''}
      </p>
    </section>
  );
}

interface GroupListProps {
  title: string;
  text: string;
  none: string;
  groups: readonly number[][];
  exact?: boolean;
}

function GroupList({ title, text, none, groups, exact = false }: GroupListProps): JSX.Element {
  const shown = useSignal(PORTION);
  const files = groups.reduce((sum, ids) => sum + ids.length, 0);
  return (
    <section class="group-list">
      <h2>{title}</h2>
      <p class="quiet">{text}</p>
      {groups.length === 0 ? <p class="empty">{none}</p> : <p>{strings.summary(groups.length, files)}</p>}
      {groups.slice(0, shown.value).map((ids) => (
        <Group key={ids[0]} ids={ids} exact={exact} />
      ))}
      {groups.length > shown.value && <Button onClick={() => (shown.value += PORTION)}>{strings.more}</Button>}
    </section>
  );
}

/** Pictures of one group beyond this many are not drawn; the viewer goes through all of them. */
const DRAWN = 24;

function Group({ ids, exact }: { ids: number[]; exact: boolean }): JSX.Element {
  const { selection } = useSearch();
  const first = useItem(ids[0]!);
  const title = exact && first ? strings.copies(ids.length, bytesInWords(first.size)) : strings.group(ids.length);
  return (
    <article class="group">
      <header>
        <h3>{title}</h3>
        <Button
          onClick={() => (selection.value = { ids: new Set([...selection.value.ids, ...ids.slice(1)]), anchor: null })}
        >
          {strings.select}
        </Button>
      </header>
      <ul>
        {ids.slice(0, DRAWN).map((id, at) => (
          <Member key={id} id={id} ids={ids} at={at} />
        ))}
      </ul>
    </article>
  );
}

function Member({ id, ids, at }: { id: number; ids: number[]; at: number }): JSX.Element {
  const { selection, viewing } = useSearch();
  const item = useItem(id);
  const name = item?.path ?? searchStrings.results.unnamed(at + 1);
  return (
    <li>
      <button
        type="button"
        class="member"
        aria-label={name}
        onClick={() => (viewing.value = { ids: Uint32Array.from(ids), at })}
      >
        <Thumb id={id} />
      </button>
      <label class="check">
        <input
          type="checkbox"
          checked={selection.value.ids.has(id)}
          aria-label={searchStrings.results.select(name)}
          onChange={() => (selection.value = toggle(selection.value, id))}
        />
        <span class="member-path" title={name}>
          {name}
        </span>
      </label>
      {item && (
        <span class="quiet">
          {searchStrings.viewer.pixels(item.width, item.height)}, {bytesInWords(item.size)}
        </span>
      )}
    </li>
  );
}
