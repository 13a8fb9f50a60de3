/** @file The address of the models page with a recommended model in its form, and how to read it. */
import type { WeightDtype } from '../../src/index';
import { parseRepository } from '../../src/checkpoint/repository-name';

const DTYPES: readonly WeightDtype[] = ['q4', 'q8', 'fp16', 'fp32'];

export const getPage = ({ repo, dtype }: { repo: string | null; dtype: WeightDtype }): string =>
  `models.html?${new URLSearchParams({ get: repo ?? '', dtype }).toString()}`;

/** The contents of the form; null if the address has none. */
export function wishFrom(search: string): { repo: string; dtype: WeightDtype } | null {
  const words = new URLSearchParams(search);
  const repo = words.get('get') ?? '';
  const dtype = DTYPES.find((each) => each === words.get('dtype')) ?? 'q4';
  return parseRepository(repo) ? { repo, dtype } : null;
}
