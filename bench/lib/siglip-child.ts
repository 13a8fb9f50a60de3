/**
 * @file One library with one dtype of SigLIP in a separate process: prints `ready`, then answers each job with its time
 * and vectors.
 */

import { VLM2Vec } from '../../src/index';
import { JOBS, type JobName } from './siglip-jobs';
import { loadRival, type Encoder, type RivalDtype } from './siglip-rival';
import { cpuSeconds } from './report';

export interface SiglipReply {
  seconds: number;
  /** CPU seconds, over all cores. */
  cpu: number;
  vectors: number[][];
}

const [kind, from, dtype] = process.argv.slice(2) as ['ours' | 'fast' | 'theirs', string, RivalDtype];

async function ours(): Promise<Encoder> {
  const compute = kind === 'fast' ? 'fast' : 'exact';
  const model = await VLM2Vec.load(from, { device: 'cpu', compute, probe: 'never', text: 'now', vision: 'now' });
  return { texts: (texts) => model.embed(texts), picture: (image) => model.embed({ image }) };
}

const encoder = kind === 'theirs' ? await loadRival({ from, dtype, device: 'cpu' }) : await ours();
process.send!({ seconds: 0, cpu: 0, vectors: [] } satisfies SiglipReply);
process.on('message', (job: JobName) => {
  const began = performance.now();
  const before = cpuSeconds();
  void JOBS[job](encoder).then((vectors) => {
    const seconds = (performance.now() - began) / 1000;
    process.send!({ seconds, cpu: cpuSeconds() - before, vectors: vectors.map((each) => [...each]) });
  });
});
