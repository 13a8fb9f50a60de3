/** @file How long something has lasted, for things without another figure. */
import { useEffect, useState } from 'preact/hooks';

/** Whole seconds since `what` last changed; the component is rendered again with each. */
export function useSeconds(what: unknown): number {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const start = performance.now();
    setSeconds(0);
    const timer = setInterval(() => setSeconds(Math.floor((performance.now() - start) / 1000)), 1000);
    return () => clearInterval(timer);
  }, [what]);
  return seconds;
}
