// One record of the public log, looked for in the whole of it, and whether it is about who it should be about.

import { same, toHex } from "./bytes.js";
import { bundles } from "./download.js";
import { decodeLeaf } from "./leaf.js";
import { Broken, isSigned } from "./note.js";
import { Tree } from "./tree.js";

const BRACE = 0x7b;
const utf8 = new TextEncoder();

/**
 * The record of type `type` that bears `entry`: `{ record, index, leaves, signed }`; `record` is null where the log holds
 * none. Throws `Broken` where the log is not whole.
 */
export async function find(type, entry, { checkpoint, vkey }, signal) {
  const signed = await isSigned(checkpoint, vkey);
  if (signed === false) throw new Broken(`The checkpoint is not signed by the log's key, ${vkey.name}.`);
  const tree = new Tree();
  const found = { record: null, index: -1, leaves: checkpoint.size, signed };
  for await (const { start, entries } of bundles(checkpoint.size, signal)) {
    entries.forEach((leaf, number) => {
      tree.append(leaf);
      if (leaf[0] !== BRACE) return;
      const record = decodeLeaf(leaf, start + number);
      if (record.type === type && record.entry === entry) Object.assign(found, { record, index: start + number });
    });
  }
  if (!same(tree.root(), checkpoint.root)) throw new Broken("The entries do not give the root that the log signed.");
  return found;
}

/** HMAC-SHA-256 of `text` under a key in hexadecimal digits, in such digits. Only where there is a secure context. */
export async function marked(keyHex, text) {
  const bytes = Uint8Array.from(keyHex.match(/../g), (pair) => Number.parseInt(pair, 16));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return toHex(new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(text))));
}
