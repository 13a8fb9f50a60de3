/** @file The list of stored models: what each is, and what can be done with it. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import { cardModel, models, type StoredModel } from '../../src/index';
import { bytesInWords, Button, errorInWords, focusNext, Progress, titleOf } from '../shell';
import { MeasureButton } from '../cards/cards';
import { thousandInWords } from '../cards/time-words';
import { lastTimes } from '../cards/times';
import { cardStrings } from '../strings/cards';
import { modelsStrings as strings } from '../strings/models';
import { CardCheck } from './card-check';
import { DeleteButton } from './delete-button';
import { recipeOf } from './recipe-words';
import { searchPage, subjectOfStored } from './recommend';
import type { ModelsState } from './state';
import { jobInWords, storedInWords } from './words';

const words = strings.actions;

/** The page that ranks, with a stored model. */
export function rankingPage(name: string): string {
  return `./?stored=${encodeURIComponent(name)}`;
}

export function StoredList({ state }: { state: ModelsState }): JSX.Element {
  const stored = state.stored.value ?? [];
  const free = state.free.value;
  const bytes = stored.reduce((sum, model) => sum + model.bytes, 0);
  return (
    <section aria-labelledby="stored-title">
      <h2 id="stored-title">
        {strings.stored}{' '}
        <span class="quiet" id="total">
          {strings.total(bytesInWords(bytes), free === null ? null : bytesInWords(free))}
        </span>
      </h2>
      {state.stored.value === null && <p class="quiet">{'\u00a0'}</p>}
      {state.stored.value?.length === 0 && (
        <p id="none" class="quiet">
          {strings.none}
        </p>
      )}
      <ul id="stored" class="rows">
        {stored.map((model) => (
          <StoredRow key={`${model.name} ${model.state}`} state={state} model={model} />
        ))}
      </ul>
    </section>
  );
}

type Doing = { kind: 'nothing' } | { kind: 'verifying'; share: number | null; abort: AbortController };

const NOTHING: Doing = { kind: 'nothing' };

function StoredRow({ state, model }: { state: ModelsState; model: StoredModel }): JSX.Element {
  const { name, source } = model;
  const title = titleOf(model);
  const subject = subjectOfStored(model);
  const times = lastTimes(subject);
  // These have several vectors for each input, which an index cannot store.
  const searches = recipeOf(subject)?.pooling !== 'all';
  const doing = useSignal<Doing>(NOTHING);
  const note = useSignal<{ text: string; bad: boolean }>({ text: model.advice ?? '', bad: false });
  const isCarding = useSignal(false);
  const asking = useSignal(false);
  const row = useRef<HTMLLIElement>(null);
  const label = (action: string) => words.of(action, title);
  const focus = (selector: string) => focusNext(() => row.current?.querySelector<HTMLElement>(selector));

  useEffect(() => {
    if (state.newest.value !== name) return;
    state.newest.value = null;
    focus('a');
  }, [state.newest.value]);

  const fail = (error: unknown) => (note.value = { text: errorInWords(error), bad: true });
  const verify = async () => {
    const abort = new AbortController();
    doing.value = { kind: 'verifying', share: null, abort };
    note.value = { text: strings.checking, bad: false };
    focus('.stop button');
    try {
      await models.verify(name, {
        signal: abort.signal,
        onProgress: (event) => (doing.value = { kind: 'verifying', share: jobInWords(event).share, abort }),
      });
      note.value = { text: strings.isWhole, bad: false };
    } catch (error) {
      if (abort.signal.aborted) note.value = { text: '', bad: false };
      else fail(error);
    } finally {
      doing.value = NOTHING;
      focus('.verify button');
    }
  };
  const remove = async () => {
    try {
      await models.delete(name);
      await state.refresh();
    } catch (error) {
      asking.value = false;
      fail(error);
    }
  };

  return (
    <li ref={row}>
      <div class="facts">
        <strong>{title}</strong>
        <p class="quiet">{storedInWords(model)}</p>
        {times && <p class="quiet">{words.photos(thousandInWords(times))}</p>}
        {doing.value.kind === 'verifying' && <Progress share={doing.value.share} label={strings.checkingOf(title)} />}
        <p class={note.value.bad ? 'bad' : 'quiet'} role="status">
          {note.value.text}
        </p>
        {isCarding.value && <CardCheck name={name} />}
      </div>
      <div class="actions">
        {doing.value.kind === 'nothing' && (
          <>
            {!asking.value && model.state === 'ready' && (
              <>
                {searches && (
                  <a class="button main" href={searchPage(name)} aria-label={label(cardStrings.use)}>
                    {cardStrings.use}
                  </a>
                )}
                <a
                  class={searches ? 'button plain' : 'button main'}
                  href={rankingPage(name)}
                  aria-label={label(words.use)}
                >
                  {words.use}
                </a>
                <MeasureButton
                  measuring={state.measuring}
                  subject={subject}
                  name={title}
                  again={times !== null}
                  run={() => void state.measuring.stored({ name }, subject)}
                />
              </>
            )}
            {!asking.value && model.state === 'ready' && (
              <details class="more-actions">
                <summary aria-label={label(words.more)}>{words.more}</summary>
                <a
                  class="button plain"
                  href={`eval.html?stored=${encodeURIComponent(name)}`}
                  aria-label={label(words.measure)}
                >
                  {words.measure}
                </a>
                <a
                  class="button plain"
                  href={`bench.html?stored=${encodeURIComponent(name)}`}
                  aria-label={label(words.time)}
                >
                  {words.time}
                </a>
                {source && cardModel(source) !== null && (
                  <Button
                    aria-label={label(words.card)}
                    aria-expanded={isCarding.value}
                    onClick={() => (isCarding.value = !isCarding.value)}
                  >
                    {words.card}
                  </Button>
                )}
                <span class="verify">
                  <Button aria-label={label(words.verify)} onClick={() => void verify()}>
                    {words.verify}
                  </Button>
                </span>
              </details>
            )}
            {!asking.value && model.state === 'unfinished' && model.origin && model.origin.kind !== 'local' && (
              <Button kind="main" aria-label={label(strings.resume)} onClick={() => state.resume(model)}>
                {strings.resume}
              </Button>
            )}
            <DeleteButton
              asking={asking}
              label={label(words.delete)}
              question={words.askDelete(bytesInWords(model.bytes))}
              onDelete={() => void remove()}
            />
          </>
        )}
        {doing.value.kind === 'verifying' && (
          <span class="stop">
            <Button onClick={() => doing.value.kind === 'verifying' && doing.value.abort.abort()}>{words.stop}</Button>
          </span>
        )}
      </div>
    </li>
  );
}
