/** @file Errors of the file system under the names that browsers use, which the scan of folders relies on. */

const NAMES: Readonly<Record<string, string>> = {
  ENOENT: 'NotFoundError',
  ENOTDIR: 'NotFoundError',
  ENODEV: 'NotFoundError',
  ENXIO: 'NotFoundError',
  EACCES: 'NotAllowedError',
  EPERM: 'NotAllowedError',
};

/** Anything else than a system's error stays what it is. */
export function domError(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || typeof code !== 'string') return error;
  return new DOMException(message, NAMES[code] ?? 'NotReadableError');
}
