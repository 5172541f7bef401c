// What a leaf says (docs/counts.md): thirty bytes for a deed, or a record in JSON.

import { Broken } from "./note.js";
import { toHex } from "./bytes.js";

export const LEAF_BYTES = 30;
export const NAMES = [
  "served",
  "impressions",
  "views",
  "watch_ms",
  "completions",
  "skips",
  "likes",
  "shares",
  "not_interested",
  "reports",
];
/** By action, from 1 on; 11 is a follow, which counts for a creator. */
export const WATCH = 4;
export const LIKE = 7;
export const FOLLOW = 11;

const FORMAT = 1;
const BRACE = 0x7b;
const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The eight bytes that stand for a public id in a leaf. */
export function subjectOf(publicId) {
  let number = 0n;
  for (const letter of publicId) number = number * 58n + BigInt(ALPHABET.indexOf(letter));
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, number);
  return bytes;
}

/** The entries of a bundle, of which there are `width`. Throws `Broken`. */
export function decodeBundle(bytes, width, path) {
  const entries = [];
  let place = 0;
  while (entries.length < width) {
    const end = place + 2 + ((bytes[place] << 8) | bytes[place + 1]);
    if (!(end <= bytes.length)) throw new Broken(`${path} ends too soon.`);
    entries.push(bytes.subarray(place + 2, end));
    place = end;
  }
  if (place !== bytes.length) throw new Broken(`${path} goes on after its last entry.`);
  return entries;
}

/** `{ action, subject, value, nullifier }` (bytes and hexadecimal digits), or a record's object. Throws `Broken`. */
export function decodeLeaf(entry, index) {
  if (entry[0] === BRACE) {
    try {
      const record = JSON.parse(utf8.decode(entry));
      if (typeof record.type === "string") return record;
    } catch {
      // told below
    }
  } else if (entry.length === LEAF_BYTES && entry[0] === FORMAT && entry[1] >= 1 && entry[1] <= FOLLOW) {
    const value = new DataView(entry.buffer, entry.byteOffset).getUint32(10);
    return { action: entry[1], subject: entry.subarray(2, 10), value, nullifier: toHex(entry.subarray(14)) };
  }
  throw new Broken(`Leaf ${index} is of no kind that is known here.`);
}
