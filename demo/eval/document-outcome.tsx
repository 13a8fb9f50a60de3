/** @file NDCG@5 of visual documents: a table of sets and groups. */
import type { JSX } from 'preact';
import { evalStrings as strings } from '../strings/eval';
import { Bar, Footer } from './outcome-parts';
import type { DocumentOutcome } from './documents';

export function DocumentOutcomeView({ outcome }: { outcome: DocumentOutcome }): JSX.Element {
  const { report } = outcome;
  const sum = (some: DocumentOutcome['report']['sets'], key: 'queries' | 'pages') =>
    some.reduce((total, set) => total + set[key], 0);
  const { documents } = strings;
  return (
    <section class="outcome" aria-live="polite">
      <table id="outcome">
        <caption class="visually-hidden">{documents.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{strings.table.set}</th>
            <th scope="col">{strings.table.queries}</th>
            <th scope="col">{documents.pages}</th>
            <th scope="col">{strings.table.here}</th>
          </tr>
        </thead>
        {report.averages.map(({ name, score }) => {
          const isAll = name === 'All';
          const some = report.sets.filter(({ group }) => isAll || group === name);
          if (some.length === 0 || (isAll && score === null)) return null;
          return (
            <tbody key={name}>
              {score !== null && (
                <Line
                  name={isAll ? strings.table.all : name}
                  queries={sum(some, 'queries')}
                  pages={sum(some, 'pages')}
                  score={score}
                  isAverage
                />
              )}
              {!isAll && some.map((set) => <Line key={set.name} {...set} />)}
            </tbody>
          );
        })}
      </table>
      <Footer {...outcome} note={documents.small} />
    </section>
  );
}

function Line(props: {
  name: string;
  queries: number;
  pages: number;
  /** In per cent. */
  score: number;
  isAverage?: boolean;
}): JSX.Element {
  const { name, queries, pages, score, isAverage } = props;
  return (
    <tr class={isAverage ? 'average' : ''}>
      <th scope="row">{name}</th>
      <td>{strings.number(queries)}</td>
      <td>{strings.number(pages)}</td>
      <Bar share={score / 100} />
    </tr>
  );
}
