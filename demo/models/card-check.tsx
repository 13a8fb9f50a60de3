/** @file Compares a stored model with the scores on its model card; the visitor provides the card's picture. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import { CARD_EXAMPLE, verifyCard, VLM2Vec, type VerifyReport, type WeightDtype } from '../../src/index';
import { ErrorBox, FileButton, latest, startModelWorker } from '../shell';
import { modelsStrings } from '../strings/models';

const strings = modelsStrings.card;

type Outcome =
  | { kind: 'none' }
  | { kind: 'busy'; text: string }
  | { kind: 'done'; report: VerifyReport; dtype: WeightDtype }
  | { kind: 'failed'; error: unknown };

export function CardCheck({ name }: { name: string }): JSX.Element {
  const outcome = useSignal<Outcome>({ kind: 'none' });
  const stop = useRef(new AbortController());
  useEffect(() => () => stop.current.abort(), []);
  const check = useRef(
    latest(
      async (abort, picture: File) => {
        const signal = AbortSignal.any([abort, stop.current.signal]);
        outcome.value = { kind: 'busy', text: strings.loading };
        const bytes = new Uint8Array(await picture.arrayBuffer());
        const model = await VLM2Vec.load({ name }, { signal, worker: startModelWorker });
        try {
          outcome.value = { kind: 'busy', text: strings.computing };
          const report = await verifyCard(model, bytes, { signal });
          outcome.value = { kind: 'done', report, dtype: model.info.dtype };
        } finally {
          await model.dispose();
        }
      },
      (error) => (outcome.value = { kind: 'failed', error }),
    ),
  );
  const shown = outcome.value;
  return (
    <div class="card-check">
      <h3>{strings.title}</h3>
      <p class="quiet">{strings.lead}</p>
      <p class="quiet">
        {strings.where}{' '}
        <a href={CARD_EXAMPLE.url} target="_blank" rel="noreferrer">
          {CARD_EXAMPLE.url}
        </a>
      </p>
      <p>
        <FileButton accept="image/jpeg" onFiles={([file]) => void check.current(file!)}>
          {strings.picture}
        </FileButton>
      </p>
      <p role="status">{shown.kind === 'busy' ? shown.text : ''}</p>
      <ErrorBox error={shown.kind === 'failed' ? shown.error : null} />
      {shown.kind === 'done' && <Scores report={shown.report} dtype={shown.dtype} />}
    </div>
  );
}

function Scores({ report, dtype }: { report: VerifyReport; dtype: WeightDtype }): JSX.Element {
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">{strings.answer}</th>
            <th scope="col">{strings.here}</th>
            <th scope="col">{strings.published}</th>
          </tr>
        </thead>
        <tbody>
          {report.answers.map(({ text, score, published, passed }) => (
            <tr key={text} class={passed ? '' : 'bad'}>
              <th scope="row">{text}</th>
              <td>{score.toFixed(4)}</td>
              <td>{published.toFixed(4)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class={report.passed ? '' : 'bad'} role="status">
        {report.passed ? strings.passed(report.tolerance, dtype) : strings.failed(report.tolerance)}
      </p>
    </>
  );
}
