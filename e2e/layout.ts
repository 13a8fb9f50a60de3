/** @file Whether a page can be read at any size: nothing overlaps, and nothing moves for those who prefer no motion. */
import { expect, type Page } from '@playwright/test';
import { violations } from './site-pages';

/** How long a page may take to arrange itself for a new size, on a busy machine. */
const SETTLED_MS = 5000;

/**
 * Finds what overlaps, or sticks out of the window at the side, once the page has arranged itself. Texts and controls
 * are compared within their layer: panels, sticky bars and marks on pictures are meant to cover others.
 */
export async function layoutFaults(page: Page): Promise<string[]> {
  const end = Date.now() + SETTLED_MS;
  for (;;) {
    const faults = await faultsNow(page);
    if (faults.length === 0 || Date.now() > end) return faults;
    await page.waitForTimeout(100);
  }
}

function faultsNow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const SOLID = 'h1,h2,h3,p,button,a,input,select,textarea,summary,th,td,dt,dd,img,canvas,.chip,.thumb';
    const layerOf = (element: Element): Element | null => {
      for (let each: Element | null = element; each; each = each.parentElement) {
        const { position, zIndex } = getComputedStyle(each);
        if (each.matches('dialog') || zIndex !== 'auto' || /absolute|fixed|sticky/.test(position)) return each;
      }
      return null;
    };
    const nameOf = (element: Element) =>
      `${element.tagName.toLowerCase()}.${element.className} “${(element.ariaLabel ?? element.textContent ?? '').trim().slice(0, 40)}”`;
    const modal = document.querySelector('dialog:modal');
    const inside = (root: ParentNode): HTMLElement[] => [
      ...root.querySelectorAll<HTMLElement>(SOLID),
      ...[...root.querySelectorAll('*')].flatMap(({ shadowRoot }) => (shadowRoot ? inside(shadowRoot) : [])),
    ];
    const all = inside(modal ?? document.body).flatMap((element) => {
      const visible = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
      // Skips content that is hidden visually, for screen readers, and content that a scrolling box has cut off.
      if (!visible || element.closest('.visually-hidden,.skip,[inert]')) return [];
      let { left, top, right, bottom } = element.getBoundingClientRect();
      for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
        if (getComputedStyle(box).overflowX === 'visible') continue;
        const edge = box.getBoundingClientRect();
        [left, top] = [Math.max(left, edge.left), Math.max(top, edge.top)];
        [right, bottom] = [Math.min(right, edge.right), Math.min(bottom, edge.bottom)];
      }
      return right - left > 1 && bottom - top > 1
        ? [{ element, layer: layerOf(element), left, top, right, bottom }]
        : [];
    });
    const faults: string[] = [];
    const { clientWidth: width, scrollWidth } = document.documentElement;
    if (scrollWidth > width) faults.push(`scrolls sideways by ${scrollWidth - width}`);
    for (const { element, left, right } of all) {
      if (left < -1 || right > width + 1) faults.push(`${nameOf(element)} is at ${left} to ${right} of ${width}`);
    }
    all.forEach((a, i) => {
      for (const b of all.slice(i + 1)) {
        if (a.layer !== b.layer || a.element.contains(b.element) || b.element.contains(a.element)) continue;
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 2 && down > 2) faults.push(`${nameOf(a.element)} and ${nameOf(b.element)}: ${across} × ${down}`);
      }
    });
    return faults.slice(0, 10);
  });
}

/** What is set to move on a page that should have no motion. */
function moving(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('*')].flatMap((element) => {
      const { transitionDuration, animationName, animationDuration, scrollBehavior } = getComputedStyle(element);
      const longest = (times: string) => Math.max(...times.split(',').map(parseFloat));
      const moves =
        longest(transitionDuration) > 0.02 || (animationName !== 'none' && longest(animationDuration) > 0.02);
      return moves || scrollBehavior === 'smooth' ? [`${element.tagName}.${element.className}`] : [];
    }),
  );
}

/** Checks both themes, without motion, at 200 % zoom, and as narrow as a phone. */
export async function looksRight(page: Page, view: string): Promise<void> {
  const { width, height } = page.viewportSize()!;
  const faultsAt = async (width: number, height: number) => {
    await page.setViewportSize({ width, height });
    return layoutFaults(page);
  };
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  expect.soft(await violations(page), `${view}, light`).toEqual([]);
  expect.soft(await moving(page), `${view}, still`).toEqual([]);
  expect.soft(await layoutFaults(page), `${view}, ${width} × ${height}`).toEqual([]);
  expect.soft(await faultsAt(640, 400), `${view}, 1280 × 800 at 200 %`).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect.soft(await faultsAt(360, 844), `${view}, phone`).toEqual([]);
  expect.soft(await violations(page, 'color-contrast'), `${view}, dark, phone`).toEqual([]);
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: 'light' });
}
