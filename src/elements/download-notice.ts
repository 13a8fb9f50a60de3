/** @file Asks before a large download: a line that tells its size, with a button. */

import { make } from './dom';

export interface Download {
  bytes: number;
  /** Downloads up to this size need no permission. */
  most: number;
  /** The line. @param seconds how long it may take; null if unknown */
  words: (seconds: number | null) => string;
  /** Text of the button. */
  button: string;
  /** Called with permission if nothing was waiting for it. */
  onAllowed: () => void;
}

export class DownloadNotice {
  readonly element = make('div', { part: 'notice', className: 'row', hidden: true });
  #allowed = false;
  #pending: (() => void) | null = null;

  get allowed(): boolean {
    return this.#allowed;
  }

  /** For a download that is not known yet. */
  reset(): void {
    this.#allowed = false;
    this.element.hidden = true;
  }

  /** Shows the line, unless the download is small enough. */
  ask({ bytes, most, words, button, onAllowed }: Download): void {
    this.#allowed = bytes <= most;
    this.element.hidden = this.#allowed;
    if (this.#allowed) return;
    const { downlink } = (navigator as { connection?: { downlink?: number } }).connection ?? {};
    const seconds = downlink ? Math.ceil((bytes * 8) / 1e6 / downlink) : null;
    const go = make('button', { type: 'button', part: 'button', textContent: button });
    go.addEventListener('click', () => {
      this.#allowed = true;
      this.element.hidden = true;
      const pending = this.#pending;
      this.#pending = null;
      (pending ?? onAllowed)();
    });
    this.element.replaceChildren(make('span', { textContent: words(seconds) }), go);
  }

  /** Does this once the user permits the download. */
  wait(run: () => void): void {
    this.#pending = run;
    this.element.querySelector('button')?.focus();
  }
}
