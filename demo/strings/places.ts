/** @file What the search page says of the map of places. */

const number = new Intl.NumberFormat('en');
const pictures = (n: number) => `${number.format(n)} ${n === 1 ? 'picture' : 'pictures'}`;

export const placeStrings = {
  label: 'Map of the world',
  keys: 'Arrow keys move the map, plus and minus zoom, 0 shows all, Enter goes to the pictures on it.',
  marks: 'Pictures on the map',
  located: (n: number) => `${pictures(n)} on the map`,
  elsewhere: (n: number) => `${pictures(n)} without a place`,
  none: 'None of these pictures says where it was taken.',
  inView: (n: number, marks: number) =>
    marks === 0
      ? 'No pictures in this part of the map'
      : `${pictures(n)} here, in ${number.format(marks)} ${marks === 1 ? 'mark' : 'marks'}`,
  zoomIn: 'Nearer',
  zoomOut: 'Further away',
  all: 'Show all',
  draw: 'Draw an area',
  drawing: 'Drag over the map. Escape ends it.',
  only: 'Only this part',
  loading: 'Loading the map…',
  again: 'Try again',
  /** @param name '' for none */
  open: (n: number, name: string) => `${pictures(n)}${name && `, ${name}`}: open`,
  nearer: (n: number, name: string) => `${pictures(n)}${name && `, ${name}`}: show nearer`,
  chip: (name: string) => (name ? `around ${name}` : 'drawn area'),
};
