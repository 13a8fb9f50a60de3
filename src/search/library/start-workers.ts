/** @file Starts the workers of a photo index, as bundlers know them. Apart, since Node's bundlers would look for the files. */

export function startSearchWorker(): Worker {
  return new Worker(new URL('../../../workers/search.worker.ts', import.meta.url), { type: 'module' });
}

export function startSurveyWorker(): Worker {
  return new Worker(new URL('../../../workers/survey.worker.ts', import.meta.url), { type: 'module' });
}
