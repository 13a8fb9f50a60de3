/**
 * @file Starts the workers of a photo index in a form that bundlers recognise. It is a separate file, since bundlers
 * for Node would search for the workers' files.
 */

export function startSearchWorker(): Worker {
  return new Worker(new URL('../../../workers/search.worker.ts', import.meta.url), { type: 'module' });
}

export function startSurveyWorker(): Worker {
  return new Worker(new URL('../../../workers/survey.worker.ts', import.meta.url), { type: 'module' });
}
