/** @file NDCG@5 of visual documents on this device: what the page measures where a folder has them. */
import type { VLM2Vec } from '../../src/index';
import {
  documentPrompts,
  documentRegime,
  evaluateDocuments,
  makeDocumentReport,
  memoryVectors,
  regimeSubject,
  type DocumentReport,
  type DocumentSource,
  type EvalProgress,
  type RegimeName,
} from '../../src/eval';

export interface DocumentOutcome {
  kind: 'documents';
  report: DocumentReport;
  inputs: number;
  milliseconds: number;
  device: string;
}

export interface DocumentRequest {
  model: VLM2Vec;
  source: DocumentSource;
  regime: RegimeName;
  /** Queries of each set; undefined: all. Pages are always all of them. */
  limit?: number;
  signal: AbortSignal;
  onProgress: (progress: EvalProgress) => void;
}

/** @throws UnsupportedError for a recipe or a size of pictures that does not fit */
export async function measureDocuments(request: DocumentRequest): Promise<DocumentOutcome> {
  const { model, source, regime: regimeName, limit, signal, onProgress } = request;
  const { info } = model;
  const prompts = documentPrompts(info.recipe);
  const regime = documentRegime(regimeName, info.recipe, info.image);
  const data = source.asked(prompts);
  const start = performance.now();
  const results = await evaluateDocuments({
    data,
    model: { dims: info.dims, imageToken: info.imageToken, embed: (inputs, options) => model.embed(inputs, options) },
    // Parts of others that are there alone are what was meant.
    ...{ sets: data.sets.length > 0 ? data.sets : source.all, store: memoryVectors() },
    ...{ regime, limit, signal, onProgress },
  });
  const milliseconds = performance.now() - start;
  const { label, source: from, dtype, dims, id, device, activations } = info;
  const report = makeDocumentReport(
    {
      model: { label, source: from, dtype, dims, id, device, activations },
      regime: { ...regimeSubject(regime, undefined), prompts: prompts.name },
      data: { label: data.label, revision: data.revision, limit: limit ?? null },
    },
    results,
  );
  const inputs = results.reduce((sum, { pairs }) => sum + pairs, 0);
  return { kind: 'documents', report, inputs, milliseconds, device };
}
