/** @file The models in progress, with pause, resume and cancel. */
import type { JSX } from 'preact';
import { Button, durationInWords, ErrorBox, Progress, useSeconds } from '../shell';
import { modelsStrings as strings } from '../strings/models';
import type { Job, Jobs } from './jobs';
import { jobInWords } from './words';

export function JobsList({ jobs }: { jobs: Jobs }): JSX.Element | null {
  if (jobs.all.value.length === 0) return null;
  return (
    <section aria-labelledby="jobs-title">
      <h2 id="jobs-title">{strings.jobs}</h2>
      <ul id="jobs" class="rows">
        {jobs.all.value.map((job) => (
          <JobRow key={job.name} jobs={jobs} job={job} />
        ))}
      </ul>
    </section>
  );
}

function JobRow({ jobs, job }: { jobs: Jobs; job: Job }): JSX.Element {
  const state = job.state.value;
  const progress = job.progress.value;
  const words = state === 'running' && progress ? jobInWords(progress) : null;
  const phase = words?.phase ?? strings.states[state];
  const seconds = useSeconds(phase);
  const isStopped = state === 'paused' || state === 'failed';
  const isAtWork = state === 'running' || state === 'pausing' || state === 'cancelling';
  const label = (action: string) => strings.actions.of(action, job.title);
  return (
    <li>
      <div class="facts">
        <strong>{job.title}</strong>
        <p class="job-phase" role="status">
          {phase}
        </p>
        {isAtWork && <Progress share={words?.share ?? null} label={label(phase)} />}
        <p class="job-figures quiet">
          {words?.figures || (isAtWork && seconds >= 2 ? strings.progress.since(durationInWords(seconds)) : '')}
        </p>
        <ErrorBox error={job.error.value} />
      </div>
      <div class="actions">
        {isStopped ? (
          <Button kind="main" aria-label={label(resumeWord(state))} onClick={() => jobs.resume(job)}>
            {resumeWord(state)}
          </Button>
        ) : (
          <Button
            aria-label={label(strings.pause)}
            title={strings.pauseNote}
            disabled={state === 'pausing' || state === 'cancelling'}
            onClick={() => jobs.pause(job)}
          >
            {strings.pause}
          </Button>
        )}
        <Button
          kind="danger"
          aria-label={label(strings.cancel)}
          disabled={state === 'cancelling'}
          onClick={() => void jobs.cancel(job)}
        >
          {strings.cancel}
        </Button>
      </div>
    </li>
  );
}

function resumeWord(state: Job['state']['value']): string {
  return state === 'failed' ? strings.tryAgain : strings.resume;
}
