/** @file Export: the numbers, a link, the code. */
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { Button, Dialog, nameOf, toast, type ModelControl } from '../shell';
import { rankStrings as strings } from '../strings/rank';
import { toCsv, toJson, type Report } from './export';
import { Fold } from './fold';
import type { LiveRanking, Shown } from './live-ranking';
import { sampleUrl } from './samples';
import { toHash } from './share';
import { toSnippet } from './snippet';
import type { RankState } from './state';

export interface TakeProps {
  state: RankState;
  control: ModelControl;
  ranking: LiveRanking;
}

export function Take({ state, control, ranking }: TakeProps): JSX.Element {
  /** The text that the browser refused to copy to the clipboard. */
  const uncopied = useSignal<string | null>(null);
  const shown = ranking.shown.value;
  const copy = async (text: string, said: string) => {
    try {
      await navigator.clipboard.writeText(text);
      toast(said);
    } catch {
      uncopied.value = text;
    }
  };
  const share = () => {
    const url = new URL(location.href);
    url.hash = toHash(state.shared());
    const own = state.pictures.value.filter(({ sample }) => !sample).length;
    return copy(url.href, strings.linkCopied(own));
  };
  const code = shown ? snippetOf(shown, control) : '';
  return (
    <Fold id="take-title" title={strings.take} class="take">
      <p class="buttons">
        <Button
          icon="copy"
          disabled={!shown}
          onClick={() => void copy(toJson(reportOf(shown!, control)), strings.copied)}
        >
          {strings.copyJson}
        </Button>
        <Button
          icon="copy"
          disabled={!shown}
          onClick={() => void copy(toCsv(reportOf(shown!, control)), strings.copied)}
        >
          {strings.copyCsv}
        </Button>
        <Button icon="link" onClick={() => void share()}>
          {strings.share}
        </Button>
      </p>
      <p class="quiet">{strings.shareNote}</p>
      {shown && (
        <details>
          <summary>{strings.code}</summary>
          <p class="quiet">{strings.codeNote}</p>
          <pre id="code" tabIndex={0} role="region" aria-label={strings.code}>
            <code>{code}</code>
          </pre>
          <Button icon="copy" onClick={() => void copy(code, strings.copied)}>
            {strings.copyCode}
          </Button>
        </details>
      )}
      <Dialog title={strings.notCopied} open={uncopied.value !== null} onClose={() => (uncopied.value = null)}>
        <textarea class="uncopied" readOnly rows={12} aria-label={strings.notCopied} value={uncopied.value ?? ''} />
      </Dialog>
    </Fold>
  );
}

function reportOf(shown: Shown, control: ModelControl): Report {
  const { task, instruction, question, texts, columns, cosines } = shown;
  return {
    model: nameOf(control.choice.value),
    device: control.model.value?.device ?? control.device.value,
    ...{ task, instruction, question, cosines },
    texts: texts.map(({ text }) => text.trim()),
    columns: columns.map(({ name }) => name),
  };
}

/** The entries that were ranked: blank lines and pictures that could not be read are left out. */
function snippetOf(shown: Shown, control: ModelControl): string {
  const { task, instruction, question, recipe, texts, columns, cosines, pixels } = shown;
  const pictures = task.boxes
    ? columns.slice(0, 1).map(({ picture }) => picture)
    : columns.filter((_, c) => cosines.some((row) => row[c] !== null)).map(({ picture }) => picture);
  return toSnippet({
    choice: control.choice.value,
    device: control.device.value,
    ...{ task, instruction, question, recipe },
    texts: texts.map(({ text }) => text.trim()).filter(Boolean),
    pictures: pictures.map(({ sample, name }) => ({
      url: sample ? new URL(sampleUrl(sample.file), document.baseURI).href : null,
      name,
    })),
    boxes: pixels,
  });
}
