/** @file What a model will cost, before any of it is downloaded. */
import { useEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import { Button } from '../shell';
import { modelsStrings as strings } from '../strings/models';
import { thousandInWords } from '../cards/time-words';
import { lastTimes } from '../cards/times';
import { RecipeFacts, RecipeWarning } from './recipe';
import type { Cost, ModelsState } from './state';
import { rankingPage } from './stored-list';
import { costInWords } from './words';

export function CostView({ state, cost }: { state: ModelsState; cost: Cost }): JSX.Element {
  const { wish, estimate } = cost;
  const { name } = estimate;
  const times = lastTimes(wish.title);
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current!.focus(), [cost]);
  const isUnderWay = name !== null && state.jobs.has(name);
  const isOpen = name !== null && estimate.state !== 'stored' && !isUnderWay;
  return (
    <section id="cost" aria-labelledby="cost-title">
      <h2 id="cost-title" ref={title} tabIndex={-1}>
        {wish.title}
      </h2>
      {isOpen && (
        <dl id="figures">
          {costInWords(estimate, wish.fromDisk).map(({ label, value, bad }) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd class={bad ? 'bad' : ''}>{value}</dd>
            </div>
          ))}
          <div>
            <dt>{strings.timeOf}</dt>
            <dd>{times ? thousandInWords(times) : strings.timeLater}</dd>
          </div>
        </dl>
      )}
      {isOpen && !('url' in wish.errand) && <RecipeFacts id="cost-recipe" repo={wish.title} />}
      {isOpen && !('url' in wish.errand) && <RecipeWarning repo={wish.title} />}
      <p id="cost-note" class="quiet">
        {isUnderWay ? strings.cost.isUnderWay : noteOf(cost)}
      </p>
      <p class="actions">
        {isOpen && (
          <Button id="confirm" kind="main" onClick={() => state.confirm()}>
            {estimate.state === 'unfinished' ? strings.goOn : wish.fromDisk ? strings.convert : strings.download}
          </Button>
        )}
        {estimate.state === 'stored' && name !== null && (
          <a class="button main" href={rankingPage(name)}>
            {strings.use}
          </a>
        )}
        <Button
          onClick={() => {
            state.cost.value = null;
            document.getElementById('look')?.focus();
          }}
        >
          {strings.notNow}
        </Button>
      </p>
    </section>
  );
}

function noteOf({ wish, estimate: { name, state, storage } }: Cost): string {
  const words = strings.cost;
  if (name === null) return words.isBundle;
  if (state === 'stored') return words.isStored;
  if (state === 'unfinished') return words.isBegun;
  if (storage.fits === false) return words.deleteFirst;
  return wish.fromDisk ? words.nothingConverted : words.nothingYet;
}
