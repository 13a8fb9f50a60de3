/**
 * @file The playground of the documents: one query, some candidates, three calls of nano. Rendered into
 * `#playground-here`.
 */
import { render, type JSX } from 'preact';
import { playgroundStrings as strings } from '../strings/playground';
import type { Call } from './snippet';
import * as state from './state';

/** The size of nano, as in docs/hosting.md. */
const MEGABYTES = 7;
const CALLS: Record<Call, string> = { rank: 'rank', sides: 'embedQuery, embedDocument', embed: 'embed' };
const OWN = '?own';

function Playground(): JSX.Element {
  const running = state.isRunning.value;
  return (
    <>
      <form
        class="playground"
        onSubmit={(event) => {
          event.preventDefault();
          void state.run();
        }}
      >
        <label>
          <span>{strings.call}</span>
          <select value={state.call.value} onChange={(event) => (state.call.value = event.currentTarget.value as Call)}>
            {Object.entries(CALLS).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>{strings.query}</span>
          <input value={state.text.value} onInput={(event) => (state.text.value = event.currentTarget.value)} />
        </label>
        <Picture />
        <label>
          <span>{strings.candidates}</span>
          <textarea
            rows={5}
            value={state.candidates.value}
            onInput={(event) => (state.candidates.value = event.currentTarget.value)}
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={state.withSamples.value}
            onChange={(event) => (state.withSamples.value = event.currentTarget.checked)}
          />
          <span>{strings.samples}</span>
        </label>
        <div class="buttons">
          <button type="submit" disabled={running}>
            {state.hasModel.value ? strings.run : strings.first(MEGABYTES)}
          </button>
          {running && (
            <button type="button" onClick={state.stop}>
              {strings.stop}
            </button>
          )}
        </div>
        {running && (
          <progress aria-label={strings.run} {...(state.share.value === null ? {} : { value: state.share.value })} />
        )}
        <p role="status">{state.status.value}</p>
        {state.problem.value && <p role="alert">{state.problem.value}</p>}
      </form>
      {state.scored.value.length > 0 && <Result />}
    </>
  );
}

/** A sample, the user's own file, or none. */
function Picture(): JSX.Element {
  const { value } = state.picture;
  const isOwn = value instanceof File;
  return (
    <>
      <label>
        <span>{strings.picture}</span>
        <select
          value={isOwn ? OWN : (value ?? '')}
          onChange={(event) => {
            const chosen = event.currentTarget.value;
            if (chosen === OWN) document.getElementById('playground-file')!.click();
            else state.picture.value = chosen || null;
          }}
        >
          <option value="">{strings.none}</option>
          {state.samples.value.map(({ file, alt }) => (
            <option key={file} value={file}>
              {alt}
            </option>
          ))}
          <option value={OWN}>{isOwn ? strings.chosen(value.name) : strings.own}</option>
        </select>
      </label>
      <input
        id="playground-file"
        type="file"
        accept="image/*"
        hidden
        aria-label={strings.chooseFile}
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          if (file) state.picture.value = file;
        }}
      />
      {typeof value === 'string' && state.samples.value.length > 0 && <img src={state.sampleUrl(value)} alt="" />}
    </>
  );
}

function Result(): JSX.Element {
  return (
    <>
      <h2>{strings.result}</h2>
      <table class="scores">
        <tbody>
          {state.scored.value.map(({ label, image, score }) => (
            <tr key={image ?? label}>
              <td>{score.toFixed(4)}</td>
              <td>
                <meter min={0} max={1} value={Math.max(0, score)} aria-label={label} />
              </td>
              <th scope="row">
                {image && <img src={image} alt="" />}
                {label}
              </th>
            </tr>
          ))}
        </tbody>
      </table>
      <h2>{strings.code}</h2>
      <pre tabIndex={0}>
        <code>{state.code.value}</code>
      </pre>
    </>
  );
}

const place = document.getElementById('playground-here')!;
place.replaceChildren();
render(<Playground />, place);
void state.start();
