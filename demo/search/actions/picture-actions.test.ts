import { afterEach, expect, test, vi } from 'vitest';
import { canOpen, canShare, copySize, shareFiles } from './picture-actions';

afterEach(() => vi.unstubAllGlobals());

test('pictures are copied at full size up to a limit, and reduced in proportion above it', () => {
  expect(copySize(8000, 5000)).toEqual({ width: 8000, height: 5000, isWhole: true });
  const { width, height, isWhole } = copySize(20_000, 10_000);
  expect(isWhole).toBe(false);
  expect(width * height).toBeLessThanOrEqual(40e6);
  expect(width * height).toBeGreaterThan(39.9e6);
  expect(width / height).toBeCloseTo(2, 3);
  expect(copySize(2 ** 31, 1), 'however thin it is').toMatchObject({ height: 1 });
});

test('a tab shows only pictures: files that could contain a script are not opened', () => {
  const opened = ['image/jpeg', 'image/avif', 'image/heic', 'image/svg+xml', 'text/html', ''].map((type) =>
    canOpen(new Blob([], { type })),
  );
  expect(opened).toEqual([true, true, false, false, false, false]);
});

test('sharing is offered only if the browser shares files', async () => {
  vi.stubGlobal('navigator', {});
  expect(canShare()).toBe(false);
  vi.stubGlobal('navigator', { share: vi.fn(), canShare: () => false });
  expect(canShare()).toBe(false);
  await expect(shareFiles([])).rejects.toBeInstanceOf(TypeError);
  const share = vi.fn();
  vi.stubGlobal('navigator', { share, canShare: () => true });
  expect(canShare()).toBe(true);
  const files = [new File(['x'], 'x.jpg')];
  await shareFiles(files);
  expect(share).toHaveBeenCalledWith({ files });
});
