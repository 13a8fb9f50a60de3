/** @file The page: a picture, captions, and how well each fits. Everything is computed here; nothing is sent. */
import { byId } from './elements';
import { debounced, latest } from './shell/latest';
import { listStored, loadModel, nameOf, type DeviceWish, type ModelChoice } from './model';
import { showPicture, watchPictures, type Picture } from './picture';
import { Ranker } from './ranker';
import { showRanking } from './ranking';
import { SAMPLES, type Sample } from './samples';
import { errorInWords, modelInWords, progressInWords, timeInWords } from './shell/words';

const TYPING_PAUSE_MS = 250;
/** What the choices that are stored models begin with. */
const STORED = 'stored:';
/** A ranking that takes longer says that it is at work. */
const PATIENCE_MS = 500;

const page = {
  form: byId('model-form', HTMLFormElement),
  model: byId('model', HTMLSelectElement),
  storedGroup: byId('stored-group', HTMLOptGroupElement),
  device: byId('device', HTMLSelectElement),
  urlRow: byId('url-row', HTMLElement),
  url: byId('url', HTMLInputElement),
  folderRow: byId('folder-row', HTMLElement),
  folder: byId('folder', HTMLInputElement),
  status: byId('status-text', HTMLElement),
  load: byId('load', HTMLProgressElement),
  error: byId('error', HTMLElement),
  captions: byId('captions', HTMLTextAreaElement),
  samples: byId('samples', HTMLUListElement),
  timing: byId('timing', HTMLElement),
  ranking: byId('ranking', HTMLOListElement),
  rankingHint: byId('ranking-hint', HTMLElement),
  rankingNote: byId('ranking-note', HTMLElement),
  picture: {
    drop: byId('drop', HTMLElement),
    input: byId('file', HTMLInputElement),
    image: byId('picture', HTMLImageElement),
    hint: byId('drop-hint', HTMLElement),
    name: byId('picture-name', HTMLElement),
  },
};

let model: Awaited<ReturnType<typeof loadModel>> | null = null;
let ranker: Ranker | null = null;
let picture: Picture | null = null;
/** Milliseconds that the last ranking took; 0 before the first. */
let lastTime = 0;
/** The captions that the page itself put there; what a person wrote is never replaced. */
let suggested = '';

function showError(error: unknown): void {
  page.error.textContent = errorInWords(error);
  page.error.hidden = false;
}

function showHint(text: string): void {
  page.ranking.replaceChildren();
  page.timing.textContent = '';
  page.rankingHint.textContent = text;
  page.rankingHint.hidden = false;
  page.rankingNote.hidden = true;
}

const rank = latest(
  async (signal) => {
    const captions = [...new Set(page.captions.value.split('\n').map((line) => line.trim()))].filter(Boolean);
    if (!picture) return showHint('Choose a picture to see its captions ranked.');
    if (captions.length === 0) return showHint('Write a caption to see how well it fits.');
    if (!model || !ranker) return;
    page.error.hidden = true;
    page.ranking.classList.add('stale');
    page.ranking.setAttribute('aria-busy', 'true');
    const where = model.device === 'webgpu' ? 'on the GPU' : 'on the CPU';
    const start = performance.now();
    const sayBusy = setTimeout(() => {
      page.timing.textContent = `computing ${where}${lastTime ? `, last time ${timeInWords(lastTime)}` : ''}…`;
    }, PATIENCE_MS);
    signal.addEventListener('abort', () => clearTimeout(sayBusy));
    const ranked = await ranker.rank(picture.blob, captions, signal).finally(() => clearTimeout(sayBusy));
    lastTime = performance.now() - start;
    page.timing.textContent = `${timeInWords(lastTime)} ${where}`;
    showRanking(page.ranking, ranked);
    page.ranking.classList.remove('stale');
    page.ranking.removeAttribute('aria-busy');
    page.rankingHint.hidden = true;
    page.rankingNote.hidden = false;
  },
  (error) => {
    showHint('');
    showError(error);
  },
);

