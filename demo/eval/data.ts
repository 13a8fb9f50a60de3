/** @file The data for the evaluation: the site's miniature, another set on this site, or a folder of the visitor's. */
import { blobTree, openDocuments, openMmeb, type DocumentSource, type MmebData } from '../../src/eval';
import { evalStrings as strings } from '../strings/eval';

/** Where the site keeps its miniature, beside the page. */
export const MINI = 'eval/mmeb-mini/';
/** The choices of nano as measured with PyTorch in float32. */
const EXPECTED = 'eval/nano.json';
/** Tables may be many; each is small. */
const AT_ONCE = 4;

/** MMEB in a folder of this site, which lists its contents in `files.json`. */
export async function fetchMmeb(address: string, signal: AbortSignal): Promise<MmebData> {
  const base = new URL(address.endsWith('/') ? address : `${address}/`, document.baseURI);
  if (base.origin !== location.origin) throw new Error(strings.data.otherSite(base.origin));
  const get = async (path: string) => {
    const response = await fetch(new URL(path, base), { signal });
    if (!response.ok) throw new Error(strings.data.missing(path, response.status));
    return response;
  };
  const paths = (await (await get('files.json')).json()) as string[];
  const files: { path: string; blob: Blob }[] = [];
  for (let start = 0; start < paths.length; start += AT_ONCE) {
    const some = paths.slice(start, start + AT_ONCE);
    files.push(...(await Promise.all(some.map(async (path) => ({ path, blob: await (await get(path)).blob() })))));
  }
  return openMmeb(blobTree(files, base.pathname.split('/').at(-2)!), { signal });
}

/** A data set of either kind. */
export type OpenData = { kind: 'mmeb'; data: MmebData } | { kind: 'documents'; source: DocumentSource };

/** MMEB, or visual documents, in a picked folder. */
export async function openFolder(files: readonly File[]): Promise<OpenData> {
  const list = files.map((file) => ({ path: file.webkitRelativePath || file.name, blob: file }));
  const tree = blobTree(list, list[0]!.path.split('/')[0]!);
  const source = await openDocuments(tree);
  return source ? { kind: 'documents', source } : { kind: 'mmeb', data: await openMmeb(tree) };
}

/** Its name, and how many sets it has. */
export function described(open: OpenData): { label: string; sets: number } {
  if (open.kind === 'mmeb') return { label: open.data.label, sets: open.data.sets.length };
  return { label: open.source.label, sets: open.source.all.length };
}

/** The choice for each query, by set. */
export type Expected = Record<string, { correct: number; queries: number; predictions: number[] }>;

/** The expected choices of nano on the built-in miniature. */
export async function fetchExpected(signal: AbortSignal): Promise<Expected> {
  const response = await fetch(EXPECTED, { signal });
  if (!response.ok) throw new Error(strings.data.missing(EXPECTED, response.status));
  return ((await response.json()) as { sets: Expected }).sets;
}
