/** @file Explains that nothing leaves the device, and how to verify that. */
import type { JSX } from 'preact';
import { Icon } from '../shell';
import { searchStrings } from '../strings/search';
import { useSearch } from './state';

const strings = searchStrings.privacy;

export function Privacy(): JSX.Element {
  const { own, foreign } = useSearch().requests.value;
  return (
    <details class="privacy">
      <summary>
        <Icon name="lock" /> {strings.summary}
      </summary>
      <p>{strings.count(own, foreign.length)}</p>
      {foreign.length > 0 && (
        <>
          <p>{strings.foreign}</p>
          <ul>
            {foreign.map((address, i) => (
              <li key={i}>{address}</li>
            ))}
          </ul>
        </>
      )}
      <p>{strings.how}</p>
    </details>
  );
}
