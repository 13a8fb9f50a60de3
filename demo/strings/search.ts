/** @file What the search page says. */

const number = new Intl.NumberFormat('en');
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' });
const weekday = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeZone: 'UTC' });
const month = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' });
const year = new Intl.DateTimeFormat('en', { year: 'numeric', timeZone: 'UTC' });
const moment = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

const count = (n: number, one: string, many = `${one}s`) => `${number.format(n)} ${n === 1 ? one : many}`;
const pictures = (n: number) => count(n, 'picture');

const kept = (indexed: number) =>
  indexed === 0 ? '' : `What was indexed of it can still be searched (${pictures(indexed)}).`;

export const searchStrings = {
  title: 'Search your photos',
  lead: 'A folder of your own, searched by words, by a picture, or by both at once. All of it is computed on this device.',
  number: (n: number) => number.format(n),
  day: (time: number) => day.format(time),
  moment: (time: number) => moment.format(time),
  pictures,

  opening: 'Opening your pictures…',

  model: {
    summary: (name: string) => `Model: ${name}`,
    loading: (name: string, share: number | null) =>
      share === null ? `Model: ${name}, loading…` : `Model: ${name}, ${Math.round(share * 100)} % loaded`,
    failed: (name: string) => `Model: ${name}, not loaded`,
    switching:
      'Each model sees pictures in its own way and has its own index. With another model your folders are indexed anew; ' +
      'the index of this one stays, and is there again when you come back to it. nano is small and quick and knows ' +
      'drawings best; for photographs keep a larger one on the Models page.',
    indexes: 'See and delete all indexes',
  },

  deep: {
    label: 'Second look',
    none: 'None',
    nano: 'nano (built in)',
    hint: 'The model above reads all pictures first, so that you can search soon. A second, stronger one then goes through them, newest first, and ranks what it knows; for a search it looks at the best ones at once.',
    same: 'That is the model above. Choose another one for the second look.',
    loading: 'Loading the second model',
    running: 'Second look',
    progress: (name: string, done: number, total: number) =>
      `Second look by ${name}: ${number.format(done)} of ${pictures(total)}`,
    paused: 'resting',
    waiting: 'goes on when all are read',
    unreadable: (n: number) => `${pictures(n)} cannot be opened now`,
    failed: (n: number) => `${number.format(n)} it could not read`,
    pause: 'Rest',
    resume: 'Go on',
    looking: (done: number, total: number) => `Looking closer: ${number.format(done)} of ${number.format(total)}…`,
    allFirst: 'by the first look',
    someFirst: (n: number) => `${number.format(n)} of them by the first look only`,
    mark: 'First look only',
    reordered: 'A closer look ranks these otherwise.',
    reorder: 'Show it',
    firstOnly: 'By what the first look saw; the second one ranks searches only.',
  },

  welcome: {
    heading: 'Choose a folder of pictures',
    how: 'It is read where it lies, with the folders in it. Nothing is copied, uploaded or changed. You can search while the rest is still being read.',
    choose: 'Choose a folder…',
    samples: 'Try it with sample pictures',
    other: (model: string, n: number) => `${pictures(n)} with ${model}`,
    others: (known: readonly string[]) =>
      `This browser has an index of ${new Intl.ListFormat('en').format(known)}. It stays, and is there again with its model. For this model pictures have to be read anew: choose their folder again.`,
    drop: 'You can also drop a folder anywhere on this page.',
    waiting: 'The model is still loading. The pictures are read as soon as it is here.',
    samplesFolder: 'Samples',
    samplesFailed: (status: number) => `The sample pictures could not be loaded (${status}).`,
    import: 'Import an index…',
  },

  skip: 'Skip to the pictures',

  folders: {
    label: 'Folders to show',
    find: 'Find a folder',
    item: (name: string, n: number) => `${name}, ${pictures(n)}`,
    none: 'No folder is called that.',
    more: (n: number) => `${count(n, 'more folder')}: type a part of the name.`,
  },

  library: {
    label: 'Your pictures',
    summary: (indexed: number, folders: number) => `${pictures(indexed)} in ${count(folders, 'folder')}`,
    add: 'Add a folder…',
    check: 'Check for changes',
    folders: 'Folders',
    folder: (indexed: number, found: number | null) =>
      found === null ? pictures(indexed) : `${number.format(indexed)} of ${pictures(found)}`,
    reconnect: 'Allow reading',
    chooseAgain: 'Choose it again',
    remove: 'Forget',
    removeTitle: (name: string) => `Forget “${name}”?`,
    removeText: (indexed: number) =>
      `${pictures(indexed)} of it can then no longer be found. The files themselves are left alone.`,
    ask: (names: string) =>
      `The browser wants to be asked before this page reads ${names} again. Searching works without; opening pictures and noticing changes does not.`,
    choose: (names: string) =>
      `${names} came without a lasting permission. Searching works; to open its pictures or notice changes, choose the folder again.`,
    vanished: {
      gone: (name: string, indexed: number) =>
        `“${name}” is not where it was: it was moved, renamed or deleted, or its drive is not connected. ${kept(indexed)}`,
      empty: (name: string, indexed: number) =>
        `No picture is left in “${name}”; it looks like that, too, while its drive is not connected. ${kept(indexed)}`,
      partial: (path: string, indexed: number) =>
        `Not all of the folder could be read; the first that could not was “${path}”. ${kept(indexed)}`,
    },
    lookAgain: 'Look again',
    older: (n: number) =>
      `An earlier version of this site read ${pictures(n)}, without keywords, titles and captions. They can be read now; no picture is looked at by the model again, and one can stop and go on.`,
    readOlder: 'Read keywords and titles',
    forgetPictures: 'Forget its pictures…',
    readOnly:
      'Another tab of this site is keeping the index. This one can search; it takes over when that tab is closed.',
    denied: 'The browser did not give permission to read the folder.',
    dropped: 'Dropped pictures',
    dropNothing: 'There was neither a folder nor a picture in what you dropped.',
    dropHint: 'Drop a folder to index it, or one picture to look for others like it',
  },

  run: {
    label: 'Indexing',
    walking: (found: number) => `Looking through folders: ${pictures(found)} so far`,
    indexing: (done: number, total: number) => `${number.format(done)} of ${pictures(total)} read`,
    paused: (left: number) => `Paused; ${pictures(left)} still to be read`,
    rate: (rate: number) => `${rate < 9.95 ? rate.toFixed(1) : rate.toFixed(0)} per second`,
    left: (words: string) => `about ${words} left`,
    reused: (n: number) => `${number.format(n)} known already`,
    removed: (n: number) => `${number.format(n)} no longer there`,
    done: (embedded: number, reused: number, removed: number) =>
      [
        embedded + reused + removed === 0 ? 'Everything was up to date.' : `Done: ${pictures(embedded)} read.`,
        reused > 0 ? `${number.format(reused)} known already.` : '',
        removed > 0 ? `${number.format(removed)} gone from the folder, and so from the index.` : '',
      ]
        .filter(Boolean)
        .join(' '),
    pause: 'Pause',
    resume: 'Go on',
    cancel: 'Stop',
    stopped: 'It paused by itself',
  },

  problems: {
    open: (n: number) => `${pictures(n)} could not be read`,
    title: 'Pictures that could not be read',
    text: 'They are left out, and tried again when their files change.',
    kinds: { skipped: 'skipped', failed: 'failed' },
    retry: 'Try all again',
    copy: 'Copy the list',
    more: (n: number) => `${number.format(n)} more`,
  },

  menu: {
    label: 'The whole index',
    export: 'Export the index…',
    exportHint:
      'Vectors, dates, thumbnails, favourites and albums in one file, to keep or to take to another browser. Not the pictures.',
    import: 'Import an index…',
    importHint: 'In place of the one that is here.',
    parquet: 'Export as Parquet…',
    parquetHint: 'Paths, dates, places and vectors, for other tools.',
    clear: 'Delete the index…',
    clearHint: 'Your pictures are left alone.',
    working: {
      export: 'Writing the index…',
      import: 'Reading the index…',
      parquet: 'Writing Parquet…',
      clear: 'Deleting…',
    },
    exported: (size: string) => `Written: ${size}.`,
    imported: (n: number) => `${pictures(n)} imported.`,
    cleared: 'The index is deleted.',
    importTitle: 'Import an index?',
    importText: (n: number) => `It takes the place of the index that is here, of ${pictures(n)}.`,
    importConfirm: 'Choose a file…',
    clearTitle: 'Delete the index?',
    clearText: (n: number) =>
      `What was computed for ${pictures(n)} is deleted; to search them again they have to be indexed again. Favourites and albums go with it, unless another model’s index has them too. The pictures themselves are left alone.`,
    clearConfirm: 'Delete the index',
    keep: 'Keep it',
    indexFile: 'photos.vlm2vec-index',
    parquetFile: 'photos.parquet',
    indexKind: 'Index of pictures',
    parquetKind: 'Parquet table',
  },

  query: {
    label: 'Search',
    box: 'What to look for',
    placeholder: 'a dog on the beach -people',
    withPicture: 'words to go with the picture, e.g. the same at night',
    go: 'Search',
    picture: 'Picture…',
    clear: 'Clear',
    help: 'Put a minus before what should not be in it (-\u2060people), a plus before what else should (+snow). Drop or paste a picture to look for others like it; with words beside it, both are read together.',
    parts: 'Pictures to look for',
    like: (name: string) => `like ${name}`,
    unlike: (name: string) => `not like ${name}`,
    turn: (name: string, sign: 'like' | 'unlike') =>
      sign === 'like' ? `Look for others than ${name} instead` : `Look for ${name} instead`,
    remove: (name: string) => `Remove ${name}`,
    onlyExclusions: 'Say also what to look for: exclusions alone leave nothing to look for.',
    pasted: 'pasted picture',
  },

  filters: {
    label: 'Filters',
    from: 'From',
    to: 'To',
    camera: 'Camera',
    any: 'Any',
    option: (name: string, n: number) => `${name} (${number.format(n)})`,
    clear: 'Clear filters',
    active: 'Active filters',
    remove: (what: string) => `Remove the filter: ${what}`,
    /** @param to exclusive */
    between: (from: number | null, to: number | null) => {
      const [first, last] = [from, to && to - 1].map((time) => (time === null ? null : day.format(time)));
      if (!last) return `since ${first}`;
      if (!first) return `until ${last}`;
      return first === last ? first : `${first} to ${last}`;
    },
    inFolder: (path: string) => `in ${path}`,
    undated: 'Pictures that do not say when they were taken go by the date of their file.',
  },

  advanced: {
    summary: 'Advanced',
    instruction: 'Instruction',
    explain:
      'What the model is told to do with the words and the picture. The one that fits is chosen by itself; these are the ones the model was trained with.',
    oneInstruction: (model: string) =>
      `What ${model} is told to do with a query. Words and pictures are put in by itself.`,
    fixed: (model: string) => `${model} has prompts of its own, which take no instruction.`,
    automatic: 'The one that fits',
    own: 'Written here',
    template: 'Text, with {text} and {image} where they go',
    problems: {
      'no-text': 'It says {text}, but there are no words to look for.',
      'no-image': 'It says {image}, but there is no picture to look for.',
      'no-slots': 'This model puts words and pictures in by itself: leave out {text} and {image}.',
    },
    scores: 'Show scores',
    scoresHint: 'Cosine similarity, and how far it stands above all others in standard deviations.',
    tasks: {
      MSCOCO_t2i: 'Everyday pictures',
      VisualNews_t2i: 'News pictures',
      VisDial: 'A dialogue about a picture',
      'Wiki-SS-NQ': 'Documents and screenshots',
      NIGHTS: 'Similar everyday pictures',
      CIRR: 'The picture, changed as described',
      FashionIQ: 'Fashion, changed as described',
      EDIS: 'News pictures with a caption',
    },
  },

  views: {
    legend: 'Show',
    pictures: 'Pictures',
    groups: 'Similar',
    places: 'Places',
    map: 'Map',
  },

  results: {
    label: 'Pictures',
    all: (n: number, indexed: number) =>
      n < indexed ? `${number.format(n)} of ${pictures(indexed)} shown` : pictures(n),
    filtered: (n: number) => `${pictures(n)} through the filters`,
    best: (n: number, of: number) =>
      n === 1 ? `The best of ${number.format(of)}` : `The best ${number.format(n)} of ${number.format(of)}`,
    found: (n: number, of: number) => `${pictures(n)} ${n === 1 ? 'stands' : 'stand'} out of ${number.format(of)}`,
    took: (words: string) => `in ${words}`,
    searching: 'Searching…',
    weak: 'None of these stands out clearly: perhaps there is no such picture here.',
    none: 'Nothing stands out for this.',
    noneHint: 'Try other words, or look through the less relevant ones.',
    noneFiltered: 'No picture gets through the filters.',
    noneYet: 'The first pictures appear here as soon as they are read.',
    noneAtAll: 'No pictures were found in what you chose.',
    fold: 'Hide the less relevant',
    unfold: (n: number) => `Show ${number.format(n)} less relevant`,
    less: 'Less relevant',
    more: 'Show more',
    outdated: 'There are new pictures.',
    refresh: 'Show them',
    score: (score: number, z: number) =>
      Number.isNaN(score) ? '' : `${score.toFixed(3)} · ${z < 0 ? '−' : '+'}${Math.abs(z).toFixed(1)} σ`,
    unnamed: (position: number) => `Picture ${number.format(position)}`,
    select: (name: string) => `Select ${name}`,
    moreLike: 'More like this',
    moreLikeOf: (name: string) => `More like ${name}`,
    keys: 'Arrow keys move, Enter opens, Space selects, M looks for more like it.',
  },

  time: {
    sort: 'Order',
    sorts: { fit: 'Best first', newest: 'Newest first', oldest: 'Oldest first' },
    day: (time: number) => weekday.format(time),
    month: (time: number) => month.format(time),
    year: (time: number) => year.format(time),
    undated: 'No date in the file',
    undatedHint: 'In the order in which their files changed.',
    count: (n: number) => number.format(n),
    scrubber: 'Go to a date',
  },

  selection: {
    label: 'Selected pictures',
    count: (n: number) => `${number.format(n)} selected`,
    copy: 'Copy paths',
    copied: (n: number) => `${count(n, 'path')} copied.`,
    all: 'Select all shown',
    none: 'Select none',
    search: 'Look for more like these',
    failed: 'The browser did not let this page copy. The list can be copied from here:',
    listTitle: 'Paths',
  },

  why: {
    name: 'name',
    keyword: 'keyword',
    caption: 'caption',
    folder: 'folder',
    camera: 'camera',
    date: 'date',
    place: 'place',
    looks: 'looks like it',
    asWords: (text: string) => `Treat “${text}” as words`,
  },

  viewer: {
    label: 'Picture',
    close: 'Close',
    previous: 'Previous picture',
    next: 'Next picture',
    position: (at: number, of: number) => `${number.format(at)} of ${number.format(of)}`,
    moreLike: 'More like this',
    withWords: 'This, but …',
    select: 'Select',
    unselect: 'Selected',
    copyPath: 'Copy path',
    copied: 'Path copied.',
    loading: 'Opening the picture…',
    thumbnailOnly: 'This is the thumbnail kept with the index. The file itself cannot be read:',
    notShown: 'This browser cannot show the file itself; this is the thumbnail kept with the index.',
    gone: 'This picture is no longer in the index.',
    reconnect: 'Allow reading the folder',
    details: 'Details',
    path: 'Path',
    taken: 'Taken',
    changed: 'File changed',
    camera: 'Camera',
    size: 'Size',
    place: 'Place',
    unread: 'Not read',
    score: 'Score',
    why: 'Found by',
    pixels: (width: number, height: number) => {
      const millions = (width * height) / 1e6;
      return `${number.format(width)} × ${number.format(height)}${millions >= 0.95 ? ` (${millions.toFixed(millions < 9.95 ? 1 : 0)} MP)` : ''}`;
    },
    coordinates: (latitude: number, longitude: number) =>
      `${Math.abs(latitude).toFixed(5)}° ${latitude < 0 ? 'S' : 'N'}, ${Math.abs(longitude).toFixed(5)}° ${longitude < 0 ? 'W' : 'E'}`,
  },

  groups: {
    exactTitle: 'Exact copies',
    exactText: 'Files with the same bytes, whatever they are called.',
    exactNone: 'No two files are the same.',
    similarTitle: 'Similar pictures',
    similarText: 'Different files that look or mean much the same.',
    similarNone: 'No pictures are as close as that. Move the slider to the left to find looser groups.',
    threshold: 'How close',
    looser: 'looser',
    closer: 'closer',
    value: (threshold: number) => `cosine ${threshold.toFixed(2)}`,
    computing: 'Comparing all pictures with each other…',
    summary: (groups: number, files: number) => `${count(groups, 'group')}, ${pictures(files)}`,
    copies: (n: number, size: string) => `${count(n, 'copy', 'copies')}, ${size} each`,
    group: (n: number) => pictures(n),
    select: 'Select all but the first',
    more: 'Show more groups',
    never:
      'This page never deletes anything. Select what is too much, copy the list of paths, and decide in your own file manager.',
  },

  map: {
    label: 'Map of the pictures: close ones look or mean alike',
    computing: 'Laying out all pictures…',
    few: 'A map needs at least three pictures.',
    colour: 'Colour by',
    byDate: 'Date',
    byFolder: 'Folder',
    top: 'top level',
    others: 'other folders',
    undated: 'without a date',
    range: (from: number, to: number) =>
      day.format(from) === day.format(to) ? day.format(from) : `${day.format(from)} – ${day.format(to)}`,
    tool: 'Pointer',
    pan: 'Move',
    lasso: 'Draw a loop',
    zoomIn: 'Zoom in',
    zoomOut: 'Zoom out',
    reset: 'Show all',
    hint: 'Arrow keys go from picture to picture, Enter opens, Space selects, + and − zoom; near enough, dots become pictures. With a loop you select all inside it.',
    selected: (n: number) => `${pictures(n)} in the loop`,
    outdated: 'Pictures were added or removed since.',
    again: 'Lay out anew',
    failed: 'The map could not be computed.',
    found: 'Found by the search',
    at: (name: string, when: string, dated: boolean) => `${name}, ${dated ? when : `file changed ${when}`}`,
  },

  privacy: {
    summary: 'Nothing leaves this device',
    count: (own: number, foreign: number) =>
      `Requests since this page was opened: ${number.format(own)} to this site for its own files, ${number.format(foreign)} to anyone else.`,
    how: 'The page’s security policy has the browser refuse every connection to another site, for the page and for its workers. To see for yourself, switch off the network: searching and indexing go on.',
    foreign: 'To others:',
  },
};
