/** @file From cosines to what is shown: probabilities, heat, order. Matrices are rows (texts) of columns (pictures). */

/** The temperature of VLM2Vec's training loss on MMEB: differences of cosines mean what they meant there. */
export const TEMPERATURE = 0.02;

/** A cosine per row and column; null if there is none yet. */
export type Matrix = readonly (readonly (number | null)[])[];

/** Probabilities of candidates for one query. Gaps stay gaps. */
export function softmax(scores: readonly (number | null)[], temperature = TEMPERATURE): (number | null)[] {
  const best = Math.max(...scores.filter((score) => score !== null));
  const weights = scores.map((score) => (score === null ? null : Math.exp((score - best) / temperature)));
  const sum = weights.reduce<number>((total, weight) => total + (weight ?? 0), 0);
  return weights.map((weight) => (weight === null ? null : weight / sum));
}

const transpose = (matrix: Matrix): (number | null)[][] =>
  (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] ?? null));

/** The scores of each query: columns if pictures are the queries, rows if texts are. */
export function byQuery(matrix: Matrix, queries: 'pictures' | 'texts'): Matrix {
  return queries === 'texts' ? matrix : transpose(matrix);
}

/** Softmax over the candidates of each query, in the matrix's own layout. */
export function probabilities(matrix: Matrix, queries: 'pictures' | 'texts'): Matrix {
  const perQuery = byQuery(matrix, queries).map((scores) => softmax(scores));
  return queries === 'texts' ? perQuery : matrix.map((row, r) => row.map((_, c) => perQuery[c]![r]!));
}

/** How hot each cell is, 0 to 1: cosines between the matrix's least and greatest, probabilities as they are. */
export function heat(matrix: Matrix, kind: 'cosine' | 'softmax'): Matrix {
  if (kind === 'softmax') return matrix;
  const all = matrix.flat().filter((value) => value !== null);
  const low = Math.min(...all);
  const range = Math.max(...all) - low;
  return matrix.map((row) => row.map((value) => (value === null ? null : range > 0 ? (value - low) / range : 0.5)));
}

/** The best candidate of each query; null if none has a score. */
export function winners(matrix: Matrix, queries: 'pictures' | 'texts'): (number | null)[] {
  return byQuery(matrix, queries).map((scores) => order(scores)[0] ?? null);
}

/** Candidates with a score, best first; equal ones in their order. */
export function order(scores: readonly (number | null)[]): number[] {
  return scores
    .flatMap((score, index) => (score === null ? [] : [{ score, index }]))
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .map(({ index }) => index);
}
