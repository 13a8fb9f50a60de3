/** @file How much main memory this machine has, as far as it reports this. */

import { isNode } from '../environment';

/**
 * Bytes; null if it is not reported, as in Firefox and Safari. Browsers that report it round it, and may report larger
 * sizes as 8 GiB. In a container, this is what the container may use.
 */
export function mainMemory(): number | null {
  if (!isNode) {
    const { deviceMemory } = (globalThis.navigator ?? {}) as { deviceMemory?: number };
    return deviceMemory ? deviceMemory * 2 ** 30 : null;
  }
  const total = process.getBuiltinModule?.('node:os').totalmem() ?? null;
  const allowed = process.constrainedMemory?.() ?? 0; // 0, or more than there is, if nothing limits it
  return total !== null && allowed > 0 ? Math.min(total, allowed) : total;
}
