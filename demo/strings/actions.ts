/** @file What the search page says of favourites and albums, and of what can be done with pictures that were found. */

const number = new Intl.NumberFormat('en');
const count = (n: number, one: string, many = `${one}s`) => `${number.format(n)} ${n === 1 ? one : many}`;
const pictures = (n: number) => count(n, 'picture');

export const actionStrings = {
  favourites: 'Favourites',

  heart: {
    add: (name: string) => `Add ${name} to your favourites`,
    remove: (name: string) => `Remove ${name} from your favourites`,
    added: (n: number) => `${pictures(n)} added to your favourites.`,
    removed: (n: number) => `${pictures(n)} removed from your favourites.`,
  },

  albums: {
    label: 'Albums',
    hint: 'Favourites and albums are kept with the index, and go along when it is exported. They only point to your pictures: no file is moved or copied.',
    show: (name: string, n: number) => `Show ${name}, ${pictures(n)}`,
    shown: (name: string, n: number) => `${name}, ${pictures(n)}, shown now`,
    none: 'No albums yet. Select some pictures and choose “Add to album”.',
    rename: (name: string) => `Rename ${name}`,
    renameTitle: 'Rename album',
    newName: 'Name',
    save: 'Rename',
    delete: (name: string) => `Delete ${name}`,
    deleteTitle: (name: string) => `Delete the album “${name}”?`,
    deleteText: (n: number) =>
      n === 0
        ? 'It is empty.'
        : `The ${n === 1 ? 'picture' : `${number.format(n)} pictures`} in it will stay where ${n === 1 ? 'it is' : 'they are'}.`,
    deleteConfirm: 'Delete album',
    keep: 'Keep it',
    deleted: (name: string) => `“${name}” is deleted.`,
    chip: (name: string) => `In ${name}`,
  },

  picker: {
    title: (n: number) => (n === 1 ? 'Add to album' : `Add ${pictures(n)} to an album`),
    of: (n: number, of: number) => `${number.format(n)} of ${number.format(of)} in it`,
    create: 'New album',
    placeholder: 'Summer in Crete',
    add: 'Create',
    done: 'Done',
    created: (name: string, n: number) => `“${name}” is made, with ${pictures(n)}.`,
    added: (n: number, name: string) => `${pictures(n)} added to ${name}.`,
    removed: (n: number, name: string) => `${pictures(n)} removed from ${name}.`,
  },

  selection: {
    hidden: (n: number) => `${number.format(n)} not shown here`,
    favourite: 'Favourite',
    album: 'Add to album…',
    takeOut: (name: string) => `Remove from ${name}`,
    takenOut: (n: number, name: string) => `${pictures(n)} removed from ${name}.`,
    more: 'More',
    none: 'Select none',
  },

  actions: {
    label: 'What to do with it',
    open: 'Open original',
    cannotOpen: 'This browser cannot show files of this kind. Save it, and open it with another program.',
    copy: 'Copy picture',
    copied: 'Picture copied.',
    copiedSmaller: (width: number, height: number) =>
      `Picture copied, at ${number.format(width)} × ${number.format(height)} pixels: it is too large to copy whole.`,
    copyFailed: 'The browser did not let this page copy the picture.',
    save: 'Save…',
    saveHere: 'Save',
    share: 'Share…',
    shareFailed: 'These files could not be shared from here.',
    toFolder: 'Copy to folder…',
    copyPaths: 'Copy paths',
    savePaths: 'Save list of paths…',
    pathsFile: 'pictures.txt',
    pathsKind: 'List of paths',
    saved: 'Saved.',
  },

  copying: {
    title: 'Copying pictures',
    progress: (done: number, total: number) => `${number.format(done)} of ${pictures(total)}`,
    stop: 'Stop',
    close: 'Close',
    doneTitle: 'Pictures copied',
    stoppedTitle: 'Copying ended early',
    copied: (n: number, folder: string) => `${pictures(n)} copied to “${folder}”.`,
    present: (n: number) => `${pictures(n)} ${n === 1 ? 'was' : 'were'} there already.`,
    renamed: (n: number) => `${count(n, 'name was', 'names were')} taken: a number was added.`,
    failed: (n: number) => `${pictures(n)} could not be copied:`,
    left: (n: number) => `${pictures(n)} left.`,
    full: 'There is no more room there.',
    refused: 'The browser may not write there.',
    gone: 'That folder is not there any more.',
    more: (n: number) => `and ${number.format(n)} more`,
    tooShort: 'It was not written whole.',
  },

  zoom: {
    label: 'Zoom',
    in: 'Zoom in',
    out: 'Zoom out',
    fit: 'Fit to window',
    level: (percent: number) => `${number.format(percent)} %`,
  },
};
