/** @file The report for export, as JSON for programs, as Markdown for people. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { reportAsMarkdown, type MeasureReport } from '../../src/measure';
import { Button, toast } from '../shell';
import { benchStrings as strings } from '../strings/bench';

export function Take({ report }: { report: MeasureReport }): JSX.Element {
  /** The text that the browser refused to copy to the clipboard. */
  const refused = useSignal<string | null>(null);
  const copy = async (text: string) => {
    refused.value = null;
    try {
      await navigator.clipboard.writeText(text);
      toast(strings.take.copied);
    } catch {
      refused.value = text;
    }
  };
  return (
    <div class="take">
      <Button onClick={() => void copy(JSON.stringify(report, null, 2))}>{strings.take.json}</Button>
      <Button onClick={() => void copy(reportAsMarkdown(report))}>{strings.take.markdown}</Button>
      <p class="quiet">{strings.take.report}</p>
      {refused.value !== null && (
        <label class="refused">
          <span>{strings.take.refused}</span>
          <textarea readOnly rows={10} value={refused.value} onFocus={({ currentTarget }) => currentTarget.select()} />
        </label>
      )}
    </div>
  );
}
