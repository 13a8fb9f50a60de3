/** @file Other models beside ours: requested by the visitor, their sizes shown first, then downloaded and timed. */
import { signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { JSX } from 'preact';
import type { Figure, OtherFigures } from '../../src/measure';
import { bytesInWords, Button, ErrorBox, mayReach, Progress, startConfined, timeInWords } from '../shell';
import { benchStrings } from '../strings/bench';
import { FigureTable } from './report-view';
import type { RivalNews, RivalTask } from './rival-protocol';
import workerUrl from './rival.worker.ts?worker&url';
import { askForOffer, HUB, RIVALS, type Offer } from './rivals';
import type { BenchState } from './state';

const strings = benchStrings.rivals;
const LONGEST = 60;

/** Which of them is running: one at a time, since they would slow each other down. */
const busy = signal<string | null>(null);

export function Rivals({ state }: { state: BenchState }): JSX.Element {
  const offers = useSignal<Offer[] | null>(null);
  const isAsking = useSignal(false);
  const error = useSignal<unknown>(null);
  const ask = async () => {
    isAsking.value = true;
    error.value = null;
    const device = state.rungs.value?.some((rung) => rung.device === 'webgpu' && state.isPicked(rung))
      ? 'webgpu'
      : 'wasm';
    try {
      const { signal } = new AbortController();
      offers.value = await Promise.all(RIVALS.map((rival) => askForOffer(rival, device, signal)));
    } catch (failed) {
      error.value = failed;
    }
    isAsking.value = false;
  };
  const reaches = mayReach(new URL(HUB));
  return (
    <section class="rivals" aria-labelledby="rivals-title">
      <h2 id="rivals-title">{strings.title}</h2>
      <p>{strings.lead(RIVALS.map(({ title }) => title).join(', '))}</p>
      {!reaches && (
        <>
          <p class="quiet">{strings.opensAnew}</p>
          <p>
            <Button onClick={() => state.leaveFor(`bench-hub.html${location.search}`)}>{strings.open}</Button>
          </p>
        </>
      )}
      {reaches && offers.value === null && (
        <p>
          <Button disabled={isAsking.value} onClick={() => void ask()}>
            {isAsking.value ? strings.asking : strings.ask}
          </Button>
        </p>
      )}
      <ErrorBox error={error.value} />
      {offers.value && (
        <>
          <p class="quiet">{strings.cost}</p>
          <ul>
            {offers.value.map((offer) => (
              <OfferView key={offer.rival.id} offer={offer} state={state} />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

type Doing = { kind: 'nothing' } | { kind: 'loading'; share: number | null } | { kind: 'measuring' };

function OfferView({ offer, state }: { offer: Offer; state: BenchState }): JSX.Element {
  const { rival, device, dtype, bytes } = offer;
  const doing = useSignal<Doing>({ kind: 'nothing' });
  const others = state.others.value;
  const found = others.find(({ model }) => model === rival.repo);
  const stop = useSignal<(() => void) | null>(null);
  useEffect(() => () => stop.value?.(), []);

  const run = () => {
    busy.value = rival.id;
    doing.value = { kind: 'loading', share: null };
    let result: OtherFigures = {
      ...{ library: 'transformers.js', model: rival.repo, dtype, device, bytes, load: { milliseconds: 0 } },
      ...{ figures: [] as Figure[], error: null },
    };
    const keep = (change: Partial<OtherFigures>) => {
      result = { ...result, ...change };
      state.others.value = [...state.others.value.filter(({ model }) => model !== rival.repo), result];
    };
    const worker = startConfined(workerUrl);
    const end = () => {
      worker.terminate();
      busy.value = null;
      stop.value = null;
      doing.value = { kind: 'nothing' };
    };
    stop.value = end;
    worker.addEventListener('error', ({ message }) => {
      keep({ error: message });
      end();
    });
    worker.addEventListener('message', ({ data }: MessageEvent<RivalNews>) => {
      if (data.type === 'progress') doing.value = { kind: 'loading', share: data.loaded / data.total };
      else if (data.type === 'loaded') {
        doing.value = { kind: 'measuring' };
        keep({ library: data.library, load: { milliseconds: data.milliseconds } });
      } else if (data.type === 'figure') keep({ figures: [...result.figures, data.figure] });
      else {
        if (data.type === 'failed') keep({ error: data.message });
        end();
      }
    });
    const task: RivalTask = {
      ...{ hub: HUB, repo: rival.repo, kind: rival.id, device, dtype, longest: LONGEST },
      captions: state.captionCounts,
    };
    worker.postMessage(task);
  };

  const now = doing.value;
  return (
    <li data-rival={rival.id}>
      <div class="offer">
        <div>
          <strong>{rival.title}</strong>
          <p class="quiet">
            {rival.repo}, {dtype}, {strings.device(device)}: {strings.size(bytesInWords(bytes))}
          </p>
        </div>
        {now.kind === 'nothing' ? (
          <Button disabled={busy.value !== null || state.running.value !== null} onClick={run}>
            {strings.download}
          </Button>
        ) : (
          <Button onClick={() => stop.value?.()}>{benchStrings.stop}</Button>
        )}
      </div>
      {now.kind !== 'nothing' && (
        <>
          <Progress share={now.kind === 'loading' ? now.share : null} label={strings.measuring} />
          <p class="quiet" role="status">
            {now.kind === 'measuring'
              ? strings.measuring
              : strings.loading(now.share === null ? null : `${Math.floor(100 * now.share)} %`)}
          </p>
        </>
      )}
      {found && found.load.milliseconds > 0 && (
        <p class="quiet">{strings.loaded(bytesInWords(found.bytes), timeInWords(found.load.milliseconds))}</p>
      )}
      {found && found.figures.length > 0 && <FigureTable figures={found.figures} />}
      {found?.error && <p class="bad">{found.error}</p>}
    </li>
  );
}
