/**
 * @file A worker that is none: a service in the same thread, called through comlink. Arguments go by reference, since Node
 * clones a `File` into a `Blob` without a name.
 */

import { expose, type Endpoint } from 'comlink';

type Listener = (event: MessageEvent) => void;

class Side implements Endpoint {
  other!: Side;
  readonly #listeners = new Set<Listener>();

  addEventListener(type: string, listener: EventListenerOrEventListenerObject): void {
    if (type === 'message') this.#listeners.add(listener as Listener);
  }

  removeEventListener(_type: string, listener: EventListenerOrEventListenerObject): void {
    this.#listeners.delete(listener as Listener);
  }

  postMessage(data: unknown): void {
    queueMicrotask(() => {
      for (const listener of this.other.#listeners)
        listener({ data, origin: '', ports: [] } as unknown as MessageEvent);
    });
  }

  terminate(): void {
    this.#listeners.clear();
    this.other.#listeners.clear();
  }
}

/** The page's side of it. */
export function linkedWorker(service: object): Worker {
  const [page, worker] = [new Side(), new Side()];
  [page.other, worker.other] = [worker, page];
  expose(service, worker);
  return page as unknown as Worker;
}
