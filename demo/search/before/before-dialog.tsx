/** @file The question before a long run. */
import type { JSX } from 'preact';
import type { ModelInfo } from '../../../src/index';
import { MeasureButton } from '../../cards/cards';
import { secondsFor, sizeOptions, timeInWordsFor } from '../../cards/time-words';
import { timesOf } from '../../cards/times';
import { Button, Dialog, durationInWords, nameOf } from '../../shell';
import { cardStrings } from '../../strings/cards';
import { useSearch } from '../state';
import { useMeasuring } from './use-measuring';

const strings = cardStrings.before;

export function BeforeDialog(): JSX.Element {
  const { before, control } = useSearch();
  const question = before.question.value;
  const info = control.model.value?.info ?? null;
  return (
    <Dialog
      title={question ? strings.title(question.photos, question.more) : ''}
      open={question !== null && info !== null}
      onClose={() => question?.answer(false)}
    >
      {info && question && <Body info={info} photos={question.photos} answer={question.answer} />}
    </Dialog>
  );
}

interface BodyProps {
  info: ModelInfo;
  photos: number;
  answer: (begin: boolean) => void;
}

function Body({ info, photos, answer }: BodyProps): JSX.Element {
  const { sizes, control } = useSearch();
  const { measuring, subject, run } = useMeasuring();
  const times = timesOf(info);
  const name = nameOf(control.choice.value);
  const chosen = sizes.of(info).name;
  const options = sizeOptions(info);
  const timeOf = (size: string) => times?.times.find((time) => time.size === size);
  const time = timeOf(chosen);
  return (
    <div class="before">
      <p>
        {!time
          ? strings.unknown(name)
          : time.milliseconds === null
            ? strings.takesAtLeast(name, durationInWords(secondsFor(time, photos).seconds))
            : strings.takes(name, durationInWords(secondsFor(time, photos).seconds))}{' '}
        {strings.meanwhile}
      </p>
      {options.length > 1 && (
        <fieldset class="before-sizes">
          <legend>{cardStrings.sizes.legend}</legend>
          {options.map((option) => {
            const taken = timeOf(option.name);
            return (
              <label key={option.name}>
                <input
                  type="radio"
                  name="photo-size"
                  checked={option.name === chosen}
                  onChange={() => sizes.choose(info, option.name)}
                />{' '}
                {taken ? strings.option(option.label, timeInWordsFor(taken, photos)) : option.label}
              </label>
            );
          })}
          <p class="quiet">{cardStrings.sizes.cost}</p>
        </fieldset>
      )}
      <div class="before-measure">
        <MeasureButton measuring={measuring} subject={subject} name={name} again={times !== null} run={run} />
      </div>
      <p class="dialog-actions">
        <Button kind="main" disabled={measuring.now.value !== null} onClick={() => answer(true)}>
          {time ? strings.start : strings.startUnmeasured}
        </Button>
        <Button onClick={() => answer(false)}>{strings.cancel}</Button>
      </p>
    </div>
  );
}
