/**
 * @file For tests: runs the command in this process and captures what it prints, which is faster than a process of its
 * own.
 */

import { vi } from 'vitest';
import { main } from './main';

export interface CommandResult {
  code: unknown;
  stdout: string;
  stderr: string;
}

/** Runs `vlm2vec` with these arguments. */
export async function runMain(args: string[]): Promise<CommandResult> {
  const result: CommandResult = { code: null, stdout: '', stderr: '' };
  const capture = (name: 'stdout' | 'stderr') =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      result[name] += String(text);
      return true;
    });
  const spies = [capture('stdout'), capture('stderr')];
  try {
    result.code = await main(args);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return result;
}
