/** @file Adds to progress events what users want to know: the rate and the remaining time. */

import { RateMeter } from '../bundle/rate-meter';
import type { OnProgress, ProgressEvent } from './index';

/** Events of phases that count bytes get `rate` and `secondsLeft`. */
export function withRate(onProgress: OnProgress | undefined, now?: () => number): OnProgress | undefined {
  if (!onProgress) return undefined;
  const meter = new RateMeter(now);
  let key = '';
  return (event: ProgressEvent) => {
    const { phase, status, loaded, total } = event;
    const counts = phase !== 'embed' && loaded !== undefined && total !== undefined;
    if (!counts) return onProgress(event);
    const current = `${phase} ${total}`;
    if (key !== current) meter.reset();
    key = current;
    const rate = meter.add(loaded, total);
    return onProgress(status === 'progress' && rate ? { ...event, ...rate } : event);
  };
}
