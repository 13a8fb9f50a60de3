/** @file The error for a missing package with native parts: such packages are optional, and may fail to install. */

import { UnsupportedError } from './errors';

/** What npm does not report about an optional dependency whose install script failed. */
const INSTALL_HINTS: Readonly<Record<string, string>> = {
  'onnxruntime-node':
    'If npm removed it because its install script could not download a CUDA library, first set the environment variable ONNXRUNTIME_NODE_INSTALL=skip. ',
};

/** @param purpose what needs it, with its verb: `AVIF in Node needs` */
export function missingPackage(name: string, purpose: string, cause: unknown): UnsupportedError {
  const hint = INSTALL_HINTS[name] ?? '';
  return new UnsupportedError(
    `${purpose} the package ${name}, which is not installed, or not for this machine. ${hint}To install it: npm install ${name}`,
    { package: name },
    { cause },
  );
}
