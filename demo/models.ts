/** @file The page of models: what one costs, bringing it into the browser, and what is kept there. */
import { models, type Estimate, type EstimateOptions, type ModelSource, type StoredModel, type WeightDtype } from '../src/index';
import { Adding, type AddingState } from './adding';
import { byId, newElement } from './elements';
import { folderChoice, type PickedFolder } from './folder-choice';
import { allowedUrl } from './shell/hosts';
import { latest } from './shell/latest';
import { costInWords, jobInWords } from './model-words';
import { rankingPage, storedItem } from './stored-list';
import { bytesInWords, errorInWords, titleOf } from './shell/words';

const page = {
  error: byId('error', HTMLElement),
  form: byId('add', HTMLFormElement),
  kind: byId('kind', HTMLSelectElement),
  dtypeRow: byId('dtype-row', HTMLElement),
  dtype: byId('dtype', HTMLSelectElement),
  hubRow: byId('hub-row', HTMLElement),
  repo: byId('repo', HTMLInputElement),
  urlRow: byId('url-row', HTMLElement),
  url: byId('url', HTMLInputElement),
  folderRow: byId('folder-row', HTMLElement),
  pick: byId('pick', HTMLButtonElement),
  picked: byId('picked', HTMLElement),
  folder: byId('folder', HTMLInputElement),
  pickBase: byId('pick-base', HTMLButtonElement),
  pickedBase: byId('picked-base', HTMLElement),
  folderBase: byId('folder-base', HTMLInputElement),
  look: byId('look', HTMLButtonElement),
  cost: byId('cost', HTMLElement),
  costTitle: byId('cost-title', HTMLElement),
  figures: byId('figures', HTMLElement),
  costNote: byId('cost-note', HTMLElement),
  confirm: byId('confirm', HTMLButtonElement),
  costUse: byId('cost-use', HTMLAnchorElement),
  decline: byId('decline', HTMLButtonElement),
  job: byId('job', HTMLElement),
  jobTitle: byId('job-title', HTMLElement),
  jobPhase: byId('job-phase', HTMLElement),
  jobBar: byId('job-bar', HTMLProgressElement),
  jobFigures: byId('job-figures', HTMLElement),
  pause: byId('pause', HTMLButtonElement),
  resume: byId('resume', HTMLButtonElement),
  cancel: byId('cancel', HTMLButtonElement),
  total: byId('total', HTMLElement),
  none: byId('none', HTMLElement),
  stored: byId('stored', HTMLUListElement),
};

/** What the form asks for. */
interface Wish {
  title: string;
  source: ModelSource;
  options: Pick<EstimateOptions, 'dtype' | 'base' | 'hubUrl'>;
  fromDisk: boolean;
}

let folder: PickedFolder | null = null;
let baseFolder: PickedFolder | null = null;
let job: { adding: Adding; name: string } | null = null;
let confirmed: () => void = () => undefined;

const hubUrl = document.querySelector<HTMLMetaElement>('meta[name="hub"]')?.content ?? 'https://huggingface.co';

function showError(error: unknown): void {
  page.error.textContent = errorInWords(error);
  page.error.hidden = false;
  page.error.scrollIntoView({ block: 'nearest' });
}

/** @throws in words where something is missing */
function readForm(): Wish {
  const dtype = page.dtype.value as WeightDtype;
  switch (page.kind.value) {
    case 'hub': {
      const repo = page.repo.value.trim() || page.repo.placeholder;
      if (!/^[\w.-]+\/[\w.-]+(@[\w./-]+)?$/.test(repo)) throw new Error(`“${repo}” is no repository: its name is like ${page.repo.placeholder}.`);
      return { title: repo, source: repo, options: { dtype, hubUrl: allowedUrl(hubUrl).href }, fromDisk: false };
    }
    case 'url': {
      const text = page.url.value.trim();
      if (!text) throw new Error('Type the address of a bundle’s folder.');
      const { href } = allowedUrl(text);
      return { title: text, source: href, options: {}, fromDisk: false };
    }
    default: {
      if (!folder) throw new Error('Choose a folder first.');
      const base = baseFolder ? { base: baseFolder.source } : {};
      const options = { dtype, hubUrl: allowedUrl(hubUrl).href, ...base };
      return { title: folder.name, source: folder.source, options, fromDisk: true };
    }
  }
}

const look = latest(
  async (signal) => {
    page.error.hidden = true;
    page.cost.hidden = true;
    const wish = readForm();
    page.look.textContent = 'Looking…';
    const estimate = await models.estimate(wish.source, { ...wish.options, store: true, signal });
    signal.throwIfAborted();
    page.look.textContent = 'See what it costs';
    showCost(wish, estimate);
  },
  (error) => {
    page.look.textContent = 'See what it costs';
    showError(error);
  },
);

