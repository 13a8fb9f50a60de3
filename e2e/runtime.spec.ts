/** @file The runtime in a real browser: the probe, lost devices, aborts, dying workers, conversion, inputs of the DOM. */
import { readdirSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import type { EmbedInput, VLM2Vec } from '../src/index';
import { bundleUrl, compare, expectedEmbeddings, fixtureInputs, openBlank, worst } from './fixture-pages';
import { IS_FULL } from './site-pages';

type Index = typeof import('../src/index');
type Search = typeof import('../src/search/index');

const textOf = (id: string) => fixtureInputs.find((input) => input.id === id)!.text;

test.describe('on the GPU', () => {
  test.beforeEach(() => test.skip(test.info().project.name !== 'webgpu', 'needs an adapter'));

  test('the probe catches ORT’s wrong attention when the remedies are off', async ({ page }) => {
    await openBlank(page);
    const ids = ['text-33-tokens', 'image-cat'];
    const inputs = fixtureInputs.filter(({ id }) => ids.includes(id));
    const { wrong, right, info } = await page.evaluate(
      async ({ url, inputs }) => {
        const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as Index;
        const embed = async (model: VLM2Vec) => {
          const vectors: Record<string, number[]> = {};
          for (const { id, text, image } of inputs) {
            const part = image ? { text, image: await (await fetch(`/reference/fixtures/${image}`)).blob() } : { text };
            vectors[id] = [...(await model.embed(part, { orientation: 'stored' }))];
          }
          await model.dispose();
          return vectors;
        };
        const asIs = { device: 'webgpu', internal: { attention: 'as-is' } } as const;
        const wrong = await embed(await VLM2Vec.load(url, { ...asIs, probe: 'never' }));
        const model = await VLM2Vec.load(url, asIs);
        const { info } = model;
        return { wrong, right: await embed(model), info };
      },
      { url: bundleUrl('tiny-tied'), inputs },
    );
    // Unprobed, the vectors are plainly wrong …
    const expected = expectedEmbeddings('tiny-tied');
    for (const id of ids) expect(compare(wrong[id]!, expected.get(id)!).cosine, id).toBeLessThan(0.999);
    // … and the probe sees it, steps down to a device without subgroups, and reports it.
    expect(info.ladder).toMatchObject([
      { device: 'webgpu', subgroups: true, outcome: 'failed', reason: expect.stringContaining('cosine') },
      { device: 'webgpu', subgroups: false, outcome: 'passed' },
    ]);
    expect(info.ladder[0]!.cosine).toBeLessThan(0.999);
    expect(worst(right, expected).cosine).toBeGreaterThanOrEqual(0.99999);
  });

  test('packed int8 products: only if the GPU certainly has wide subgroups, and nearly the same vectors', async ({
    page,
  }) => {
    await openBlank(page);
    const id = 'text-cat-dog'; // so short a one is right with SwiftShader's narrow subgroups, too
    const { fast, exact, asked } = await page.evaluate(
      async ({ url, text }) => {
        const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as Index;
        const run = async (compute: 'fast' | 'exact', attention: 'as-is' | 'fixed') => {
          const options = { device: 'webgpu', probe: 'never', vision: 'later' } as const;
          const model = await VLM2Vec.load(url, { ...options, compute, internal: { attention } });
          const vector = attention === 'as-is' ? [...(await model.embed(text))] : [];
          await model.dispose();
          return { vector, info: { compute: model.info.compute, product: model.info.product } };
        };
        return {
          fast: await run('fast', 'as-is'),
          exact: await run('exact', 'as-is'),
          asked: await run('fast', 'fixed'),
        };
      },
      { url: bundleUrl('dora-q8'), text: textOf(id)! },
    );
    const inFloat = { compute: 'exact', product: 'float' };
    expect([fast, exact, asked].map(({ info }) => info)).toEqual([
      { compute: 'fast', product: 'int8' },
      inFloat,
      inFloat,
    ]);
    const expected = expectedEmbeddings('tiny-tied+dora').get(id)!;
    for (const { vector } of [fast, exact]) expect(compare(vector, expected).cosine).toBeGreaterThan(0.9995);
    // Or else nothing would have been rounded.
    expect(compare(fast.vector, Float32Array.from(exact.vector)).difference).toBeGreaterThan(1e-4);
  });

  test('a passed probe is remembered for this device', async ({ page }) => {
    await openBlank(page);
    const outcomes = await page.evaluate(async (url) => {
      const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as Index;
      const outcomes: string[] = [];
      for (const probe of ['once', 'once', 'always'] as const) {
        const model = await VLM2Vec.load(url, { device: 'webgpu', probe });
        outcomes.push(...model.info.ladder.map(({ outcome }) => outcome));
        await model.dispose();
      }
      return outcomes;
    }, bundleUrl('tiny-untied'));
    expect(outcomes).toEqual(['passed', 'remembered', 'passed']);
  });

  test('a model loads even if memory is collected all the time', async ({ page, context }) => {
    // The collector would take what ONNX Runtime reads from a Blob: see src/runtime/pinned-blob.ts.
    await openBlank(page);
    const cdp = await context.newCDPSession(page);
    let loaded = false;
    const loading = page
      .evaluate(async (url) => {
        const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as Index;
        const options = { device: 'webgpu', worker: false, probe: 'never', internal: { build: 'jspi' } } as const;
        const model = await VLM2Vec.load(url, options);
        await model.dispose();
        return model.info.build;
      }, bundleUrl('tiny-tied'))
      .finally(() => (loaded = true));
    let collections = 0;
    for (; !loaded; collections++) await cdp.send('HeapProfiler.collectGarbage');
    expect(await loading).toBe('jspi');
    expect(collections).toBeGreaterThan(10);
  });

  test('calls leave no buffers behind, and dispose leaves none at all', async ({ page }) => {
    await openBlank(page);
    const live = await page.evaluate(async (url) => {
      let bytes = 0;
      const { createBuffer } = GPUDevice.prototype;
      const { destroy } = GPUBuffer.prototype;
      GPUDevice.prototype.createBuffer = function (this: GPUDevice, descriptor) {
        bytes += descriptor.size;
        return createBuffer.call(this, descriptor);
      };
      GPUBuffer.prototype.destroy = function (this: GPUBuffer) {
        bytes -= this.size;
        return destroy.call(this);
      };
      const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as Index;
      const model = await VLM2Vec.load(url, { device: 'webgpu', worker: false, probe: 'never' });
      const image = await (await fetch('/reference/fixtures/images/tiny.png')).blob();
      const live: number[] = [];
      for (let i = 0; i < 6; i++) {
        await model.embed([{ image }, 'a cat', { image, text: 'what is this?' }]);
        live.push(bytes);
      }
      await model.dispose();
      return [...live, bytes];
    }, bundleUrl('stages'));
    expect(live[2]).toBeGreaterThan(0);
    expect(live.slice(2, 6)).toEqual(Array(4).fill(live[2]));
    expect(live[6]).toBe(0);
  });

  for (const build of ['jspi', 'asyncify'] as const) {
    // The other build takes a minute on SwiftShader, by the same code.
    const declare = build === 'asyncify' && !IS_FULL ? test.skip : test;
    declare(`a lost device is rebuilt and the call in progress repeated (${build})`, async ({ page }) => {
      await openBlank(page);
      const result = await page.evaluate(
        async ({ url, texts, build }) => {
          const devices: GPUDevice[] = [];
          const request = GPUAdapter.prototype.requestDevice;
          GPUAdapter.prototype.requestDevice = async function (this: GPUAdapter, descriptor) {
            const device = await request.call(this, descriptor);
            devices.push(device);
            return device;
          };
          const { VLM2Vec, DeviceLostError } = (await import('/package/lib/index.js' as string)) as Index;
          const model = await VLM2Vec.load(url, {
            device: 'webgpu',
            worker: false,
            probe: 'never',
            internal: { build },
          });
          const before = await model.embed(texts);
          const running = model.embed(texts);
          setTimeout(() => devices[0]!.destroy(), 1); // while the first batch runs
          const during = await running;
          const recoveries = [model.info.recoveries];

          // An error that the GPU reports fails the call that may have suffered from it, and only that.
          devices.at(-1)!.createBuffer({ size: 16, usage: 0xffff });
          await devices.at(-1)!.queue.onSubmittedWorkDone();
          const complaint = await model.embed(texts[0]!).catch((error: unknown) => (error as Error).name);
          const fine = (await model.embed(texts[0]!)).length;

          devices.at(-1)!.destroy();
          await devices.at(-1)!.lost;
          const again = await model.embed(texts).then(
            () => 'no error',
            (error: unknown) => (error instanceof DeviceLostError ? 'DeviceLostError' : String(error)),
          );
          recoveries.push(model.info.recoveries);
          await model.dispose();
          const plain = (vectors: Float32Array[]) => vectors.map((vector) => [...vector]);
          return {
            before: plain(before),
            during: plain(during),
            complaint,
            fine,
            recoveries,
            again,
            devices: devices.length,
          };
        },
        { url: bundleUrl('tiny-untied'), texts: [textOf('text-cat-dog'), textOf('text-65-tokens')], build },
      );
      expect(result.recoveries).toEqual([1, 1]);
      expect(result.devices).toBe(2);
      result.before.forEach((vector, i) => {
        expect(compare(result.during[i]!, Float32Array.from(vector)).difference).toBeLessThanOrEqual(1e-5);
      });
      expect(result).toMatchObject({ complaint: 'WebGPUUnavailableError', fine: 256, again: 'DeviceLostError' });
    });
  }
});

/** Runs in both projects, on the device that each has. */
test('aborts, refusals and dispose in the worker', async ({ page }) => {
  await openBlank(page);
  const result = await page.evaluate(async (url) => {
    const { VLM2Vec, ImageFormatError, InvalidInputError, DisposedError, VLM2VecError } = (await import(
      '/package/lib/index.js' as string
    )) as Index;
    const nameOf = (call: Promise<unknown>) =>
      call.then(
        () => 'no error',
        (error: Error) => `${error.name}${error instanceof VLM2VecError ? '' : ' (foreign)'}`,
      );
    const model = await VLM2Vec.load(url);
    const image = await (await fetch('/reference/fixtures/images/cat.png')).blob();

    const controller = new AbortController();
    let batches = 0;
    const onProgress = () => {
      batches++;
      controller.abort();
    };
    const aborted = await model
      .embed(['a', { image }, { image, text: 'b' }], { signal: controller.signal, onProgress })
      .then(
        () => null,
        (error: unknown) => error,
      );
    const usable = (await model.embed('a')).length;
    const refused = await model.embed([{ image: new Blob(['no picture']) }]).catch((error: unknown) => error);
    const empty = await model.embed('').catch((error: unknown) => error);
    const inFlight = model.embed([{ image }]);
    const [flight] = await Promise.all([nameOf(inFlight), model.dispose()]);
    const later = await model.embed('a').catch((error: unknown) => error);
    return {
      aborted: aborted instanceof DOMException && aborted.name,
      // One event may be in transit when the signal is.
      stopped: batches <= 2,
      usable,
      refused: refused instanceof ImageFormatError,
      empty: empty instanceof InvalidInputError,
      flight,
      later: later instanceof DisposedError,
      loading: await nameOf(VLM2Vec.load(url, { signal: AbortSignal.timeout(1) })),
    };
  }, bundleUrl('tiny-untied'));
  expect(result).toEqual({
    aborted: 'AbortError',
    stopped: true,
    usable: 256,
    refused: true,
    empty: true,
    flight: 'DisposedError',
    later: true,
    loading: 'TimeoutError (foreign)',
  });
});

test.describe('without a GPU', () => {
  test.beforeEach(() => test.skip(test.info().project.name !== 'wasm', 'one project is enough'));

  test('a worker that dies, or never starts, rejects what waits for it', async ({ page }) => {
    await openBlank(page);
    const result = await page.evaluate(async (url) => {
      const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as Index;
      const nameOf = (call: Promise<unknown>) =>
        call.then(
          () => 'no error',
          (error: Error) => error.name,
        );
      let worker!: Worker;
      const start = () => (worker = new Worker('/package/lib/vlm2vec.worker.js', { type: 'module' }));
      const model = await VLM2Vec.load(url, { device: 'wasm', worker: start });
      const image = await (await fetch('/reference/fixtures/images/cat.png')).blob();
      const running = nameOf(model.embed([{ image }]));
      worker.terminate(); // as the system does when memory runs out: no event reports it
      const [died, after] = [await running, await nameOf(model.embed('a'))];
      const missing = await nameOf(
        VLM2Vec.load(url, { worker: () => new Worker('/package/lib/none.js', { type: 'module' }) }),
      );
      return { died, after, missing };
    }, bundleUrl('tiny-untied'));
    expect(result).toEqual({ died: 'DisposedError', after: 'DisposedError', missing: 'WorkerStartError' });
  });

  for (const [where, policy] of [
    ['a sandboxed frame', 'sandbox allow-scripts'],
    ['a page with Trusted Types', "require-trusted-types-for 'script'"],
    ['a page whose policy allows no workers', "worker-src 'none'"],
  ] as const) {
    test(`${where}: a worker that may not start causes a named error, and its advice works`, async ({ page }) => {
      // A sandboxed frame has no origin, so its own server is foreign to it.
      await page.route('**/*', async (route) => {
        const response = await route.fetch();
        const headers = {
          ...response.headers(),
          'access-control-allow-origin': '*',
          'content-security-policy': policy,
        };
        await route.fulfill({ response, headers });
      });
      await openBlank(page);
      const result = await page.evaluate(async (url) => {
        const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as Index;
        const { openPhotoIndex } = (await import('/package/lib/search.js' as string)) as Search;
        const refused = await VLM2Vec.load(url, { device: 'wasm' }).catch((error: Error) => error);
        const embedder = { id: 'x', dims: 2, embed: async () => [] };
        const index = await openPhotoIndex({ embedder }).catch((error: Error) => error);
        const model = await VLM2Vec.load(url, { device: 'wasm', worker: false });
        const [vector] = await model.embed(['a']);
        await model.dispose();
        const described = [refused, index].map((each) =>
          each instanceof Error ? `${each.name}: ${each.message}` : each,
        );
        return { described, dims: vector!.length };
      }, bundleUrl('tiny-untied'));
      expect(result.described[0]).toMatch(/^WorkerStartError: .*`worker: false`/);
      expect(result.described[1]).toMatch(/^WorkerStartError: .*openPhotoIndex/);
      expect(result.dims).toBe(256);
    });
  }

  test('a request for missing WebGPU is refused; auto says why it runs on WASM', async ({ page }) => {
    await openBlank(page);
    const result = await page.evaluate(async (url) => {
      const { VLM2Vec, WebGPUUnavailableError, UnsupportedError } = (await import(
        '/package/lib/index.js' as string
      )) as Index;
      const error = await VLM2Vec.load(url, { device: 'webgpu' }).catch((error: unknown) => error);
      const cpu = await VLM2Vec.load(url, { device: 'cpu' }).catch((error: unknown) => error);
      const dtype = await VLM2Vec.load(url, { dtype: 'q4' }).catch((error: unknown) => error);
      const model = await VLM2Vec.load(url);
      const { device, ladder } = model.info;
      await model.dispose();
      return {
        why: ladder[0]!.reason,
        webgpu: error instanceof WebGPUUnavailableError,
        cpu: cpu instanceof UnsupportedError,
        dtype: dtype instanceof UnsupportedError,
        device,
        ladder: ladder.map((rung) => rung.device),
      };
    }, bundleUrl('tiny-untied'));
    expect(result).toMatchObject({ webgpu: true, cpu: true, dtype: true, device: 'wasm', ladder: ['webgpu', 'wasm'] });
    expect(result.why).toMatch(/no WebGPU|finds no GPU/); // as the browser offers none, or offers it without a GPU
  });

  test('files of an official checkpoint are converted into the browser’s storage and kept there', async ({ page }) => {
    await openBlank(page);
    const checkpoint = checkpointFiles('checkpoints/tiny-tied');
    const adapter = checkpointFiles('adapters/dora');
    const result = await page.evaluate(
      async ({ checkpoint, adapter, texts }) => {
        const { VLM2Vec, listStoredBundles, deleteStoredBundle } = (await import(
          '/package/lib/index.js' as string
        )) as Index;
        const fetchAll = (paths: string[]) =>
          Promise.all(
            paths.map(
              async (path) => new File([await (await fetch(path)).blob()], path.slice(path.lastIndexOf('/') + 1)),
            ),
          );
        const options = { adapter: await fetchAll(adapter), dtype: 'fp32', device: 'wasm' } as const;
        const files = await fetchAll(checkpoint);
        const phases = new Set<string>();
        const model = await VLM2Vec.load(files, { ...options, onProgress: ({ phase }) => phases.add(phase) });
        const vectors = (await model.embed(texts)).map((vector) => [...vector]);
        const { source } = model.info;
        await model.dispose();
        const stored = await listStoredBundles();

        const second = new Set<string>();
        const again = await VLM2Vec.load(files, { ...options, onProgress: ({ phase }) => second.add(phase) });
        await again.dispose();
        const byName = await VLM2Vec.load(stored[0]!, { device: 'wasm' });
        const same = [...(await byName.embed(texts[0]!))];
        await byName.dispose();

        const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('vlm2vec');
        let folder: FileSystemDirectoryHandle | null = null;
        for await (const entry of root.values())
          if (entry.kind === 'directory') folder = entry as FileSystemDirectoryHandle;
        const byHandle = await VLM2Vec.load(folder!, { device: 'wasm' });
        const alike = [...(await byHandle.embed(texts[0]!))];
        await byHandle.dispose();
        await deleteStoredBundle(stored[0]!.name);
        return {
          vectors,
          kind: source.adapter?.kind,
          phases: [...phases],
          second: [...second],
          stored: stored.length,
          same,
          alike,
          left: (await listStoredBundles()).length,
        };
      },
      { checkpoint, adapter, texts: [textOf('text-cat-dog'), textOf('text-65-tokens')] },
    );
    const expected = expectedEmbeddings('tiny-tied+dora');
    for (const [i, id] of ['text-cat-dog', 'text-65-tokens'].entries()) {
      expect(compare(result.vectors[i]!, expected.get(id)!).cosine).toBeGreaterThanOrEqual(0.99999);
    }
    expect(result).toMatchObject({ kind: 'dora', stored: 1, left: 0 });
    expect(result.phases).toEqual(expect.arrayContaining(['convert', 'probe', 'load']));
    expect(result.second).not.toContain('convert');
    expect(result.same).toEqual(result.vectors[0]);
    expect(result.alike).toEqual(result.vectors[0]);
  });

  test('a picture is the same as Blob, URL, element, canvas, bitmap and pixels', async ({ page }) => {
    await openBlank(page);
    const vectors = await page.evaluate(async (bundle) => {
      const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as Index;
      const model = await VLM2Vec.load(bundle, { device: 'wasm' });
      const path = '/reference/fixtures/images/cat.png';
      const blob = await (await fetch(path)).blob();
      const element = new Image();
      element.src = path;
      await element.decode();
      const canvas = document.createElement('canvas');
      canvas.width = element.naturalWidth;
      canvas.height = element.naturalHeight;
      const context = canvas.getContext('2d')!;
      context.drawImage(element, 0, 0);
      const offscreen = new OffscreenCanvas(canvas.width, canvas.height);
      offscreen.getContext('2d')!.drawImage(element, 0, 0);
      const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
      const bitmap = await createImageBitmap(blob);
      const url = new URL(path, location.href);
      const images: EmbedInput[] = [blob, url, { image: path }, element, canvas, offscreen, bitmap, pixels];
      const vectors = (await model.embed(images)).map((vector) => [...vector]);
      await model.dispose();
      return vectors;
    }, bundleUrl('tiny-untied'));
    expect(vectors).toHaveLength(8);
    for (const vector of vectors) {
      expect(compare(vector, Float32Array.from(vectors[0]!)).difference).toBeLessThanOrEqual(1e-5);
    }
  });

  test('pictures that have no pixels, or may not be read, are named with their input', async ({ page }) => {
    await openBlank(page);
    await page.route('https://other.example/cat.png', (route) =>
      route.fulfill({ path: 'reference/fixtures/images/cat.png' }),
    );
    const { errors, embedded } = await page.evaluate(async (bundle) => {
      const { VLM2Vec } = (await import('/package/lib/index.js' as string)) as Index;
      const model = await VLM2Vec.load(bundle, { device: 'wasm' });
      const element = async (src: string) => {
        const image = new Image();
        image.src = src;
        await image.decode();
        return image;
      };
      const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>';
      const path = '/reference/fixtures/images/cat.png';
      const closed = await createImageBitmap(await (await fetch(path)).blob());
      closed.close();
      const images: EmbedInput[] = [
        await element(`data:image/svg+xml,${encodeURIComponent(svg)}`),
        new Image(),
        Object.assign(document.createElement('canvas'), { width: 0 }),
        await element('https://other.example/cat.png'),
        closed,
        document.createElement('video') as never,
        'http://',
      ];
      const errors = [];
      for (const image of images) {
        const error = await model.embed(['a', { image }] as EmbedInput[]).catch((error: Error) => error);
        errors.push(error instanceof Error ? `${error.name}: ${error.message}` : 'embedded');
      }
      // None of them is the others' loss.
      const list = ['a', ...images.map((image) => ({ image }) as EmbedInput)];
      const embedded = (await model.embed(list, { onError: 'skip' })).map((vector) => vector !== null);
      await model.dispose();
      return { errors, embedded };
    }, bundleUrl('tiny-untied'));
    expect(errors).toEqual([
      expect.stringMatching(/^InvalidInputError: inputs\[1\]: .*SVG needs its own width/),
      expect.stringMatching(/^InvalidInputError: inputs\[1\]: /),
      expect.stringMatching(/^InvalidInputError: inputs\[1\]: /),
      expect.stringMatching(/^InvalidInputError: inputs\[1\]: .*CORS/),
      expect.stringMatching(/^InvalidInputError: inputs\[1\]: .*closed/),
      expect.stringMatching(/^InvalidInputError: inputs\[1\]: .*not an image/),
      expect.stringMatching(/^InvalidInputError: inputs\[1\]: 'http:\/\/' is not a valid address/),
    ]);
    expect(embedded).toEqual([true, false, false, false, false, false, false, false]);
  });
});

/** URLs of a fixture folder's files. */
function checkpointFiles(folder: string): string[] {
  return readdirSync(`reference/fixtures/${folder}`).map((file) => `/reference/fixtures/${folder}/${file}`);
}
