/** @file Visual documents: pages as pictures, found by a question; NDCG@5. */

export { openDocuments, type DocumentData, type DocumentRows, type DocumentSource } from './data';
export {
  documentDetails,
  evaluateDocuments,
  scoreDocuments,
  type DocumentDetail,
  type DocumentResult,
  type DocumentScoreOptions,
  type PageDetail,
} from './evaluate';
export {
  documentPrompts,
  documentRegime,
  promptsNamed,
  QWEN3_PROMPTS,
  VLM2VEC_PROMPTS,
  type DocumentPrompts,
} from './prompts';
export { DOCUMENT_MODELS, DOCUMENT_MODEL_NAMES, documentModel, publishedNdcg, type DocumentModel } from './published';
export { documentMarkdown, makeDocumentReport, type DocumentReport } from './report';
export { DOCUMENT_GROUPS, DOCUMENT_SETS, documentSet, type DocumentGroup, type DocumentSet } from './sets';
