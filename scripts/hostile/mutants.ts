/** @file Changes files as faults and attackers do: bits, bytes, numbers at their limits, cuts, doublings, swaps. */
import { randomSource } from './random-source';

const LIMITS = [0, 1, 0x7f, 0x80, 0xff];
/** Values that are put into JSON and headers. */
const WORDS = ['-1', '1e999', '9007199254740993', 'null', '[]', '{}', '"__proto__"', '../', '\\u0000', '(a+)+$', 'NaN'];

/** `count` changed copies, the same each time. */
export function* mutants(originals: readonly Uint8Array[], count: number): Generator<Uint8Array> {
  const random = randomSource(20);
  for (let i = 0; i < count; i++) {
    let bytes: Uint8Array = originals[i % originals.length]!.slice();
    for (let changes = 1 + random(3); changes > 0; changes--) bytes = changed(bytes, random);
    yield bytes;
  }
}

function changed(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  if (bytes.length < 8) return Uint8Array.of(random(256));
  // Headers are at the beginning, indexes at the end.
  const place = random(3);
  const near = Math.min(bytes.length, 512);
  const at = place === 0 ? random(near) : place === 1 ? bytes.length - 1 - random(near) : random(bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (random(8)) {
    case 0:
      bytes[at]! ^= 1 << random(8);
      return bytes;
    case 1:
      bytes[at] = LIMITS[random(LIMITS.length)]!;
      return bytes;
    case 2:
      view.setUint32(Math.min(at, bytes.length - 4), random(2) ? 0xffffffff : 0x7fffffff, random(2) === 0);
      return bytes;
    case 3:
      return bytes.slice(0, at);
    case 4: {
      const end = Math.min(bytes.length, at + random(64));
      return new Uint8Array(Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])); // duplicates a part
    }
    case 5:
      return new Uint8Array(
        Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + random(64)))]),
      );
    case 6: {
      const word = Buffer.from(WORDS[random(WORDS.length)]!);
      return new Uint8Array(
        Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(Math.min(bytes.length, at + word.length))]),
      );
    }
    default:
      bytes[at] = random(256);
      return bytes;
  }
}
