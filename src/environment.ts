/** @file Where this code runs, and a way to let other events in. */

/** True in Node (and things that call themselves so), false in pages and workers. */
export const isNode: boolean = typeof process !== 'undefined' && typeof process.versions?.node === 'string';

/** Lets what is queued be handled, without the 4 ms that browsers put before nested timers. */
export function nextTask(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Lets queued events (an abort message, say) be handled: WASM sessions run without ever yielding to them. */
export function letEventsIn(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
