/** @file Before all browser tests: the bundles they load. */
import { execFileSync } from 'node:child_process';

export default function globalSetup(): void {
  execFileSync(process.execPath, ['node_modules/tsx/dist/cli.mjs', 'e2e/make-bundles.ts'], { stdio: 'inherit' });
}
