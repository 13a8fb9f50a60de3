/** @file The list of stored models: what each is, and what can be done with it. */
import { models, type StoredModel } from '../src/index';
import { newButton, newElement } from './elements';
import { jobInWords, storedInWords } from './model-words';
import { bytesInWords, errorInWords, titleOf } from './shell/words';

export interface ListHooks {
  /** Goes on with an unfinished model. */
  onResume(model: StoredModel): void;
  /** Something was deleted. */
  onChange(): void;
}

/** The page that ranks, with a stored model. */
export function rankingPage(name: string): string {
  return `./?stored=${encodeURIComponent(name)}`;
}

export function storedItem(model: StoredModel, hooks: ListHooks): HTMLLIElement {
  const item = document.createElement('li');
  const facts = newElement('div', '', 'stored-facts');
  const note = newElement('p', model.advice ?? '', 'quiet');
  note.setAttribute('role', 'status');
  facts.append(newElement('strong', titleOf(model)), newElement('p', storedInWords(model), 'quiet'), note);
  const actions = newElement('div', '', 'stored-actions');
  item.append(facts, actions);

  const showActions = (focusOn?: string) => {
    const buttons: HTMLElement[] = [];
    if (model.state === 'ready') {
      const use = newElement('a', 'Use');
      use.href = rankingPage(model.name);
      buttons.push(use, newButton('Verify', () => void verify()));
    }
    if (model.state === 'unfinished' && model.origin && model.origin.kind !== 'local') {
      buttons.push(newButton('Resume', () => hooks.onResume(model)));
    }
    buttons.push(newButton('Delete', askToDelete));
    for (const button of buttons) button.setAttribute('aria-label', `${button.textContent} ${titleOf(model)}`);
    actions.replaceChildren(...buttons);
    buttons.find(({ textContent }) => textContent === focusOn)?.focus();
  };

  const verify = async () => {
    const abort = new AbortController();
    const stop = newButton('Stop', () => abort.abort());
    actions.replaceChildren(stop);
    stop.focus();
    note.className = 'quiet';
    note.textContent = 'Checking…';
    const bar = document.createElement('progress');
    bar.max = 1;
    bar.setAttribute('aria-label', `Checking ${titleOf(model)}`);
    facts.append(bar);
    try {
      await models.verify(model.name, {
        signal: abort.signal,
        onProgress: (event) => {
          const { share } = jobInWords(event);
          if (share !== null) bar.value = share;
        },
      });
      note.textContent = 'Every byte is as it should be.';
    } catch (error) {
      if (abort.signal.aborted) note.textContent = '';
      else {
        note.className = 'bad';
        note.textContent = errorInWords(error);
      }
    } finally {
      bar.remove();
      showActions('Verify');
    }
  };

  const askToDelete = () => {
    const sure = newButton('Delete for good', () => void remove(), 'danger');
    const keep = newButton('Keep', () => showActions('Delete'));
    actions.replaceChildren(newElement('span', `Delete ${bytesInWords(model.bytes)}?`), sure, keep);
    keep.focus();
  };

  const remove = async () => {
    try {
      await models.delete(model.name);
      hooks.onChange();
    } catch (error) {
      note.className = 'bad';
      note.textContent = errorInWords(error);
      showActions('Delete');
    }
  };

  showActions();
  return item;
}
