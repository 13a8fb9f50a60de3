/**
 * @file The package's version, from `package.json`, which is two folders up, both in the repository and in the package.
 */

import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

export const VERSION = version;
