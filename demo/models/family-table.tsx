/**
 * @file The model card's table: one row per model, with its requirements at the chosen weights; a button puts it into
 * the form.
 */
import { useEffect } from 'preact/hooks';
import type { JSX } from 'preact';
import { bytesInWords, Button } from '../shell';
import { modelsStrings } from '../strings/models';
import { FAMILY, FAMILY_SIZES, photoFactor, type FamilyRow } from '../cards/family';
import { here, lookHere } from '../cards/here';
import type { ModelsState } from './state';

const strings = modelsStrings.family;

export function FamilyTable({ state }: { state: ModelsState }): JSX.Element {
  useEffect(() => void lookHere(), []);
  const dtype = state.dtype.value;
  const { columns } = strings;
  return (
    <details class="family">
      <summary>
        <h2 id="family-title">{strings.title}</h2>
      </summary>
      <p class="quiet">{strings.lead(dtype)}</p>
      <table id="family-table">
        <thead>
          <tr>
            <th scope="col">{columns.model}</th>
            <th scope="col">{columns.score}</th>
            <th scope="col">{columns.download}</th>
            <th scope="col">{columns.store(dtype)}</th>
            <th scope="col">{columns.photo}</th>
            <th scope="col">{columns.gpu}</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {FAMILY.map((row) => (
            <Row key={row.repo} row={row} state={state} />
          ))}
        </tbody>
      </table>
      <p class="quiet">{strings.note}</p>
    </details>
  );
}

function gpuInWords(needed: number): string {
  const { gpu } = here.value;
  if (gpu === 'none') return strings.noGpu;
  const fits = gpu === 'asking' || needed <= gpu.room;
  return (fits ? strings.gpu : strings.inParts)(bytesInWords(needed));
}

function Row({ row, state }: { row: FamilyRow; state: ModelsState }): JSX.Element {
  const { repo, made, base, scores } = row;
  const { columns } = strings;
  const dtype = state.dtype.value;
  const { checkpoint, store, gpu: needed } = FAMILY_SIZES[base];
  const cells: [label: string, value: string][] = [
    [columns.score, scores.map((score) => score.toFixed(1)).join(strings.or) || strings.noScore],
    [columns.download, bytesInWords(checkpoint)],
    [columns.store(dtype), bytesInWords(store[dtype])],
    [columns.photo, strings.times(photoFactor(row))],
    [columns.gpu, gpuInWords(needed[dtype])],
  ];
  return (
    <tr>
      <th scope="row">
        {repo.replace(/^.*\//, '')}
        <span class="quiet">{made}</span>
      </th>
      {cells.map(([label, value]) => (
        <td key={label} data-label={label}>
          {value}
        </td>
      ))}
      <td>
        <Button aria-label={strings.chooseOf(repo)} onClick={() => state.fill({ repo, dtype })}>
          {strings.choose}
        </Button>
      </td>
    </tr>
  );
}
