/** @file The page's model as the index needs it: it may be loaded anew, or on another device, under an open index. */
import { effect } from '@preact/signals';
import { DisposedError } from '../../../src/index';
import type { PhotoEmbedder } from '../../../src/search';
import type { ModelControl } from '../../shell/model-control';

/** @param id of the model that is loaded now; the embedder serves that one only, however often it is loaded */
export function embedderOf(control: ModelControl, id: string, dims: number): PhotoEmbedder {
  const current = () => {
    const model = control.model.value;
    return model?.info.id === id ? model : null;
  };
  return {
    id,
    dims,
    async embed(inputs, { signal }) {
      const model = current();
      if (!model) throw new DisposedError('The model is not loaded at the moment.');
      return model.embed(inputs, { signal });
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
