/** @file Measures with the page's model, which stays loaded; no picture of the page is read. */
import { subjectOf } from '../../cards/times';
import type { Measuring } from '../../cards/measuring';
import { useSearch } from '../state';

export function useMeasuring(): { measuring: Measuring; subject: string; run: (() => void) | null } {
  const { control, measuring } = useSearch();
  const model = control.model.value;
  const subject = model ? (control.choice.value.kind === 'nano' ? 'nano' : subjectOf(model.info)) : '';
  return { measuring, subject, run: model && (() => void measuring.loaded(model, subject)) };
}
