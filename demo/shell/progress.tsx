/** @file A progress bar with its words. */
import type { JSX } from 'preact';

export interface ProgressProps {
  /** 0 to 1; null if the end is not known. */
  share: number | null;
  /** The bar's name for screen readers. */
  label: string;
  id?: string;
}

export function Progress({ share, label, id }: ProgressProps): JSX.Element {
  return <progress id={id} class="progress" max={1} aria-label={label} {...(share === null ? {} : { value: share })} />;
}
