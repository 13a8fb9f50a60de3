/** @file What the browser tests need to be built, and where their servers are. */
import { execFileSync } from 'node:child_process';

/** The dev server's port; the built site is served at the next one. `E2E_PORT` lets two checkouts test at once. */
export const DEV_PORT = Number(process.env.E2E_PORT ?? 5273);
export const SITE_PORT = DEV_PORT + 1;
/** Two checkouts, or two runs, must not build into each other's folder. */
export const SITE_FOLDER = process.env.E2E_PORT ? `.cache/site-${SITE_PORT}` : 'dist/site';

/** The command line's bundle of the model that the tests with a Hub convert. */
export const CLI_BUNDLE = '.cache/e2e-bundles/cli-dora-q4';

const TSX = 'node_modules/tsx/dist/cli.mjs';
const FIXTURES = 'reference/fixtures';

/** Arguments of `node`: the package and the site. */
export const SITE_BUILDS = [
  [TSX, 'scripts/build-package.ts'],
  ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn', '--outDir', SITE_FOLDER, '--emptyOutDir'],
];

/** Then the models. */
export const MODEL_BUILDS = [
  [TSX, 'e2e/make-bundles.ts'],
  [
    ...['dist/lib/cli.js', 'convert', `${FIXTURES}/checkpoints/tiny-tied`, '--adapter', `${FIXTURES}/adapters/dora`],
    ...['--out', CLI_BUNDLE, '--dtype', 'q4'],
  ],
];

/** Set by `npm test`, which builds everything while the unit tests run. */
export const IS_BUILT = process.env.E2E_BUILT === '1';

/** For Playwright, before the first test. */
export default function globalSetup(): void {
  if (IS_BUILT) return;
  for (const args of MODEL_BUILDS) execFileSync(process.execPath, args, { stdio: 'pipe' });
}
