/** @file Loads the model that the form asks for. */
import { models, VLM2Vec, type ModelSource } from '../src/index';
import { titleOf } from './shell/words';

export type DeviceWish = 'auto' | 'webgpu' | 'wasm';
export type LoadProgress = NonNullable<NonNullable<Parameters<typeof VLM2Vec.load>[1]>['onProgress']>;

/** What the form chose. */
export type ModelChoice =
  | { kind: 'nano' }
  | { kind: 'url'; url: string }
  | { kind: 'stored'; name: string; title: string }
  | { kind: 'folder'; name: string; files: File[] };

export function nameOf(choice: ModelChoice): string {
  switch (choice.kind) {
    case 'nano':
      return 'nano';
    case 'url':
      return choice.url;
    case 'folder':
      return choice.name;
    case 'stored':
      return choice.title;
  }
}

/** The models that this browser keeps and that are ready. */
export async function listStored(): Promise<{ name: string; title: string }[]> {
  const ready = (await models.list()).filter(({ state }) => state === 'ready');
  return ready.map((model) => ({ name: model.name, title: [titleOf(model), model.dtype].filter(Boolean).join(', ') }));
}

/** Loads it. Only this site can be read from: the page's content security policy says so. */
export async function loadModel(
  choice: ModelChoice,
  options: { device: DeviceWish; signal: AbortSignal; onProgress: LoadProgress },
): Promise<VLM2Vec> {
  const model = await VLM2Vec.load(sourceOf(choice), options);
  if (options.signal.aborted) {
    await model.dispose();
    options.signal.throwIfAborted();
  }
  return model;
}

function sourceOf(choice: ModelChoice): ModelSource {
  if (choice.kind === 'nano') return 'nano';
  if (choice.kind === 'folder') return choice.files;
  if (choice.kind === 'stored') return { name: choice.name };
  const url = new URL(choice.url, document.baseURI);
  if (url.origin !== location.origin) {
    throw new Error(
      `This page reads only from its own site, and ${url.origin} is another. ` +
        'Put the bundle’s folder beside the page, or choose it from this device.',
    );
  }
  return url.href;
}
