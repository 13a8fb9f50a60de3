import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { useVLM2Vec, VLM2VecRank } from 'vlm2vec-web/react';

const picture = new URL('./penguin.png', import.meta.url).href;

function Animal() {
  // Loads at once, not with the first click; the element, which names the same model and options, shares it.
  const { status } = useVLM2Vec('nano', { vision: 'later' });
  const [best, setBest] = useState('');
  return (
    <>
      <VLM2VecRank image={picture} onResults={({ ranking }) => setBest(ranking[0]?.choice.value ?? '')}>
        <option value="fox">a fox</option>
        <option value="bird">a penguin</option>
        <option value="bus">a bus</option>
      </VLM2VecRank>
      <p>
        Model: {status}. Best: <output>{best}</output>
      </p>
    </>
  );
}

createRoot(document.querySelector('#root')!).render(
  <StrictMode>
    <Animal />
  </StrictMode>,
);
