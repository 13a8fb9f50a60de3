'use client';

import { useEffect, useState } from 'react';
import { VLM2Vec, type Ranked } from 'vlm2vec-web';
import penguin from './penguin.png';

/** Rendered on the server too, without a model; effects run in the browser only. */
export function Ranking({ captions }: { captions: string[] }) {
  const [ranked, setRanked] = useState<Ranked<string>[]>([]);
  const [vectors, setVectors] = useState<Float32Array[]>([]);

  useEffect(() => {
    const leave = new AbortController();
    const { signal } = leave;
    const run = async () => {
      await using model = await VLM2Vec.load('nano', { signal });
      setRanked(await model.rank({ image: penguin.src }, captions, { signal }));
      setVectors(await model.embed([{ image: penguin.src }, ...captions], { signal }));
    };
    run().catch((error: unknown) => signal.aborted || console.error(error));
    return () => leave.abort();
  }, [captions]);

  return (
    <>
      <ol>
        {ranked.map(({ candidate, score }) => (
          <li key={candidate}>{`${candidate}: ${score.toFixed(3)}`}</li>
        ))}
      </ol>
      <pre>{vectors.map((vector) => vector.join(' ')).join('\n')}</pre>
    </>
  );
}
