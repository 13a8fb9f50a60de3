/** @file Gives errors of the file system the names that browsers use, on which the scan of folders relies. */

const NAMES: Readonly<Record<string, string>> = {
  ENOENT: 'NotFoundError',
  ENOTDIR: 'NotFoundError',
  ENODEV: 'NotFoundError',
  ENXIO: 'NotFoundError',
  EACCES: 'NotAllowedError',
  EPERM: 'NotAllowedError',
};

/** Anything other than a system error is left unchanged. */
export function domError(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || typeof code !== 'string') return error;
  return new DOMException(message, NAMES[code] ?? 'NotReadableError');
}
