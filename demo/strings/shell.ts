/** @file What all pages say: navigation, theme, model choice, progress and errors. */

export const shellStrings = {
  siteName: 'VLM2Vec',
  siteTagline: 'in your browser',
  skip: 'Skip to the content',
  nav: 'Pages',
  pages: { rank: 'Rank', search: 'Search', models: 'Models' },
  privacy: 'Nothing leaves this device',
  privacyLong:
    'Pictures, words and embeddings stay on this device. This page’s security policy lets it, and the workers that compute for it, talk to no other site.',
  privacyReach: (hosts: readonly string[]) =>
    `Pictures stay on this device. This page’s security policy lets it fetch models from ${new Intl.ListFormat('en').format(hosts)}, and talk to no other site.`,
  licences: 'Licences',
  theme: {
    title: (name: string) => `Colours: ${name}`,
    names: { system: 'as the system has them', light: 'light', dark: 'dark' },
  },
  close: 'Close',
  dismiss: 'Dismiss',
  noScript: 'This page computes everything here, in the browser, and needs JavaScript for it.',
  offlineReady: 'Kept for use without a network.',
  update: {
    ready: 'A new version of this site is here.',
    use: 'Reload with it',
    later: 'Later',
  },
  model: {
    label: 'Model',
    nano: 'nano (built in)',
    stored: 'Kept in this browser',
    url: 'Bundle at an address…',
    folder: 'Folder on this device…',
    device: 'Runs on',
    devices: { auto: 'Best available', webgpu: 'GPU (WebGPU)', wasm: 'CPU (WebAssembly)' },
    address: 'Address of the bundle’s folder, on this site',
    load: 'Load',
    folderLabel: 'Folder with a bundle, or with a Qwen2-VL checkpoint, which is converted here first',
    starting: 'Loading the model…',
    none: 'No model is loaded.',
    again: 'Load it again',
    loading: 'Loading the model',
    gone: (name: string) => `No model called ${name} is kept in this browser.`,
    facts: 'About this model',
    noAddress: (text: string) => `“${text}” is no address.`,
    otherSite: (origin: string) =>
      `This page reads only from its own site, and ${origin} is another. ` +
      'Put the bundle’s folder beside the page, or choose it from this device.',
  },
  /** Phases of progress events. */
  phases: {
    measure: 'Measuring weights',
    convert: 'Converting weights',
    publish: 'Saving',
    download: 'Loading the model',
    verify: 'Checking the model’s files',
    load: 'Preparing the model',
    probe: 'Testing the model on this device',
  } as Record<string, string>,
  otherPhase: 'Loading the model',
  progress: (phase: string, done: string, all: string) => `${phase}: ${done} of ${all}`,
  modelFacts: (name: string, size: string, dtype: string, dims: number, where: string) =>
    `${name}: ${size} of ${dtype} weights, ${dims} numbers per embedding. Runs on ${where}.`,
  onCpu: (threads: number) => `the CPU (WebAssembly, ${threads === 1 ? 'one thread' : `${threads} threads`})`,
  onGpu: (name: string | null) => (name ? `the GPU (WebGPU, ${name})` : 'the GPU (WebGPU)'),
  slower: (why: string) => ` That is slower than a GPU. ${why}.`,
  noGpu: 'This browser offers no GPU',
  /** What named errors mean. */
  errors: {
    ImageFormatError: 'This file cannot be shown as a picture.',
    ImageTooLargeError: 'This picture is too large.',
    InvalidInputError: 'This cannot be embedded.',
    WebGPUUnavailableError: 'WebGPU cannot be used here.',
    SourceNotFoundError: 'The model was not found.',
    NetworkError: 'The network failed.',
    StorageFullError: 'There is too little space.',
    CheckpointFormatError: 'This model’s files cannot be read.',
    CheckpointMismatchError: 'These files do not belong to one model.',
    BundleFormatError: 'This is not a model bundle.',
    IntegrityError: 'The model’s files are damaged.',
    UnsupportedError: 'This version cannot do that.',
    ProbeError: 'This device computes the model wrongly.',
    DeviceLostError: 'The GPU stopped answering.',
    DisposedError: 'The model has stopped.',
  } as Record<string, string>,
  files: {
    notPicture: (name: string) => `“${name}” is not a picture.`,
    nothing: {
      chosen: 'There was no picture in what you chose.',
      pasted: 'There was no picture in what you pasted.',
      dropped: 'There was no picture in what you dropped.',
    },
  },
};
