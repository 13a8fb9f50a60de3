/**
 * @file The search page on an index of invented pictures, for tests with very many pictures; only the dev server
 * serves it. `?count=100000`, and `window.fake` to advance a run.
 */
import { mount } from '../../shell';
import { SearchPage } from '../page';
import { SearchState } from '../state';
import { fakeIndex } from './fake-index';

/** Drawing them is not part of the test. */
const VARIANTS = 60;
const drawn = new Map<number, Promise<Blob>>();

function thumbnail(id: number): Promise<Blob> {
  const variant = id % VARIANTS;
  const blob = drawn.get(variant) ?? draw(variant);
  drawn.set(variant, blob);
  return blob;
}

/** A landscape of two colours. */
function draw(id: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(256, 192);
  const context = canvas.getContext('2d')!;
  context.fillStyle = `hsl(${(id * 47) % 360} 55% 72%)`;
  context.fillRect(0, 0, 256, 192);
  context.fillStyle = `hsl(${(id * 83) % 360} 45% 35%)`;
  context.fillRect(0, 60 + ((id * 13) % 90), 256, 192);
  context.beginPath();
  context.arc(40 + ((id * 31) % 180), 50, 22, 0, 7);
  context.fillStyle = 'white';
  context.fill();
  return canvas.convertToBlob({ type: 'image/webp', quality: 0.7 });
}

const wishes = new URLSearchParams(location.search);
const problems = [
  {
    id: 1,
    path: 'Phone/broken.jpg',
    kind: 'skipped' as const,
    pass: 'first' as const,
    reason: 'The file ends in the middle of the picture.',
  },
  {
    id: 2,
    path: 'Phone/huge.png',
    kind: 'skipped' as const,
    pass: 'first' as const,
    reason: '40,000 × 40,000 pixels; the limit is 89 million.',
  },
];
const index = fakeIndex({ count: Number(wishes.get('count') ?? 100_000), thumbnail, problems });
const state = new SearchState();
Object.assign(globalThis, { fake: index, page: state });
mount(<SearchPage state={state} />);
state.follow();
await Promise.all(Array.from({ length: VARIANTS }, (_, id) => thumbnail(id)));
void state.library.use('fake', async () => index);
