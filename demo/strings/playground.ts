/** @file Texts of the playground in the documentation. */

export const playgroundStrings = {
  call: 'Call',
  query: 'Query: a text',
  picture: 'Query: a picture',
  none: 'none',
  own: 'your own file…',
  chosen: (name: string) => `${name} (yours)`,
  chooseFile: 'Picture from this device',
  candidates: 'Candidates: texts, one per line',
  samples: 'Use the sample pictures as candidates, too',
  first: (megabytes: number) => `Load nano (${megabytes} MB) and run`,
  run: 'Run',
  stop: 'Stop',
  empty: 'Enter a text or choose a picture as the query, and give at least one candidate.',
  loading: (phase: string, percent: number | null) => `Loading: ${phase}${percent === null ? '' : `, ${percent} %`}`,
  computing: (done: number, all: number) => `Embedding: ${done} of ${all}`,
  done: (inputs: number, time: string, device: string) => `${inputs} inputs in ${time}, on ${device}.`,
  stopped: 'Stopped.',
  result: 'Result',
  code: 'The code for this',
  samplesFailed: (status: number) => `The sample pictures could not be loaded (${status}).`,
};
