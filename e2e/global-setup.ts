/** @file Prepares the bundles that the browser tests load. */
import { execFileSync } from 'node:child_process';
import { CLI_BUNDLE } from './hub-pages';

export default function globalSetup(): void {
  const tsx = (...args: string[]) =>
    execFileSync(process.execPath, ['node_modules/tsx/dist/cli.mjs', ...args], { stdio: 'pipe' });
  tsx('e2e/make-bundles.ts');
  const [checkpoint, adapter] = ['checkpoints/tiny-tied', 'adapters/dora'].map((name) => `reference/fixtures/${name}`);
  tsx('src/cli/index.ts', 'convert', checkpoint!, '--adapter', adapter!, '--out', CLI_BUNDLE, '--dtype', 'q4');
}
