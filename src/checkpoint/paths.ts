/** @file Which paths a file tree opens: only relative ones that stay inside it. */

/** True for `a/b.json`; false for absolute paths, drive letters, `..`, empty parts and control characters. */
export function isInnerPath(path: string): boolean {
  if (path === '' || path.length > 1024 || /[\\\u0000-\u001f]/.test(path) || /^[A-Za-z]:/.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** True for a file name without any folder, as shard indexes hold them. */
export function isPlainName(name: string): boolean {
  return isInnerPath(name) && !name.includes('/') && !name.includes(':') && !name.startsWith('.');
}
