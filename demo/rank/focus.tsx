/** @file The selected query, enlarged, and its candidates as bars, best first. */
import type { JSX } from 'preact';
import { reasonInWords } from '../../src/search/reasons';
import { rankStrings as strings } from '../strings/rank';
import { BoxEditor } from './box-editor';
import { candidatesOf, cosineInWords, shareInWords, type Candidate } from './cells';
import { Fold } from './fold';
import type { LiveRanking, Shown } from './live-ranking';
import { chosenText, failureOf } from './matrix';
import { TEMPERATURE } from './scores';
import type { Picture, RankState } from './state';

export function Focus({ state, ranking }: { state: RankState; ranking: LiveRanking }): JSX.Element {
  const task = state.task.value;
  const picture = state.picture.value;
  const shown = ranking.shown.value;
  const text = chosenText(state);
  const query = task.queries === 'pictures' ? picture?.id : text?.id;
  const candidates = shown && shown.task === task && query !== undefined ? candidatesOf(shown, query) : [];
  return (
    <Fold id="focus-title" class="focus" title={task.queries === 'pictures' ? strings.focusPicture : strings.focusText}>
      {task.boxes && state.pictures.value.length > 1 && <PictureChoice state={state} />}
      {picture && (task.boxes || task.queries === 'pictures') && (
        <figure>
          {task.boxes ? <BoxEditor state={state} picture={picture} /> : <img src={picture.url} alt={picture.alt} />}
          <figcaption id="picture-name" class="quiet">
            {picture.name}
          </figcaption>
        </figure>
      )}
      {task.queries === 'texts' && text && <p class="asked">“{text.text}”</p>}
      {candidates.length > 0 ? (
        <>
          <Bars candidates={candidates} state={state} ranking={ranking} shown={shown!} />
          <p class="quiet">
            {state.values.value === 'softmax' ? strings.values.barsNote(TEMPERATURE) : strings.values.cosineBarsNote}
          </p>
        </>
      ) : (
        <p id="ranking-hint" class="quiet">
          {hintOf(state, ranking)}
        </p>
      )}
      {task.queries === 'pictures' && !task.asks && picture?.sample && candidates[0] && (
        <Verdict picture={picture} best={candidates[0].name} candidates={candidates} />
      )}
    </Fold>
  );
}

/** Why the selected query has no ranking. */
function hintOf(state: RankState, ranking: LiveRanking): string {
  if (state.expected.value) return '';
  const { boxes, queries } = state.task.value;
  const picture = state.picture.value;
  if (boxes && picture && state.boxes.value.length === 0) return strings.noBoxes;
  const texts = queries === 'texts' ? [chosenText(state)] : state.texts.value;
  if (!picture || !texts.some((line) => line && line.text.trim() !== '')) return strings.empty;
  const failure = ranking.shown.value && failureOf(ranking.shown.value.failures, picture.id);
  if (failure) return strings.badPicture(picture.name, reasonInWords(failure));
  if (ranking.error.value) return '';
  return ranking.isBusy.value ? strings.coming : strings.comesWithModel;
}

/** Which picture to draw on: its boxes are the table's columns. */
function PictureChoice({ state }: { state: RankState }): JSX.Element {
  return (
    <div class="picture-choice" role="group" aria-label={strings.focusPicture}>
      {state.pictures.value.map(({ id, url, alt }) => (
        <button
          key={id}
          type="button"
          class="thumb"
          aria-pressed={state.picture.value?.id === id}
          aria-label={alt}
          onClick={() => state.selectPicture(id)}
        >
          <img src={url} alt="" />
        </button>
      ))}
    </div>
  );
}

interface BarsProps {
  candidates: Candidate[];
  state: RankState;
  ranking: LiveRanking;
  shown: Shown;
}

/**
 * A bar is as long as the figure beside it: relative to 1, or to the best if several vectors per input make figures
 * larger.
 */
function Bars({ candidates, state, ranking, shown }: BarsProps): JSX.Element {
  const best = candidates[0]!;
  const asked = shown.task.queries === 'pictures' ? (state.picture.value?.alt ?? '') : (chosenText(state)?.text ?? '');
  const isSoftmax = state.values.value === 'softmax';
  const shareOf = ({ probability, cosine }: Candidate) =>
    isSoftmax ? probability : Math.max(0, cosine) / Math.max(1, best.cosine);
  return (
    <ol id="ranking" class="bars" aria-label={strings.ranking(asked)} aria-busy={ranking.isBusy.value}>
      {candidates.map((candidate) => (
        <li key={candidate.id}>
          <span class="bar" style={{ width: `${100 * shareOf(candidate)}%` }} />
          <span class="caption">{candidate.name}</span>
          <span class="score">{isSoftmax ? shareInWords(candidate.probability) : cosineInWords(candidate.cosine)}</span>
        </li>
      ))}
    </ol>
  );
}

/** Whether the sample's label came first; nothing if the label is not among the texts. */
function Verdict({
  picture,
  best,
  candidates,
}: {
  picture: Picture;
  best: string;
  candidates: Candidate[];
}): JSX.Element | null {
  const { captions, truth } = picture.sample!;
  const label = captions[truth]!;
  if (!candidates.some(({ name }) => name === label)) return null;
  const isRight = best === label;
  return (
    <p class={`verdict ${isRight ? 'right' : 'wrong'}`}>{isRight ? strings.truthRight : strings.truthWrong(label)}</p>
  );
}
