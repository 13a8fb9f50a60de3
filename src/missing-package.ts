/** @file What Node says where a package with native parts is not there: they are optional, and may fail to install. */

import { UnsupportedError } from './errors';

/** What npm does not say of an optional dependency whose install script failed. */
const INSTALL_HINTS: Readonly<Record<string, string>> = {
  'onnxruntime-node':
    ', or its install script could not fetch its CUDA library: set the environment variable ONNXRUNTIME_NODE_INSTALL to skip',
};

/** @param purpose what it is needed for, to begin the message with */
export function missingPackage(name: string, purpose: string, cause: unknown): UnsupportedError {
  const hint = INSTALL_HINTS[name] ?? '';
  return new UnsupportedError(
    `${purpose}: needs the package ${name}, which is not installed (or not for this machine${hint}): npm install ${name}`,
    { package: name },
    { cause },
  );
}
