/** @file EXIF tags, XMP properties and IPTC datasets by name. `exifreader` is loaded with the first block, an XML parser with the first XMP. */

import * as exifreader from 'exifreader';

/** Without a bundler, Node knows the package's exports as one object. */
const { load } = 'load' in exifreader ? exifreader : (exifreader as { default: typeof exifreader }).default;

/** Values by name: texts, numbers, or lists of them. */
export type TagValues = Record<string, unknown>;

export interface ReadTags {
  values: TagValues;
  /** What could not be read, for people. */
  faults: string[];
}

const EXIF_POINTER = 'Exif IFD Pointer';
const GPS_POINTER = 'GPS Info IFD Pointer';
const NAMES = [
  ...['DateTimeOriginal', 'DateTimeDigitized', 'DateTime', 'Make', 'Model'],
  ...['ImageDescription', 'XPTitle', 'XPSubject', 'XPComment', 'XPKeywords'],
  ...['GPSLatitude', 'GPSLatitudeRef', 'GPSLongitude', 'GPSLongitudeRef', EXIF_POINTER, GPS_POINTER],
];
/** The number of `DateTimeOriginal`, which scanners also put in places that the library does not know. */
const ORIGINAL = 0x9003;
/** What the library returns for a value that is outside the block. */
const FAULTY = '<faulty value>';

/** @param block from the TIFF header on */
export function readExif(block: Uint8Array): ReadTags {
  let exif: Record<string, { value: unknown }>;
  try {
    const includeTags = { exif: [...NAMES, ORIGINAL] };
    const tags = load(block.slice().buffer, { expanded: true, includeUnknown: true, includeTags });
    exif = (tags.exif ?? {}) as typeof exif;
  } catch {
    return { values: {}, faults: ['Its EXIF data is damaged.'] };
  }
  const values: TagValues = {};
  const unread: string[] = [];
  for (const [name, { value }] of Object.entries(exif)) {
    const isPointer = name === EXIF_POINTER || name === GPS_POINTER;
    const isFaulty = isPointer ? !isInside(value, block) : [value].flat()[0] === FAULTY;
    if (isFaulty) unread.push(name.replace(' Pointer', ''));
    else if (!isPointer) values[name === `undefined-${ORIGINAL}` ? 'DateTimeOriginal' : name] = value;
  }
  if (!isDirectory(block)) unread.push('all of it');
  const faults = unread.length > 0 ? [`Its EXIF data is damaged: ${unread.join(', ')} cannot be read.`] : [];
  return { values, faults };
}

/** Whether a directory can begin there. */
function isInside(offset: unknown, block: Uint8Array): boolean {
  return typeof offset === 'number' && offset >= 8 && offset + 2 <= block.length;
}

function isDirectory(block: Uint8Array): boolean {
  if (block.length < 8) return false;
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  return isInside(view.getUint32(4, block[0] === 0x49), block);
}

/**
 * IPTC's texts, decoded as the block says, else as UTF-8. Unreadable parts are left out: photo editors pad and truncate
 * these blocks, and nothing but words is lost.
 * @param segment from `Photoshop 3.0` on
 */
export function readIptc(segment: Uint8Array): ReadTags {
  const length = segment.length + 2;
  const jpeg = Uint8Array.from([0xff, 0xd8, 0xff, 0xed, length >> 8, length & 255, ...segment, 0xff, 0xd9]);
  try {
    const { iptc = {} } = load(jpeg.buffer, { expanded: true, includeTags: { iptc: true } });
    type Tag = { description?: string };
    const text = (tag: Tag | Tag[]) => (Array.isArray(tag) ? tag.map((each) => each.description) : tag.description);
    const values = Object.entries(iptc as Record<string, Tag | Tag[]>).map(([name, tag]) => [name, text(tag)]);
    return { values: Object.fromEntries(values), faults: [] };
  } catch {
    return { values: {}, faults: [] };
  }
}

/** Longer packets hold whole pictures, and are an attack on a parser. */
const MAX_XMP = 8 << 20;
/** Without it, the library does not recognise XMP. */
const PACKET = '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>';
const DAMAGED_XMP: ReadTags = { values: {}, faults: ['Its XMP data is damaged.'] };

/** @param packet UTF-8, or UTF-16 with a byte order mark */
export async function readXmp(packet: Uint8Array): Promise<ReadTags> {
  if (packet.length > MAX_XMP) return { values: {}, faults: ['Its XMP data is too long to be read.'] };
  const { DOMParser, onErrorStopParsing } = await import('@xmldom/xmldom');
  const text = new TextEncoder().encode(PACKET + withoutPackets(decoded(packet)));
  try {
    const { xmp } = load(text.buffer, { expanded: true, domParser: new DOMParser({ onError: onErrorStopParsing }) });
    const properties = Object.entries((xmp ?? {}) as Record<string, { value?: unknown }>);
    const values = Object.fromEntries(properties.map(([name, property]) => [name, property?.value]));
    delete values['_raw'];
    return properties.length > 0 ? { values, faults: [] } : DAMAGED_XMP;
  } catch {
    return DAMAGED_XMP;
  }
}

function decoded(packet: Uint8Array): string {
  const mark = (packet[0]! << 8) | packet[1]!;
  const encoding = mark === 0xfeff ? 'utf-16be' : mark === 0xfffe ? 'utf-16le' : 'utf-8';
  return new TextDecoder(encoding).decode(packet);
}

/** Without its wrapping, which may declare another encoding, and without the padding after it. */
function withoutPackets(text: string): string {
  return text
    .replace(/<\?xpacket[^>]*\?>/g, '')
    .replace(/\0+$/, '')
    .trim();
}
