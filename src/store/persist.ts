/** @file Asking the browser to keep what is stored. Only pages may ask. */

/**
 * Call this once a model has been stored. Some browsers decide by themselves, some ask the user.
 * @returns whether the storage is safe from eviction; null if that is unknown
 */
export async function askToPersist(): Promise<boolean | null> {
  const storage = globalThis.navigator?.storage;
  if (typeof storage?.persist !== 'function') return null;
  try {
    return (await storage.persisted()) || (await storage.persist());
  } catch {
    return null;
  }
}
