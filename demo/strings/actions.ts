/** @file Texts of the search page about favourites and albums, and about actions on pictures that were found. */

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
    hint: 'Favourites and albums are stored with the index and included when you export it. They only refer to your pictures: no file is moved or copied.',
    show: (name: string, n: number) => `Show ${name}, ${pictures(n)}`,
    shown: (name: string, n: number) => `${name}, ${pictures(n)}, currently shown`,
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
    deleted: (name: string) => `“${name}” was deleted.`,
    chip: (name: string) => `In ${name}`,
  },

  picker: {
    title: (n: number) => (n === 1 ? 'Add to album' : `Add ${pictures(n)} to an album`),
    of: (n: number, of: number) => `${number.format(n)} of ${number.format(of)} are in it`,
    create: 'New album',
    placeholder: 'Summer in Crete',
    add: 'Create',
    done: 'Done',
    created: (name: string, n: number) => `“${name}” was created, with ${pictures(n)}.`,
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
    none: 'Clear selection',
  },

  actions: {
    label: 'Actions for this picture',
    open: 'Open original',
    cannotOpen: 'This browser cannot show files of this type. Save the file and open it with another program.',
    copy: 'Copy picture',
    copied: 'Picture copied.',
    copiedSmaller: (width: number, height: number) =>
      `Picture copied, at ${number.format(width)} × ${number.format(height)} pixels: it is too large to copy at full size.`,
    copyFailed: 'The browser did not let this page copy the picture.',
    save: 'Save…',
    saveHere: 'Save',
    share: 'Share…',
    shareFailed: 'These files could not be shared.',
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
    stoppedTitle: 'Copying stopped early',
    copied: (n: number, folder: string) => `${pictures(n)} copied to “${folder}”.`,
    present: (n: number) => `${pictures(n)} ${n === 1 ? 'was' : 'were'} already there.`,
    renamed: (n: number) => `${count(n, 'name was', 'names were')} already taken, so a number was added.`,
    failed: (n: number) => `${pictures(n)} could not be copied:`,
    left: (n: number) => `${pictures(n)} not copied.`,
    full: 'There is no space left in that folder.',
    refused: 'The browser is not allowed to write to that folder.',
    gone: 'That folder no longer exists.',
    more: (n: number) => `and ${number.format(n)} more`,
    tooShort: 'The copy is incomplete.',
  },

  zoom: {
    label: 'Zoom',
    in: 'Zoom in',
    out: 'Zoom out',
    fit: 'Fit to window',
    level: (percent: number) => `${number.format(percent)} %`,
  },
};
