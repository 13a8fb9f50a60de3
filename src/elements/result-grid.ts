/**
 * @file Pictures in a grid: thumbnails load as they come into view; the grid is a single tab stop, and the arrow keys
 * move between pictures.
 */

import type { PhotoItem } from '../search/types';
import { make } from './dom';
import { SEARCH_WORDS, type SearchWords } from './words';

export interface GridHooks {
  onOpen(item: PhotoItem, event: Event): void;
  onLike(item: PhotoItem): void;
  /** Address of the original; null if it is not on the web. */
  hrefOf(item: PhotoItem): string | null;
}

export class ResultGrid {
  readonly list = make('ul', { className: 'grid', part: 'results' });
  readonly #hooks: GridHooks;
  #urls: string[] = [];
  #round = 0;
  #watch: IntersectionObserver | null = null;

  constructor(hooks: GridHooks) {
    this.#hooks = hooks;
    this.list.addEventListener('keydown', (event) => this.#onKey(event));
    this.list.addEventListener('focusin', (event) => this.#makeCurrent((event.target as HTMLElement).closest('li')));
  }

  /** @param relevant how many of the first pictures stand out */
  show(
    items: readonly PhotoItem[],
    thumbnail: (id: number) => Promise<Blob>,
    relevant: number,
    words: SearchWords = SEARCH_WORDS,
  ): void {
    this.clear();
    const round = this.#round;
    const load = async (image: HTMLImageElement, id: number) => {
      const blob = await thumbnail(id).catch(() => null);
      if (!blob || round !== this.#round) return; // a picture without a thumbnail stays an empty square with its name
      const url = URL.createObjectURL(blob);
      this.#urls.push(url);
      image.src = url;
    };
    const waiting = new Map<Element, () => void>();
    const watch = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          if (!isIntersecting) continue;
          watch.unobserve(target);
          waiting.get(target)?.();
        }
      },
      { rootMargin: '200px' },
    );
    this.#watch = watch;
    const lines = items.map((item, i) => {
      const image = make('img', { part: 'thumbnail', alt: '', width: 256, height: 256, decoding: 'async' });
      const name = make('span', { part: 'name', className: 'name', textContent: item.name, title: item.path });
      const href = this.#hooks.hrefOf(item);
      const opener = href === null ? make('button', { type: 'button' }) : make('a', { href });
      opener.className = 'open';
      opener.setAttribute('part', 'result');
      opener.append(image, name);
      opener.addEventListener('click', (event) => {
        this.list.querySelectorAll('[aria-current]').forEach((each) => each.removeAttribute('aria-current'));
        opener.setAttribute('aria-current', 'true');
        this.#hooks.onOpen(item, event);
      });
      const like = make('button', {
        type: 'button',
        part: 'like',
        className: 'like',
        textContent: words.like,
        ariaLabel: words.likeNamed(item.name),
      });
      like.addEventListener('click', () => this.#hooks.onLike(item));
      for (const control of [opener, like]) control.tabIndex = i === 0 ? 0 : -1;
      const line = make(
        'li',
        { part: i < relevant ? 'item' : 'item less', className: i < relevant ? '' : 'less' },
        opener,
        like,
      );
      waiting.set(line, () => void load(image, item.id));
      return line;
    });
    this.list.replaceChildren(...lines);
    lines.forEach((line) => watch.observe(line));
  }

  clear(): void {
    this.#round++;
    this.#watch?.disconnect();
    this.list.replaceChildren();
    for (const url of this.#urls.splice(0)) URL.revokeObjectURL(url);
  }

  #makeCurrent(line: Element | null): void {
    for (const control of this.list.querySelectorAll<HTMLElement>('.open, .like')) {
      control.tabIndex = control.closest('li') === line ? 0 : -1;
    }
  }

  #onKey(event: KeyboardEvent): void {
    const lines = [...this.list.children] as HTMLElement[];
    const at = lines.findIndex((line) => line.contains(event.target as Node));
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const columns = lines.filter((line) => line.offsetTop === lines[0]!.offsetTop).length;
    const forward = getComputedStyle(this.list).direction === 'rtl' ? -1 : 1;
    const to = {
      ArrowRight: at + forward,
      ArrowLeft: at - forward,
      ArrowDown: at + columns,
      ArrowUp: at - columns,
      Home: 0,
      End: lines.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    lines[to]?.querySelector<HTMLElement>('.open')?.focus();
  }
}
