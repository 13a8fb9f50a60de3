/** @file The choice of photo size for the page's model, with the time it takes; in the settings of the model. */
import type { JSX } from 'preact';
import { MeasureButton } from '../../cards/cards';
import { sizeOptions, thousandInWords } from '../../cards/time-words';
import { timesOf } from '../../cards/times';
import { nameOf, Select } from '../../shell';
import { cardStrings as strings } from '../../strings/cards';
import { useSearch } from '../state';
import { useMeasuring } from './use-measuring';

export function SizeChoice(): JSX.Element | null {
  const { control, sizes } = useSearch();
  const { measuring, subject, run } = useMeasuring();
  const info = control.model.value?.info;
  if (!info) return null;
  const options = sizeOptions(info);
  const size = sizes.of(info).name;
  const record = timesOf(info);
  const time = record?.times.find((each) => each.size === size);
  return (
    <div class="size-choice">
      {options.length > 1 && (
        <Select
          id="photo-size"
          label={strings.sizes.legend}
          describedBy="photo-size-note"
          value={size}
          options={options.map(({ name, label }) => ({ value: name, label }))}
          onChange={(name) => sizes.choose(info, name)}
        />
      )}
      <p class="quiet" id="photo-size-note">
        {options.length > 1 && `${strings.sizes.cost} `}
        {`${strings.facts.time}: ${record && time ? thousandInWords({ times: [time], onGpu: record.onGpu }) : strings.notMeasured}.`}
      </p>
      <MeasureButton
        measuring={measuring}
        subject={subject}
        name={nameOf(control.choice.value)}
        again={time !== undefined}
        run={run}
      />
    </div>
  );
}
