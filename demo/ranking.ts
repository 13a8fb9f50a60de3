/** @file The ranked captions as bars. */

export interface RankedCaption {
  caption: string;
  /** Cosine similarity, -1 to 1. */
  score: number;
}

/** The temperature of VLM2Vec's training loss: differences of cosines mean what they meant there. */
const TEMPERATURE = 0.02;

/** How likely a caption is beside the best one, by the softmax of the training loss. */
export function shareOfBest(score: number, best: number): number {
  return Math.exp((score - best) / TEMPERATURE);
}

/** Shows captions, best first. Captions come from outside and are set as text. */
export function showRanking(list: HTMLOListElement, ranked: RankedCaption[]): void {
  const best = ranked[0]?.score ?? 0;
  list.replaceChildren(
    ...ranked.map(({ caption, score }) => {
      const item = document.createElement('li');
      const bar = document.createElement('span');
      bar.className = 'bar';
      bar.style.width = `${shareOfBest(score, best) * 100}%`;
      const text = document.createElement('span');
      text.className = 'caption';
      text.textContent = caption;
      const number = document.createElement('span');
      number.className = 'score';
      number.textContent = score.toFixed(3).replace('-', '−');
      item.append(bar, text, number);
      return item;
    }),
  );
}