function showCost(wish: Wish, estimate: Estimate): void {
  const { name, state, storage } = estimate;
  page.costTitle.textContent = wish.title;
  const figures = name === null || state === 'stored' ? [] : costInWords(estimate, wish.fromDisk);
  page.figures.replaceChildren(
    ...figures.flatMap(({ label, value, bad }) => [newElement('dt', label), newElement('dd', value, bad ? 'bad' : '')]),
  );
  page.confirm.hidden = figures.length === 0;
  page.confirm.textContent = state === 'unfinished' ? 'Go on' : wish.fromDisk ? 'Convert and keep' : 'Download and keep';
  page.costUse.hidden = state !== 'stored' || name === null;
  if (name !== null) page.costUse.href = rankingPage(name);
  page.costNote.textContent =
    name === null
      ? 'This folder is a bundle already: nothing to convert. The ranking page loads it from where it is.'
      : state === 'stored'
        ? 'It is kept in this browser already.'
        : state === 'unfinished'
          ? 'Begun before: what is done is not fetched again. The figures are of the whole.'
          : storage.fits === false
            ? 'Delete a model below first, or free some space on this device.'
            : 'Nothing of it has been fetched yet but its list of files and its configuration.';
  if (name !== null) {
    const { title, source, options } = wish;
    confirmed = () => startJob({ title, source, options, name });
  }
  page.cost.hidden = false;
  page.costTitle.focus();
}

function startJob({ title, source, options, name }: Omit<Wish, 'fromDisk'> & { name: string }): void {
  // A paused one stays in the list, as unfinished.
  if (page.look.disabled) return showError(new Error('One model at a time: pause or cancel the other one first.'));
  page.cost.hidden = true;
  page.error.hidden = true;
  page.jobTitle.textContent = title;
  page.jobFigures.textContent = '';
  let phase = '';
  const adding = new Adding(models, source, options, name, {
    onState: (state, error) => void showState(state, error),
    onProgress(event) {
      // Of downloads there is a sum over all files; single files would make the bar jump.
      if (event.phase === 'download' && event.status !== 'progress_total') return;
      const words = jobInWords(event);
      if (phase !== words.phase) page.jobPhase.textContent = words.phase;
      phase = words.phase;
      page.jobFigures.textContent = words.figures;
      if (words.share === null) page.jobBar.removeAttribute('value');
      else page.jobBar.value = words.share;
    },
  });
  job = { adding, name };
  adding.start();
  page.pause.focus();
  void showStored();
}

const STATES: Record<AddingState, string> = {
  running: 'Starting…',
  pausing: 'Stopping…',
  paused: 'Paused. You may close this page: what is done stays.',
  failed: 'Stopped. What is done stays.',
  cancelling: 'Stopping and deleting…',
  done: '',
  cancelled: '',
};

async function showState(state: AddingState, error: unknown): Promise<void> {
  const isOver = state === 'done' || state === 'cancelled';
  const isStopped = state === 'paused' || state === 'failed';
  page.job.hidden = isOver;
  page.jobPhase.textContent = STATES[state];
  if (state === 'running') {
    page.error.hidden = true;
    page.cost.hidden = true;
    page.jobBar.removeAttribute('value');
  } else page.jobFigures.textContent = '';
  page.jobBar.hidden = isStopped;
  page.pause.hidden = isStopped;
  page.pause.disabled = state !== 'running';
  page.resume.hidden = !isStopped;
  page.resume.textContent = state === 'failed' ? 'Try again' : 'Resume';
  page.cancel.disabled = state === 'cancelling';
  page.look.disabled = !isOver && !isStopped;
  if (isStopped) page.resume.focus();
  if (error !== null) showError(error);
  if (isOver) {
    job = null;
    await showStored();
    if (state === 'done') page.stored.querySelector('a')?.focus();
  }
}

async function showStored(): Promise<void> {
  try {
    const list = (await models.list()).filter(({ name }) => name !== job?.name);
    const bytes = list.reduce((sum, model) => sum + model.bytes, 0);
    const { usage, quota } = (await navigator.storage?.estimate?.()) ?? {};
    const free = usage === undefined || quota === undefined ? '' : `, ${bytesInWords(Math.max(0, quota - usage))} free`;
    page.total.textContent = `${bytesInWords(bytes)}${free}`;
    page.none.hidden = list.length > 0;
    page.stored.replaceChildren(...list.map((model) => storedItem(model, { onResume: resume, onChange: () => void showStored() })));
  } catch (error) {
    showError(error);
  }
}

/** An unfinished model knows where it came from. */
function resume(model: StoredModel): void {
  const { name, origin } = model;
  try {
    if (origin?.kind === 'hub') allowedUrl(origin.hubUrl);
    if (origin?.kind === 'url') allowedUrl(origin.url);
  } catch (error) {
    return showError(error);
  }
  startJob({ title: titleOf(model), source: { name }, options: {}, name });
}

function showRows(): void {
  page.hubRow.hidden = page.kind.value !== 'hub';
  page.urlRow.hidden = page.kind.value !== 'url';
  page.folderRow.hidden = page.kind.value !== 'folder';
  page.dtypeRow.hidden = page.kind.value === 'url';
  page.cost.hidden = true;
}

page.form.addEventListener('submit', (event) => {
  event.preventDefault();
  void look();
});
page.form.addEventListener('input', showRows);
page.confirm.addEventListener('click', () => confirmed());
page.decline.addEventListener('click', () => {
  page.cost.hidden = true;
  page.look.focus();
});
page.pause.addEventListener('click', () => job?.adding.pause());
page.resume.addEventListener('click', () => job?.adding.start());
page.cancel.addEventListener('click', () => void job?.adding.cancel());
folderChoice({ button: page.pick, input: page.folder, text: page.picked }, (picked) => (folder = picked));
folderChoice({ button: page.pickBase, input: page.folderBase, text: page.pickedBase }, (picked) => (baseFolder = picked));
showRows();
void showStored();
