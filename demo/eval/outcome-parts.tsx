/** @file What the tables of both kinds of outcome have in common: a bar with its share, and what stands below. */
import type { ComponentChildren, JSX } from 'preact';
import { Button, timeInWords } from '../shell';
import { evalStrings as strings } from '../strings/eval';

/** A cell. @param share from 0 to 1 */
export function Bar({ share }: { share: number }): JSX.Element {
  return (
    <td class="here">
      <span class="bar" style={{ width: `${100 * share}%` }} aria-hidden="true" />
      <span>{strings.percent(share)}</span>
    </td>
  );
}

export interface FooterProps {
  inputs: number;
  milliseconds: number;
  device: string;
  /** Saved as JSON. */
  report: object;
  /** How much the figures say. */
  note: string;
  children?: ComponentChildren;
}

export function Footer({ inputs, milliseconds, device, report, note, children }: FooterProps): JSX.Element {
  const rate = ((1000 * inputs) / milliseconds).toFixed(inputs * 1000 < milliseconds * 10 ? 1 : 0);
  return (
    <>
      <p id="took">{strings.took(inputs, timeInWords(milliseconds), rate, strings.where[device] ?? device)}</p>
      {children}
      <p class="quiet">{note}</p>
      <Button onClick={() => save(report)}>{strings.save}</Button>
    </>
  );
}

function save(report: object): void {
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(report, null, 2)}\n`], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = strings.reportName;
  link.click();
  URL.revokeObjectURL(url);
}
