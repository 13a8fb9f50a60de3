/** @file The results: a table of sets, the averages, the time taken. */
import type { JSX } from 'preact';
import { META_TASKS } from '../../src/eval';
import { evalStrings as strings } from '../strings/eval';
import { Bar, Footer } from './outcome-parts';
import { agreement, type MeasuredSet, type Outcome } from './run';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const shareOf = ({ correct, queries }: { correct: number; queries: number }) => correct / queries;

/** Figures of one line of the table. */
interface Figures {
  queries: number;
  chance: number;
  here: number;
  reference: number | null;
}

export function OutcomeView({ outcome }: { outcome: Outcome }): JSX.Element {
  const { sets, report, inputs, milliseconds, device, expected } = outcome;
  const figures = (set: MeasuredSet): Figures => ({
    queries: set.queries,
    chance: set.chance,
    here: shareOf(set),
    reference: expected?.[set.set.name] ? referenceShare(set, expected[set.set.name]!.predictions) : null,
  });
  const average = (some: readonly MeasuredSet[]): Figures => {
    const each = some.map(figures);
    const references = each.map(({ reference }) => reference);
    return {
      queries: some.reduce((sum, { queries }) => sum + queries, 0),
      chance: mean(each.map(({ chance }) => chance)),
      here: mean(each.map(({ here }) => here)),
      reference: references.every((share) => share !== null) ? mean(references as number[]) : null,
    };
  };
  const agreed = expected && agreement(sets, expected);
  return (
    <section class="outcome" aria-live="polite">
      <table id="outcome">
        <caption class="visually-hidden">{strings.table.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{strings.table.set}</th>
            <th scope="col">{strings.table.queries}</th>
            <th scope="col">{strings.table.chance}</th>
            {expected && <th scope="col">{strings.table.reference}</th>}
            <th scope="col">{strings.table.here}</th>
          </tr>
        </thead>
        {META_TASKS.map((task) => {
          const some = sets.filter(({ set }) => set.metaTask === task);
          if (some.length === 0) return null;
          return (
            <tbody key={task}>
              <Line name={strings.tasks[task]} figures={average(some)} isAverage hasReference={expected !== null} />
              {some.map((each) => (
                <Line
                  key={each.set.name}
                  name={each.set.name}
                  figures={figures(each)}
                  hasReference={expected !== null}
                />
              ))}
            </tbody>
          );
        })}
        <tfoot>
          <Line name={strings.table.all} figures={average(sets)} isAverage hasReference={expected !== null} />
        </tfoot>
      </table>
      <Footer {...{ inputs, milliseconds, device, report }} note={strings.small}>
        {agreed && <p id="agreement">{strings.agreement(agreed.same, agreed.of)}</p>}
      </Footer>
    </section>
  );
}

function Line(props: { name: string; figures: Figures; isAverage?: boolean; hasReference: boolean }): JSX.Element {
  const { name, figures, isAverage, hasReference } = props;
  const percent = (share: number | null) => (share === null ? '–' : strings.percent(share));
  return (
    <tr class={isAverage ? 'average' : ''}>
      <th scope="row">{name}</th>
      <td>{strings.number(figures.queries)}</td>
      <td>{percent(figures.chance)}</td>
      {hasReference && <td>{percent(figures.reference)}</td>}
      <Bar share={figures.here} />
    </tr>
  );
}

/** Over the queries that were measured. */
function referenceShare({ queries }: MeasuredSet, predictions: readonly number[]): number {
  const asked = predictions.slice(0, queries);
  return asked.filter((prediction) => prediction === 0).length / asked.length;
}
