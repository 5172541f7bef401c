// The Merkle tree of RFC 6962: the root of all leaves, in memory for one hash a level.

import { sha256 } from "./sha256.js";

const HASH = 32;
const pair = new Uint8Array(1 + 2 * HASH);
pair[0] = 1;

function nodeHash(left, right) {
  pair.set(left, 1);
  pair.set(right, 1 + HASH);
  return sha256(pair);
}

/** The hash of one entry as a leaf. */
export function leafHash(entry) {
  const prefixed = new Uint8Array(1 + entry.length);
  prefixed.set(entry, 1);
  return sha256(prefixed);
}

export class Tree {
  size = 0;
  #edge = []; // by level: the perfect subtree that waits for its right sibling, or null

  /** Add an entry behind those that are there. */
  append(entry) {
    let hash = leafHash(entry);
    let level = 0;
    for (; this.#edge[level]; level += 1) {
      hash = nodeHash(this.#edge[level], hash);
      this.#edge[level] = null;
    }
    this.#edge[level] = hash;
    this.size += 1;
  }

  root() {
    let found = null;
    for (const subtree of this.#edge) {
      if (subtree) found = found ? nodeHash(subtree, found) : subtree;
    }
    return found ?? sha256(new Uint8Array());
  }
}
