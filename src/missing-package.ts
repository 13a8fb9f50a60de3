/** @file What Node says where a package with native parts is not there: they are optional, and may fail to install. */

import { UnsupportedError } from './errors';

/** @param purpose what it is needed for, to begin the message with */
export function missingPackage(name: string, purpose: string, cause: unknown): UnsupportedError {
  return new UnsupportedError(
    `${purpose}: needs the package ${name}, which is not installed (or not for this machine): npm install ${name}`,
    { package: name },
    { cause },
  );
}
