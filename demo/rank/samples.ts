/** @file The sample pictures: what they show, captions for them, and whether nano ranks the right one first. */

export interface Sample {
  /** In `samples/` of the site. */
  file: string;
  /** What the picture shows. */
  alt: string;
  captions: string[];
  /** The caption that is right. */
  truth: number;
  /** Whether nano ranks it first, as measured when the site was made. */
  ranked: 'right' | 'wrong';
}

/** The address of a sample, relative to the page. */
export const sampleUrl = (file: string): string => `samples/${encodeURIComponent(file)}`;

/** @throws if they cannot be read; entries of another shape are left out */
export async function loadSamples(): Promise<Sample[]> {
  const response = await fetch(sampleUrl('samples.json'));
  if (!response.ok) throw new Error(`The samples could not be loaded (${response.status}).`);
  return ((await response.json()) as Sample[]).filter(isSample);
}

function isSample({ file, alt, captions, truth }: Sample): boolean {
  return typeof file === 'string' && typeof alt === 'string' && typeof captions?.[truth] === 'string';
}

/** The sample's picture. */
export async function fetchSample(file: string, signal: AbortSignal): Promise<Blob> {
  const response = await fetch(sampleUrl(file), { signal });
  if (!response.ok) throw new Error(`The sample ${file} could not be loaded (${response.status}).`);
  return response.blob();
}
