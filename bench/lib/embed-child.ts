/**
 * @file One of the two pipelines in a separate process: `ours` (the package's runtime) or `usual`. Prints `ready` when
 * loaded, then answers each job with the seconds it took and, if available, the embeddings.
 */

import { WHOLE, type EmbedJob, type EmbedReply, type PipelineKind } from './embed-jobs';
import { DECODER, DECODER_INT8, DECODER_WITH_HIDDEN } from './usual-export';
import { folderBundle } from '../../src/store/folder.node.js';
import { readManifest } from '../../src/store';
import { loadRuntime, type WeightsMode } from '../../src/runtime';
import { cpuSeconds } from './report';
import { UsualPipeline } from './usual-pipeline';
import { captions, IMAGE_TEXT, photo, picture } from './workload';

const [kind, bundle, usual, weights] = process.argv.slice(2) as [PipelineKind, string, string, WeightsMode];
const send = (message: EmbedReply) => process.send!(message);

/** The usage of our last call. */
let tokens: number | undefined;
const onUsage = (usage: { tokens: number }) => void (tokens = usage.tokens);

async function pipeline(): Promise<(job: EmbedJob) => Promise<(Float32Array | null)[]>> {
  const reader = folderBundle(bundle);
  const manifest = await readManifest(reader);
  if (kind.startsWith('ours')) {
    const runtime = await loadRuntime({
      ...{ reader, manifest, device: 'cpu', activations: 'f32', weights },
      ...(kind === 'ours-fast' ? { compute: 'fast', probe: 'never' } : {}),
      ...(kind === 'ours-float' ? { internal: { product: 'float' } } : {}),
    });
    return (job) => {
      if (job.kind === 'captions') return runtime.embed(captions(job.count, job.of), { onUsage });
      if (job.kind === 'pictures') {
        // Other recipes build their own prompts.
        const words = manifest.recipe?.name === 'vlm2vec' ? { text: IMAGE_TEXT } : {};
        const inputs = Array.from({ length: job.count }, (_, i) => ({ image: picture(i), ...words }));
        return runtime.embed(inputs, { onUsage });
      }
      if (job.kind === 'image') return runtime.embed([{ image: picture(), text: IMAGE_TEXT }]);
      const { numCrops } = job;
      return runtime.embed([photo(job)], { onUsage, ...(numCrops === undefined ? {} : { numCrops }) });
    };
  }
  const graph = kind === 'usual' ? DECODER : kind === 'usual-int8' ? DECODER_INT8 : DECODER_WITH_HIDDEN;
  const model = await UsualPipeline.load(bundle, usual, manifest, graph);
  return async (job) =>
    job.kind === 'captions'
      ? model.texts(captions(job.count, job.of), job.batch === WHOLE ? job.count : job.batch)
      : [await model.image(picture(), IMAGE_TEXT)];
}

const began = performance.now();
const run = await pipeline();
send({ seconds: (performance.now() - began) / 1000, cpu: cpuSeconds(), vectors: [] });
process.on('message', (job: EmbedJob) => {
  const start = performance.now();
  const cpuBefore = cpuSeconds();
  void run(job).then((vectors) => {
    const seconds = (performance.now() - start) / 1000;
    const cpu = cpuSeconds() - cpuBefore;
    send({ seconds, cpu, tokens, vectors: job.answer ? vectors.map((vector) => (vector ? [...vector] : null)) : [] });
  });
});
