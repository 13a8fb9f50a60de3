/** @file The recommended models as cards: what each is for, what it requires, and how long photos take with it here. */
import { useEffect } from 'preact/hooks';
import type { ComponentChildren, JSX } from 'preact';
import { bytesInWords, Button, ErrorBox, Progress } from '../shell';
import { cardStrings as strings } from '../strings/cards';
import { here, lookHere } from './here';
import type { Measuring } from './measuring';
import { recommended, type Recommended } from './recommended';
import { thousandInWords } from './time-words';
import { lastTimes } from './times';

/** The actions for one of them. */
export interface CardActions {
  /** Get it, use it: a button or a link. */
  main: ComponentChildren;
  /** Measures it; null if that needs something else first. */
  measure: (() => void) | null;
}

export interface CardsProps {
  measuring: Measuring;
  actions: (card: Recommended, name: string) => CardActions;
}

/** Its displayed name, and the key for its times. */
export const nameOfCard = ({ repo }: Pick<Recommended, 'repo'>): string => repo?.replace(/^.*\//, '') ?? strings.nano;
export const subjectOfCard = ({ repo }: Pick<Recommended, 'repo'>): string => repo ?? 'nano';

export function Cards({ measuring, actions }: CardsProps): JSX.Element {
  useEffect(() => void lookHere(), []);
  return (
    <section class="cards" aria-labelledby="cards-title">
      <h2 id="cards-title">{strings.title}</h2>
      <ul>
        {recommended(here.value).map((card) => (
          <Card key={card.kind} card={card} measuring={measuring} actions={actions(card, nameOfCard(card))} />
        ))}
      </ul>
      <p class="quiet">{strings.note}</p>
    </section>
  );
}

interface CardProps {
  card: Recommended;
  measuring: Measuring;
  actions: CardActions;
}

function Card({ card, measuring, actions }: CardProps): JSX.Element {
  const name = nameOfCard(card);
  const times = lastTimes(subjectOfCard(card));
  const { facts } = strings;
  const fit = strings.fit[card.fit] + (card.hasSpace === false ? `; ${strings.noSpace}` : '');
  const rows: [label: string, value: string][] = [
    [facts.download, card.repo === null ? strings.comesWith(bytesInWords(card.download)) : bytesInWords(card.download)],
    ...(card.repo === null ? [] : [[facts.store, bytesInWords(card.store)] as [string, string]]),
    [facts.fit, fit],
    [facts.time, times ? thousandInWords(times) : strings.notMeasured],
    [facts.licence, card.licence],
  ];
  return (
    <li class="model-card" data-kind={card.kind}>
      <h3>{strings.kinds[card.kind]}</h3>
      <p class="card-name">{name}</p>
      <p class="card-what">{strings.what[card.kind]}</p>
      <dl>
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div class="card-actions">
        {actions.main}
        <MeasureButton
          measuring={measuring}
          subject={subjectOfCard(card)}
          name={name}
          again={times !== null}
          run={actions.measure}
        />
      </div>
    </li>
  );
}

export interface MeasureButtonProps {
  measuring: Measuring;
  subject: string;
  name: string;
  again: boolean;
  /** Null where it cannot be measured yet. */
  run: (() => void) | null;
}

/** Measures, shows progress, and can be stopped. */
export function MeasureButton({ measuring, subject, name, again, run }: MeasureButtonProps): JSX.Element {
  const now = measuring.now.value;
  const mine = now?.subject === subject ? now : null;
  const failed = measuring.error.value;
  if (mine) {
    return (
      <div class="measuring">
        <p class="quiet" role="status">
          {mine.text}
        </p>
        <Progress label={strings.progress} share={mine.share} />
        <Button onClick={() => measuring.stop()}>{strings.stop}</Button>
      </div>
    );
  }
  if (!run) return <p class="quiet">{strings.measureAfter}</p>;
  const label = again ? strings.measureAgain : strings.measure;
  return (
    <>
      <Button disabled={now !== null} aria-label={strings.of(label, name)} onClick={run}>
        {label}
      </Button>
      {failed?.subject === subject && <ErrorBox error={failed.error} />}
    </>
  );
}
