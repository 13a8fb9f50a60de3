/** @file WebAssembly text to bytes, by wabt. */

import wabt from 'wabt';

/** Only the features that every browser with SIMD has. */
export async function compileWat(text: string): Promise<Uint8Array> {
  const { parseWat } = await wabt();
  const module = parseWat('module.wat', text, { simd: true });
  try {
    module.validate();
    return module.toBinary({ write_debug_names: false }).buffer;
  } finally {
    module.destroy();
  }
}
