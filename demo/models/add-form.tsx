/** @file The form for a model: its source and its weights. */
import { useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import type { Effort, WeightDtype } from '../../src/index';
import { Button, Select, useSeconds } from '../shell';
import { modelsStrings as strings } from '../strings/models';
import { folderOf, pickFolder, type PickedFolder } from './folder';
import { FamilyChoice, RecipeFacts, RecipeWarning } from './recipe';
import type { Kind, ModelsState } from './state';

const KINDS = Object.keys(strings.kinds) as Kind[];
const DTYPES = Object.keys(strings.dtypes) as WeightDtype[];
const EFFORTS = Object.keys(strings.efforts) as Effort[];

export function AddForm({ state }: { state: ModelsState }): JSX.Element {
  const kind = state.kind.value;
  const dtype = state.dtype.value;
  const repo = state.repo.value.trim() || strings.repoExample;
  const note = state.opensAnew.value;
  return (
    <form
      id="add"
      onInput={() => (state.cost.value = null)}
      onSubmit={(event) => {
        event.preventDefault();
        void state.look();
      }}
    >
      <Select
        id="kind"
        label={strings.from}
        value={kind}
        options={KINDS.map((value) => ({ value, label: strings.kinds[value] }))}
        onChange={(value) => (state.kind.value = value)}
      />
      {kind === 'hub' && <FamilyChoice state={state} />}
      {kind === 'hub' && (
        <label class="wide">
          <span>{strings.repo}</span>
          <input
            id="repo"
            type="text"
            autoComplete="off"
            autoCapitalize="off"
            spellcheck={false}
            placeholder={strings.repoExample}
            value={state.repo.value}
            onInput={({ currentTarget }) => (state.repo.value = currentTarget.value)}
          />
        </label>
      )}
      {kind === 'url' && (
        <label class="wide">
          <span>{strings.url}</span>
          <input
            id="url"
            type="text"
            inputMode="url"
            autoComplete="off"
            spellcheck={false}
            placeholder={strings.urlExample}
            value={state.url.value}
            onInput={({ currentTarget }) => (state.url.value = currentTarget.value)}
          />
        </label>
      )}
      {kind === 'folder' && (
        <div class="wide">
          <FolderRow
            id="folder"
            button={strings.folder}
            note={strings.folderNote}
            input={strings.folderInput}
            picked={state.folder}
          />
          <FolderRow
            id="folder-base"
            button={strings.base}
            note={strings.baseNote}
            input={strings.baseInput}
            picked={state.base}
          />
        </div>
      )}
      {kind !== 'url' && (
        <Select
          id="dtype"
          label={strings.weights}
          value={dtype}
          options={DTYPES.map((value) => ({ value, label: strings.dtypes[value] }))}
          onChange={(value) => (state.dtype.value = value)}
        />
      )}
      {kind !== 'url' && dtype === 'q4' && (
        <Select
          id="effort"
          label={strings.effort}
          value={state.effort.value}
          options={EFFORTS.map((value) => ({ value, label: strings.efforts[value] }))}
          onChange={(value) => (state.effort.value = value)}
        />
      )}
      {kind === 'hub' && <RecipeWarning repo={repo} />}
      {kind !== 'url' && (
        <details class="wide">
          <summary>{strings.details}</summary>
          {kind === 'hub' && <RecipeFacts id="repo-recipe" repo={repo} />}
          <p id="dtype-note" class="quiet note">
            {strings.fidelity[dtype]} {strings.sizeNote(strings.sizes[dtype])}
          </p>
          {dtype === 'q4' && (
            <p id="effort-note" class="quiet note">
              {strings.effortNote}
            </p>
          )}
        </details>
      )}
      {kind !== 'url' && state.reachesHub && (
        <details class="wide">
          <summary>{strings.token}</summary>
          <input
            id="token"
            type="password"
            autoComplete="off"
            aria-label={strings.token}
            aria-describedby="token-note"
            value={state.token.value}
            onInput={({ currentTarget }) => (state.token.value = currentTarget.value)}
          />
          <p id="token-note" class="quiet">
            {strings.tokenNote}
          </p>
        </details>
      )}
      {note && (
        <p id="opens-anew" class="quiet wide">
          {strings.opensAnew[note]}
        </p>
      )}
      <Button id="look" type="submit" kind="main" disabled={state.isLooking.value}>
        {state.isLooking.value ? strings.looking : strings.look}
      </Button>
      {state.isLooking.value && (
        <>
          <Button id="stop-looking" onClick={() => state.stopLooking()}>
            {strings.stopLooking}
          </Button>
          <NoAnswer host={state.lookingAt.value} />
        </>
      )}
    </form>
  );
}

/** Failed requests are retried for a while; the user is told if that lasts. */
function NoAnswer({ host }: { host: string | null }): JSX.Element {
  const seconds = useSeconds(host);
  return (
    <p id="no-answer" class="quiet" role="status">
      {host !== null && seconds >= 3 ? strings.noAnswer(host, seconds) : ''}
    </p>
  );
}

interface FolderRowProps {
  id: string;
  button: string;
  /** The text shown until a folder is chosen. */
  note: string;
  /** The name of the file input. */
  input: string;
  picked: { value: PickedFolder | null };
}

/** A button for the browser's dialog for folders, and the file input behind it if there is none. */
function FolderRow({ id, button, note, input, picked }: FolderRowProps): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  const pick = async () => {
    const folder = await pickFolder();
    if (folder === 'unavailable') field.current!.click();
    else if (folder) picked.value = folder;
  };
  return (
    <p class="picked">
      <Button onClick={() => void pick()}>{button}</Button>
      <span class="quiet">{picked.value?.name ?? note}</span>
      <input
        ref={field}
        id={id}
        type="file"
        {...{ webkitdirectory: true }}
        hidden
        aria-label={input}
        onChange={({ currentTarget }) => (picked.value = folderOf([...(currentTarget.files ?? [])]))}
      />
    </p>
  );
}
