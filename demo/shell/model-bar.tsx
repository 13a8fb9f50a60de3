/** @file The line at the top of a page that says which model it works with, and lets users choose another. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { shellStrings } from '../strings/shell';
import { Button } from './button';
import { ErrorBox } from './error-box';
import { FileButton } from './file-button';
import { nameOf, type DeviceWish, type LoadState, type ModelControl } from './model-control';
import { Progress } from './progress';
import { Select } from './select';
import { modelInWords, progressInWords } from './words';

const strings = shellStrings.model;
const DEVICES: DeviceWish[] = ['auto', 'webgpu', 'wasm'];

export function ModelBar({ control }: { control: ModelControl }): JSX.Element {
  const { choice, device, state, stored } = control;
  /** What still needs an address or a folder before it can be loaded. */
  const asking = useSignal<'url' | 'folder' | null>(null);
  const address = useSignal(choice.value.kind === 'url' ? choice.value.url : '');
  const kept = stored.value;
  const isStored = choice.value.kind === 'stored' && kept.some(({ name }) => name === nameOfStored(choice.value));

  const choose = (value: string) => {
    asking.value = value === 'url' || value === 'folder' ? value : null;
    if (value === 'nano') void control.load({ kind: 'nano' });
    const found = kept.find(({ name }) => `stored:${name}` === value);
    if (found) void control.load({ kind: 'stored', ...found });
  };
  const chosen =
    asking.value ??
    (choice.value.kind === 'stored' ? (isStored ? `stored:${nameOfStored(choice.value)}` : '') : choice.value.kind);

  return (
    <section class="model-bar" aria-label={strings.label}>
      <div class="model-choices">
        <Select
          id="model"
          label={strings.label}
          value={chosen}
          options={[
            ...(chosen === '' ? [{ value: '', label: '' }] : []),
            { value: 'nano', label: strings.nano },
            ...(kept.length > 0
              ? [
                  {
                    label: strings.stored,
                    options: kept.map(({ name, title }) => ({ value: `stored:${name}`, label: title })),
                  },
                ]
              : []),
            { value: 'url', label: strings.url },
            { value: 'folder', label: strings.folder },
          ]}
          onChange={choose}
        />
        <Select
          id="device"
          label={strings.device}
          value={device.value}
          options={DEVICES.map((name) => ({ value: name, label: strings.devices[name] }))}
          onChange={(name) => void control.loadOn(name)}
        />
        {chosen === 'url' && (
          <form
            class="model-more"
            onSubmit={(event) => {
              event.preventDefault();
              const url = address.value.trim();
              if (url) void control.load({ kind: 'url', url });
            }}
          >
            <label>
              <span>{strings.address}</span>
              <input
                id="url"
                type="text"
                inputMode="url"
                autoComplete="off"
                spellcheck={false}
                placeholder="models/my-bundle/"
                value={address.value}
                onInput={(event) => (address.value = event.currentTarget.value)}
              />
            </label>
            <Button type="submit">{strings.load}</Button>
          </form>
        )}
        {chosen === 'folder' && (
          <div class="model-more">
            <FileButton
              id="folder"
              folder
              onFiles={(files) => {
                const name = files[0]!.webkitRelativePath.split('/')[0] || 'folder';
                void control.load({ kind: 'folder', name, files });
              }}
            >
              {strings.folder}
            </FileButton>
            <span class="quiet">{strings.folderLabel}</span>
          </div>
        )}
        <Status state={state.value} control={control} />
      </div>
      <ErrorBox
        error={state.value.kind === 'failed' ? state.value.error : null}
        action={
          choice.value.kind === 'folder' || chosen === ''
            ? null
            : { label: strings.again, run: () => void control.reload() }
        }
      />
    </section>
  );
}

function nameOfStored(choice: ModelControl['choice']['value']): string {
  return choice.kind === 'stored' ? choice.name : '';
}

function Status({ state, control }: { state: LoadState; control: ModelControl }): JSX.Element {
  const words = state.kind === 'loading' && state.progress ? progressInWords(state.progress) : null;
  return (
    <div class="model-status">
      <p id="status-text" role="status">
        {state.kind === 'ready'
          ? modelInWords(nameOf(control.choice.value), state.info, control.device.value)
          : state.kind === 'loading'
            ? (words?.text ?? strings.starting)
            : strings.none}
      </p>
      {state.kind === 'ready' && state.info.recipe.assumed && <p id="assumed">{state.info.recipe.assumed}</p>}
      {state.kind === 'loading' && <Progress id="load" share={words?.share ?? null} label={strings.loading} />}
    </div>
  );
}
