/** @file SigLIP as transformers.js computes it, with its own classes and processors; in Node and in a page. */

import {
  AutoProcessor,
  AutoTokenizer,
  env,
  RawImage,
  SiglipTextModel,
  SiglipVisionModel,
} from '@huggingface/transformers';
import type { RgbImage } from '../../src/image';

/** The interface of either library for the bench. The vectors are unit vectors. */
export interface Encoder {
  texts(texts: string[]): Promise<Float32Array[]>;
  picture(image: RgbImage): Promise<Float32Array>;
}

export type RivalDtype = 'fp32' | 'q8' | 'q4';

export interface RivalOptions {
  /** What `siglip-export.py` wrote: a folder, or the URL that ends in its name. */
  from: string;
  dtype: RivalDtype;
  device: 'cpu' | 'wasm';
  /** Only `vision`, if both towers would not fit. */
  towers?: 'both' | 'vision';
}

const LENGTH = 64;

export async function loadRival({ from, dtype, device, towers = 'both' }: RivalOptions): Promise<Encoder> {
  const cut = from.lastIndexOf('/');
  const name = from.slice(cut + 1);
  const isRemote = from.startsWith('http');
  env.allowLocalModels = !isRemote;
  env.allowRemoteModels = isRemote;
  env.useBrowserCache = false;
  if (isRemote) Object.assign(env, { remoteHost: from.slice(0, cut + 1), remotePathTemplate: '{model}' });
  else env.localModelPath = from.slice(0, cut);
  const processor = await AutoProcessor.from_pretrained(name);
  const vision = await SiglipVisionModel.from_pretrained(name, { device, dtype });
  const tokenizer = await AutoTokenizer.from_pretrained(name);
  const text = towers === 'both' ? await SiglipTextModel.from_pretrained(name, { device, dtype }) : null;
  return {
    async texts(texts) {
      const inputs = tokenizer(texts, { padding: 'max_length', max_length: LENGTH, truncation: true });
      return unit(await text!(inputs));
    },
    async picture({ data, width, height }) {
      const [vector] = unit(await vision(await processor(new RawImage(data, width, height, 3))));
      return vector!;
    },
  };
}

function unit({ pooler_output }: { pooler_output: { data: Float32Array; dims: number[] } }): Float32Array[] {
  const { data, dims } = pooler_output;
  const [count, width] = dims as [number, number];
  return Array.from({ length: count }, (_, i) => {
    const row = data.slice(i * width, (i + 1) * width);
    const length = Math.hypot(...row);
    return row.map((value) => value / length);
  });
}
