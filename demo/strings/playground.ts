/** @file What the playground of the documents says. */

export const playgroundStrings = {
  call: 'Call',
  query: 'Query: a text',
  picture: 'Query: a picture',
  none: 'none',
  own: 'a file of yours…',
  chosen: (name: string) => `${name} (yours)`,
  chooseFile: 'Picture from this device',
  candidates: 'Candidates: texts, one a line',
  samples: 'The sample pictures are candidates too',
  first: (megabytes: number) => `Load nano (${megabytes} MB) and run`,
  run: 'Run',
  stop: 'Stop',
  empty: 'Give a text or a picture to look with, and at least one candidate.',
  loading: (phase: string, percent: number | null) => `Loading: ${phase}${percent === null ? '' : `, ${percent} %`}`,
  computing: (done: number, all: number) => `Embedding: ${done} of ${all}`,
  done: (inputs: number, time: string, device: string) => `${inputs} inputs in ${time}, on ${device}.`,
  stopped: 'Stopped.',
  result: 'Result',
  code: 'The code for it',
  samplesFailed: (status: number) => `The sample pictures could not be loaded (${status}).`,
};
