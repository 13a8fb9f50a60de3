/**
 * @file How the elements look: they use the page's own colours (including dark and forced ones), and can be styled by
 * variables and parts.
 */

const CSS = `
:host { display: block; font: inherit; color: var(--vlm2vec-text, CanvasText); }
:host([hidden]) { display: none; }
* { box-sizing: border-box; font: inherit; }
form, .row { display: flex; flex-wrap: wrap; gap: var(--vlm2vec-gap, 0.5rem); align-items: center; }
input[type='search'], input[type='text'] {
  flex: 1 1 12rem; min-inline-size: 0; padding: 0.5em 0.75em;
  color: inherit; background: var(--vlm2vec-field, Field);
  border: 1px solid var(--vlm2vec-border, color-mix(in srgb, CanvasText 45%, Canvas)); border-radius: var(--vlm2vec-radius, 0.4rem);
}
button, .file {
  padding: 0.5em 0.9em; cursor: pointer; color: var(--vlm2vec-button-text, ButtonText);
  background: var(--vlm2vec-button, ButtonFace); border: 1px solid var(--vlm2vec-border, color-mix(in srgb, CanvasText 45%, Canvas));
  border-radius: var(--vlm2vec-radius, 0.4rem);
}
button:disabled { cursor: default; opacity: 0.6; }
:focus-visible, .file:focus-within { outline: 2px solid var(--vlm2vec-accent, Highlight); outline-offset: 2px; }
.file input { position: absolute; inline-size: 1px; block-size: 1px; opacity: 0; }
.status { min-block-size: 1.5em; margin-block: 0.4rem; }
.error { color: var(--vlm2vec-error, color-mix(in srgb, red 70%, CanvasText)); }
progress { inline-size: 100%; accent-color: var(--vlm2vec-accent, auto); }
[hidden] { display: none !important; }
ul, ol { list-style: none; margin: 0; padding: 0; }
.grid { display: grid; gap: var(--vlm2vec-gap, 0.5rem); grid-template-columns: repeat(auto-fill, minmax(min(var(--vlm2vec-size, 9rem), 100%), 1fr)); }
.grid li { position: relative; display: flex; flex-direction: column; gap: 0.25rem; min-inline-size: 0; }
.grid a, .grid .open { display: block; padding: 0; border: 0; color: inherit; background: none; text-align: start; text-decoration: none; inline-size: 100%; }
.grid img {
  display: block; inline-size: 100%; block-size: auto; aspect-ratio: 1; object-fit: cover; border-radius: var(--vlm2vec-radius, 0.4rem);
  background: var(--vlm2vec-empty, color-mix(in srgb, CanvasText 10%, Canvas));
}
.grid [aria-current='true'] img { outline: 3px solid var(--vlm2vec-accent, Highlight); outline-offset: -3px; }
.name { overflow: hidden; white-space: nowrap; text-overflow: ellipsis; font-size: 0.85em; }
.like { font-size: 0.85em; padding: 0.25em 0.5em; }
.less img { opacity: 0.65; }
.ranking li { display: grid; grid-template-columns: auto 1fr auto; gap: 0.25rem 0.6rem; align-items: center; padding-block: 0.3rem; }
.ranking img, .query img { inline-size: 3rem; block-size: 3rem; object-fit: cover; border-radius: var(--vlm2vec-radius, 0.4rem); }
.score { font-variant-numeric: tabular-nums; }
.bar { grid-column: 1 / -1; block-size: 0.35rem; border-radius: 1rem; background: var(--vlm2vec-empty, color-mix(in srgb, CanvasText 10%, Canvas)); }
.bar span { display: block; block-size: 100%; border-radius: inherit; background: var(--vlm2vec-accent, Highlight); }
.query { display: flex; gap: 0.5rem; align-items: center; }
`;

let sheet: CSSStyleSheet | undefined;

/** Applies a constructed style sheet, which policies without `unsafe-inline` allow. */
export function applyStyle(root: ShadowRoot): void {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  root.adoptedStyleSheets = [sheet];
}
