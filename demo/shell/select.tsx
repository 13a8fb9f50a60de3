/** @file One of many: a label and the browser's own list. */
import type { JSX } from 'preact';

export interface Option<T extends string> {
  value: T;
  label: string;
}

export interface OptionGroup<T extends string> {
  label: string;
  options: readonly Option<T>[];
}

export interface SelectProps<T extends string> {
  label: string;
  options: readonly (Option<T> | OptionGroup<T>)[];
  value: T;
  onChange: (value: T) => void;
  id?: string;
  /** The id of a text that explains it. */
  describedBy?: string;
}

export function Select<T extends string>({
  label,
  options,
  value,
  onChange,
  id,
  describedBy,
}: SelectProps<T>): JSX.Element {
  return (
    <label>
      <span>{label}</span>
      <select
        {...(id && { id })}
        {...(describedBy && { 'aria-describedby': describedBy })}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value as T)}
      >
        {options.map((entry) =>
          'options' in entry ? (
            <optgroup key={entry.label} label={entry.label}>
              {entry.options.map(optionOf)}
            </optgroup>
          ) : (
            optionOf(entry)
          ),
        )}
      </select>
    </label>
  );
}

function optionOf({ value, label }: Option<string>): JSX.Element {
  return (
    <option key={value} value={value}>
      {label}
    </option>
  );
}
