import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSamePlace, readAddress, START, writeAddress, type Address } from './address';
import { stepOf, type EntryState } from './step';

const address = (part: Partial<Address>): Address => ({ ...START, ...part });
const filter = (part: Partial<Address['filter']>) => ({ ...START.filter, ...part });

describe('the address', () => {
  it('contains everything and is read as it was written', () => {
    const full = address({
      text: 'a dog & a "cat" #1 in May 2021 -people',
      asWords: ['May 2021', '#1'],
      pictures: [
        { id: 12, sign: 'like' },
        { id: 7, sign: 'unlike' },
      ],
      filter: filter({
        from: '2021-06-01',
        to: '2021-08-31',
        camera: 'Fujifilm X-T5',
        folder: 'Trips/2021 & more',
        album: 4,
        area: '-20.5,177,-15,-178.25',
        areaName: 'Suva, Fiji',
      }),
      view: 'map',
      sort: 'oldest',
      photo: 99,
    });
    expect(readAddress(writeAddress(full))).toEqual(full);
    expect(readAddress('#album=0')!.filter.album, 'the favourites').toBe(0);
    expect(readAddress('#album=x')!.filter.album).toBeNull();
    expect(writeAddress(START)).toBe('');
    expect(readAddress('')).toEqual(START);
    expect(writeAddress(address({ text: 'dog in may', asWords: ['may', 'rome'] }))).toBe('#q=dog+in+may&words=may');
    expect(readAddress('#q=dog+in+may&words=May&words=may&words=rome&words=')!.asWords).toEqual(['May']);
    expect(writeAddress(address({ text: 'dog', photo: 3 }))).toBe('#q=dog&photo=3');
  });

  it('is not one if the hash is a place on the page', () => {
    expect(readAddress('#content')).toBeNull();
    expect(readAddress('#%E0%A4%A')).toBeNull();
  });

  it('leaves out parts that make no sense', () => {
    const hostile = readAddress(
      '#q=a%00%0Ab&view=__proto__&sort=constructor&photo=-1&like=1e9&like=0&like=5&like=5&like=--5' +
        '&area=-91,0,1,1&areaName=x&from=2021-13-45&to=tomorrow&camera=%E0%A4%A&toString=1&__proto__=2',
    )!;
    expect(hostile).toMatchObject({ text: 'a b', view: 'pictures', sort: 'fit', photo: null });
    expect(hostile.pictures).toEqual([{ id: 5, sign: 'like' }]);
    expect(hostile.filter).toMatchObject({ from: '', to: '', folder: '', area: '', areaName: '' });
    expect(readAddress(`#photo=${'9'.repeat(40)}`)!.photo).toBeNull();
    expect(readAddress(`#q=${'x'.repeat(1e5)}`)!.text).toHaveLength(1000);
    expect(
      readAddress(`#${'like=1&'.repeat(9)}${Array.from({ length: 50 }, (_, i) => `like=${i + 1}`).join('&')}`)!
        .pictures,
    ).toHaveLength(8);
  });

  it('is stable after one reading, whatever it was', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.constantFrom('q', 'camera', 'from', 'like', 'photo'),
        (value, name) => {
          const read = readAddress(`#${name}=${value}`)!;
          expect(readAddress(writeAddress(read))).toEqual(read);
        },
      ),
    );
  });
});

describe('a step of the history', () => {
  const step = (before: Partial<Address>, next: Partial<Address>, entry: EntryState = {}, now = 10_000) =>
    stepOf(address(before), address(next), { entry, now });

  it('is one per search, not per letter', () => {
    expect(step({}, { text: 'd' })).toMatchObject({ kind: 'push', state: { typed: 10_000 } });
    expect(step({ text: 'd' }, { text: 'do' }, { typed: 9000 })).toMatchObject({
      kind: 'replace',
      state: { typed: 10_000 },
    });
    expect(step({ text: 'dog' }, { text: 'cat' }, { typed: 1000 }).kind).toBe('push');
    const words = { text: 'in may', asWords: ['may'] };
    expect(step({ text: 'in may' }, words, { typed: 9000 }), 'a date taken back').toEqual({ kind: 'push', state: {} });
    expect(step(words, { text: 'in june', asWords: ['may'] }, { typed: 9000 }).kind).toBe('replace');
    expect(step({ text: 'dog' }, { text: '' }, { typed: 9000 }).kind, 'what was found stays').toBe('push');
    expect(step({ text: 'dog' }, { text: 'dog', view: 'map' }, { typed: 9000 })).toEqual({ kind: 'push', state: {} });
  });

  it('goes back to where a picture was opened', () => {
    expect(step({}, { photo: 1 })).toMatchObject({ kind: 'push', state: { opened: true } });
    expect(step({ photo: 1 }, { photo: 2 }, { opened: true })).toEqual({ kind: 'replace', state: { opened: true } });
    expect(step({ photo: 2 }, {}, { opened: true })).toEqual({ kind: 'back' });
    expect(step({ photo: 2 }, {}).kind, 'it came by a link').toBe('replace');
    // “More like this” in the viewer is a search.
    expect(step({ photo: 2 }, { pictures: [{ id: 2, sign: 'like' }] }, { opened: true }).kind).toBe('push');
  });

  it('is none if nothing changed, and one if pictures without an address did', () => {
    expect(step({ text: 'a' }, { text: 'a' }).kind).toBe('none');
    expect(stepOf(START, START, { entry: {}, now: 1, other: true }).kind).toBe('push');
    expect(isSamePlace(address({ photo: 1 }), START)).toBe(true);
  });
});
