/** Draws 500 pictures into `photos/`: ten things in five colours, one to three of them, at ten times and places each. */
import { mkdirSync, rmSync } from 'node:fs';
import sharp from 'sharp';

/** In a square of 100 by 100; what has no colour of its own takes the colour given. */
const THINGS = {
  heart: '<path d="M50 90C-15 45 15 0 50 28C85 0 115 45 50 90Z"/>',
  star: '<path d="M50 4 64 37 98 39 71 61 81 95 50 76 19 95 29 61 2 39 36 37Z"/>',
  balloon: '<path d="M50 76Q44 88 52 99" fill="none" stroke="#555" stroke-width="2"/><ellipse cx="50" cy="40" rx="32" ry="38"/>',
  fish: '<path d="M68 50 98 26V74Z"/><ellipse cx="42" cy="50" rx="38" ry="25"/><circle cx="22" cy="43" r="4" fill="#fff"/>',
  house: '<path d="M14 46H86V96H14Z" fill="#e8d9b5"/><path d="M4 48 50 8 96 48Z"/><path d="M42 66H58V96H42Z" fill="#6b4a2b"/>',
  flower:
    '<path d="M50 50V98" stroke="#2c8a3a" stroke-width="6"/>' +
    [0, 72, 144, 216, 288].map((turn) => `<circle cx="50" cy="18" r="16" transform="rotate(${turn} 50 38)"/>`).join('') +
    '<circle cx="50" cy="38" r="11" fill="#ffd84a"/>',
  umbrella:
    '<path d="M50 48V84Q50 96 62 94" fill="none" stroke="#6b4a2b" stroke-width="5"/><path d="M4 52A46 44 0 0 1 96 52Q84 42 73 52 61 42 50 52 39 42 27 52 16 42 4 52Z"/>',
  sailboat: '<path d="M48 4V66" stroke="#6b4a2b" stroke-width="4"/><path d="M52 8 88 62H52ZM44 18V62H14Z"/><path d="M6 70H94L78 94H22Z" fill="#8a5a33"/>',
  mushroom: '<path d="M38 52H62L66 96H34Z" fill="#f3e7d0"/><path d="M4 54A46 46 0 0 1 96 54Z"/><g fill="#fff"><circle cx="34" cy="32" r="7"/><circle cx="62" cy="26" r="8"/><circle cx="72" cy="44" r="5"/></g>',
  car: '<path d="M22 48 34 24H68L82 48Z" fill="#bcd8ea"/><path d="M4 46H96V74H4Z"/><g fill="#222"><circle cx="25" cy="75" r="12"/><circle cx="75" cy="75" r="12"/></g>',
};
const COLOURS = { red: '#d92b2b', yellow: '#f2c21a', green: '#2f9e44', blue: '#2463d6', purple: '#8339b5' };
const GROUNDS = ['#ffffff', '#f3efe4', '#dfeefa', '#e6f4e1', '#fbe6ea'];
const PLACES = [[[30, 30]], [[4, 30], [56, 30]], [[4, 8], [56, 8], [30, 54]]]; // of one, two and three, in percent
const TIMES = 10;

const two = (number) => String(number).padStart(2, '0');

/** As EXIF has it: one every 17 hours. */
function taken(number) {
  const [date, time] = new Date(Date.UTC(2023, 0, 1, 8) + number * 17 * 3_600_000).toISOString().split(/[T.]/);
  return `${date.replaceAll('-', ':')} ${time}`;
}

rmSync('photos', { recursive: true, force: true });
let number = 0;
for (const [thing, shape] of Object.entries(THINGS)) {
  mkdirSync(`photos/${thing}`, { recursive: true });
  for (const [colour, fill] of Object.entries(COLOURS)) {
    for (let time = 0; time < TIMES; time++, number++) {
      const [width, height] = time % 4 === 3 ? [480, 640] : [640, 480];
      const places = PLACES[time % PLACES.length];
      const size = places.length === 1 ? 0.62 : 0.42;
      const drawn = places.map(([x, y], i) => {
        const side = Math.min(width, height) * size * (0.9 + ((number * 7 + i * 3) % 5) * 0.04);
        const left = (places.length === 1 ? (width - side) / 2 : (width * x) / 100) + ((number * 13) % 21) - 10;
        const top = (places.length === 1 ? (height - side) / 2 : (height * y) / 100) + ((number * 29) % 21) - 10;
        return `<svg x="${left}" y="${top}" width="${side}" height="${side}" viewBox="0 0 100 100" fill="${fill}">${shape}</svg>`;
      });
      const ground = `<rect width="100%" height="100%" fill="${GROUNDS[number % GROUNDS.length]}"/>`;
      const picture = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${ground}${drawn.join('')}</svg>`;
      await sharp(Buffer.from(picture))
        .withExif({ IFD2: { DateTimeOriginal: taken(number) } })
        .jpeg({ quality: 85 })
        .toFile(`photos/${thing}/${colour} ${thing} ${two(time + 1)}.jpg`);
    }
  }
}
console.log(`${number} pictures in photos/`);