const load = latest(
  async (signal, choice: ModelChoice) => {
    const before = model;
    model = null;
    ranker = null;
    lastTime = 0;
    page.error.hidden = true;
    page.status.textContent = 'Loading the model…';
    page.load.hidden = false;
    page.load.removeAttribute('value');
    page.ranking.classList.add('stale');
    await before?.dispose();
    signal.throwIfAborted();
    model = await loadModel(choice, {
      device: page.device.value as DeviceWish,
      signal,
      onProgress(event) {
        // Of downloads there is a sum over all files; single files would make the bar jump.
        if (signal.aborted || (event.phase === 'download' && event.status !== 'progress_total')) return;
        const { text, share } = progressInWords(event);
        page.status.textContent = text;
        if (share === null) page.load.removeAttribute('value');
        else page.load.value = share;
      },
    });
    ranker = new Ranker(model);
    page.load.hidden = true;
    page.status.textContent = modelInWords(nameOf(choice), model.info, page.device.value);
    await rank();
  },
  (error) => {
    page.load.hidden = true;
    page.status.textContent = 'No model is loaded.';
    showHint('');
    showError(error);
  },
);

function usePicture(next: Picture): void {
  picture = next;
  showPicture(page.picture, next);
  for (const button of page.samples.querySelectorAll('button')) {
    button.setAttribute('aria-pressed', String(button.title === next.name));
  }
  void rank();
}

const useSample = latest(async (signal, sample: Sample) => {
  const response = await fetch(`samples/${sample.file}`, { signal });
  if (!response.ok) throw new Error(`The sample ${sample.file} could not be loaded (${response.status}).`);
  const blob = await response.blob();
  signal.throwIfAborted();
  if (page.captions.value.trim() === suggested) {
    suggested = sample.captions.join('\n');
    page.captions.value = suggested;
  }
  usePicture({ blob, name: sample.title, alt: sample.title });
}, showError);

function showSamples(): void {
  page.samples.replaceChildren(
    ...SAMPLES.map((sample) => {
      const image = document.createElement('img');
      image.src = `samples/${sample.file}`;
      image.alt = sample.title;
      const button = document.createElement('button');
      button.type = 'button';
      button.title = sample.title;
      button.append(image);
      button.addEventListener('click', () => void useSample(sample));
      const item = document.createElement('li');
      item.append(button);
      return item;
    }),
  );
}

/** Loads what the form shows; where that needs an address or a folder first, asks for it. */
function loadChosen(): void {
  if (page.model.selectedIndex < 0) return;
  page.urlRow.hidden = page.model.value !== 'url';
  page.folderRow.hidden = page.model.value !== 'folder';
  if (page.model.value === 'nano') {
    void load({ kind: 'nano' });
  } else if (page.model.value === 'url') {
    if (page.url.value.trim()) void load({ kind: 'url', url: page.url.value.trim() });
    else page.url.focus();
  } else if (page.model.selectedOptions[0]?.parentElement === page.storedGroup) {
    void load({ kind: 'stored', name: page.model.value.slice(STORED.length), title: page.model.selectedOptions[0].text });
  } else {
    const files = [...(page.folder.files ?? [])];
    const name = files[0]?.webkitRelativePath.split('/')[0] ?? 'folder';
    if (files.length > 0) void load({ kind: 'folder', name, files });
    else page.folder.focus();
  }
}

page.model.addEventListener('change', () => {
  page.folder.value = ''; // a folder is asked for anew each time
  loadChosen();
});
page.device.addEventListener('change', loadChosen);
page.folder.addEventListener('change', loadChosen);
page.form.addEventListener('submit', (event) => {
  event.preventDefault();
  loadChosen();
});
page.captions.addEventListener('input', debounced(() => void rank(), TYPING_PAUSE_MS));
watchPictures(page.picture, usePicture, (reason) => showError(reason));
showSamples();

/** Models that this browser keeps become choices. One that is asked for and not there is not replaced by another. */
async function offerStored(wished: string | null): Promise<void> {
  const stored = await listStored();
  page.storedGroup.replaceChildren(...stored.map(({ name, title }) => new Option(title, STORED + name)));
  page.storedGroup.hidden = stored.length === 0;
  if (wished === null) return;
  page.model.value = STORED + wished; // nothing is chosen where there is no such choice
  if (page.model.selectedIndex >= 0) return loadChosen();
  page.status.textContent = 'No model is loaded.';
  showError(new Error(`No model called ${wished} is kept in this browser.`));
}

// `?model=models/my-bundle/&device=wasm` opens the page on that, `?stored=name` on a model that this browser keeps.
const wishes = new URLSearchParams(location.search);
const device = wishes.get('device');
if (device === 'webgpu' || device === 'wasm') page.device.value = device;
const bundle = wishes.get('model');
if (bundle && bundle !== 'nano') {
  page.model.value = 'url';
  page.url.value = bundle;
}
if (!wishes.has('stored')) loadChosen();
void offerStored(wishes.get('stored')).catch(showError);
if (SAMPLES[0]) void useSample(SAMPLES[0]);
