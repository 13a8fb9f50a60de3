/** @file What the search page says. */

export const searchStrings = {
  title: 'Search your photos',
  lead: 'A folder of your own, searched by words, by a picture, or both.',
};
