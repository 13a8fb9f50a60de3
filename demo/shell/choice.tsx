/** @file One of a few, side by side: radio buttons in a row. */
import { useId } from 'preact/hooks';
import type { JSX } from 'preact';

export interface ChoiceProps<T extends string> {
  legend: string;
  /** Whether the legend is for screen readers only. */
  hideLegend?: boolean;
  options: readonly { value: T; label: string }[];
  value: T;
  onChange: (value: T) => void;
  /** The id of a text that explains it. */
  describedBy?: string;
}

export function Choice<T extends string>(props: ChoiceProps<T>): JSX.Element {
  const { legend, hideLegend, options, value, onChange, describedBy } = props;
  const name = useId();
  return (
    <fieldset class="choice" {...(describedBy && { 'aria-describedby': describedBy })}>
      <legend class={hideLegend ? 'visually-hidden' : ''}>{legend}</legend>
      <div>
        {options.map((option) => (
          <label key={option.value}>
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
