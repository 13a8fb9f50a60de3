/** @file Before the unit tests that start processes: builds the package, if anything has changed since it was built. */
import { execFileSync } from 'node:child_process';

export function setup(): void {
  execFileSync(process.execPath, ['node_modules/tsx/dist/cli.mjs', 'scripts/build-package.ts'], { stdio: 'pipe' });
}
