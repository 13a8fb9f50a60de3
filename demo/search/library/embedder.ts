/**
 * @file The page's model in the form that the index needs: it may be reloaded, or moved to another device, under an
 * open index.
 */
import { effect } from '@preact/signals';
import { DisposedError, type ModelInfo } from '../../../src/index';
import { photoSizes, type PhotoSize } from '../../../src/measure';
import type { PhotoEmbedder } from '../../../src/search';
import { nameOf, type ModelControl } from '../../shell/model-control';
import { indexId, indexName } from '../before/photo-sizes';

const KNOWN_TEXTS = 100;

/**
 * @param info about the model that is loaded now; the embedder serves only that one, however often it is loaded
 * @param size of photos, including those in queries; default: the model's own
 */
export function embedderOf(
  control: ModelControl,
  info: ModelInfo,
  size: PhotoSize = photoSizes(info)[0]!,
): PhotoEmbedder {
  const { id, dims, recipe, inputs: takes, weights } = info;
  const current = () => {
    const model = control.model.value;
    return model?.info.id === id ? model : null;
  };
  /** Recently used queries: they are run again whenever new pictures arrive. */
  const known = new Map<string, Float32Array>();
  return {
    id: indexId(info, size),
    name: indexName(nameOf(control.choice.value), size),
    dims,
    recipe,
    inputs: takes,
    weights,
    takesPixels: true,
    async embed(inputs, options) {
      const [only] = inputs.length === 1 && inputs[0]!.image === undefined ? inputs : [];
      const words = only && JSON.stringify(only);
      const before = words === undefined ? undefined : known.get(words);
      if (before) return [before];
      const model = current();
      if (!model) throw new DisposedError('The model is not loaded at the moment.');
      const vectors = await model.embed(inputs, { ...options, ...size.options });
      if (words !== undefined) {
        if (known.size >= KNOWN_TEXTS) known.clear();
        known.set(words, vectors[0]!);
      }
      return vectors;
    },
    async restart() {
      if (control.isLoading.value) await loaded(control);
      else await control.reload();
      if (!current()) throw new DisposedError('Another model is loaded now, or none.');
    },
  };
}

function loaded(control: ModelControl): Promise<void> {
  return new Promise((resolve) => {
    const end = effect(() => {
      if (control.isLoading.value) return;
      resolve();
      queueMicrotask(() => end());
    });
  });
}
