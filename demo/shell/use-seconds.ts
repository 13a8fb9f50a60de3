/** @file How long something lasts, for what has no other figure. */
import { useEffect, useState } from 'preact/hooks';

/** Whole seconds since `what` is what it is; the component is drawn anew with each. */
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
