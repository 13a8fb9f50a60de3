/**
 * @file Stands in for the model if only bookkeeping is tested: vectors are derived from a picture's bytes. A picture
 * whose bytes contain the word POISON ends this worker before it answers; with HANG it never answers.
 */

/** Length of its vectors. */
const DIMS = 64;

export interface FakeCall {
  call: number;
  inputs: { text?: string; image?: Blob | ImageData }[];
  /** For each input. */
  milliseconds: number;
}

export interface FakeAnswer {
  call: number;
  vectors?: Float32Array[];
  poisoned?: true;
  unreadable?: true;
}

self.onmessage = async ({ data: { call, inputs, milliseconds } }: MessageEvent<FakeCall>) => {
  const blobs = inputs.map(
    ({ text, image }) => new Blob([image instanceof ImageData ? image.data : (image ?? text ?? '')]),
  );
  const bytes = await Promise.all(blobs.map((blob) => blob.arrayBuffer())).catch(() => null);
  if (!bytes) return self.postMessage({ call, unreadable: true });
  const words = bytes.map((each) => new TextDecoder('latin1').decode(each)).join('');
  if (words.includes('HANG')) return;
  if (words.includes('POISON')) {
    self.postMessage({ call, poisoned: true });
    self.close();
    return;
  }
  await new Promise((resolve) => setTimeout(resolve, milliseconds * inputs.length));
  const vectors = bytes.map((each) => vectorOf(new Uint8Array(each)));
  self.postMessage({ call, vectors });
};

/** A unit vector that differs for different bytes. */
function vectorOf(bytes: Uint8Array): Float32Array {
  let state = 2166136261;
  for (const byte of bytes) state = Math.imul(state ^ byte, 16777619);
  const vector = new Float32Array(DIMS);
  for (let i = 0; i < DIMS; i++) {
    state = Math.imul(state ^ (state >>> 15), 2246822519) + i;
    vector[i] = (state >>> 8) / 2 ** 24 - 0.5;
  }
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
