import { instructions } from 'vlm2vec-web';
import { Ranking } from './ranking';

/** Rendered on the server, where the package may be imported as well: here for MMEB's instructions. */
export default function Page() {
  return (
    <main>
      <p>{instructions.MSCOCO_i2t.query}</p>
      <Ranking captions={['a fox', 'a penguin', 'a bus']} />
    </main>
  );
}
