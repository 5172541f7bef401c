// Checkpoints as signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature), and who signed them.

import { fromBase64, joined, same } from "./bytes.js";
import { sha256 } from "./sha256.js";

const ED25519 = 1;
const COSIGNATURE = 4;
const TIME_BYTES = 8;
const SPACES = /[\s+]/u;
const NUMBER = /^(0|[1-9][0-9]{0,14})$/;
const utf8 = new TextEncoder();

/** What is wrong with the log, in words for whoever looks at it. */
export class Broken extends Error {}

/** A public key in its text form: `{ name, id, type, key }`. Throws `Broken`. */
export function parseVkey(text) {
  const [, name, id, encoded] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/.exec(text.trim().split("\n")[0]) ?? [];
  const material = encoded ? fromBase64(encoded) : null;
  if (!name || SPACES.test(name) || !material?.length) throw new Broken("What the log serves as its key is no key.");
  const idBytes = Uint8Array.from(id.match(/../g), (pair) => Number.parseInt(pair, 16));
  const right = sha256(joined(utf8.encode(`${name}\n`), material)).subarray(0, 4);
  if (!same(right, idBytes)) throw new Broken(`The key ${name} has another id than it says.`);
  return { name, id: idBytes, type: material[0], key: material.subarray(1) };
}

/** A checkpoint: `{ origin, size, root, body, signatures: [{ name, id, data }] }`. Nothing is verified. Throws `Broken`. */
export function parseCheckpoint(text) {
  const cut = text.lastIndexOf("\n\n");
  const body = text.slice(0, cut + 1);
  const [origin, size, root, ...more] = body.split("\n");
  const rootHash = fromBase64(root ?? "");
  if (cut < 0 || !origin || !NUMBER.test(size ?? "") || rootHash?.length !== 32 || more.at(-1) !== "") {
    throw new Broken("What the log serves as its checkpoint is none.");
  }
  const lines = text.slice(cut + 2).split("\n");
  if (lines.pop() !== "" || !lines.length) throw new Broken("The checkpoint is not signed.");
  const signatures = lines.map((line) => {
    const [, name, encoded] = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line) ?? [];
    const data = encoded ? fromBase64(encoded) : null;
    if (!data || data.length < 5) throw new Broken("A signature of the checkpoint cannot be read.");
    return { name, id: data.subarray(0, 4), data: data.subarray(4) };
  });
  return { origin, size: Number(size), root: rootHash, body, signatures };
}

/** Whether an Ed25519 signature is good; null where this browser cannot tell. */
async function verifies(key, signature, message) {
  if (signature.length !== 64 || key.length !== 32) return false;
  try {
    const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
  } catch {
    return null; // no secure context, or an older browser
  }
}

/** Whether the log of this key signed the checkpoint; null where this browser cannot tell. */
export async function isSigned(checkpoint, vkey) {
  if (checkpoint.origin !== vkey.name || vkey.type !== ED25519) return false;
  const found = checkpoint.signatures.filter(({ name, id }) => name === vkey.name && same(id, vkey.id));
  if (!found.length) return false;
  const verdicts = await Promise.all(
    found.map(({ data }) => verifies(vkey.key, data, utf8.encode(checkpoint.body))),
  );
  if (verdicts.includes(false)) return false;
  return verdicts.includes(null) ? null : true;
}

/**
 * Who else signed: `[{ name, at, good }]`. `known` are the witnesses' keys that the page has; `good` is true, false, or
 * null where the key is not known or of a kind that browsers cannot verify. `at` is a Date, or null.
 */
export async function cosigners(checkpoint, vkey, known) {
  const others = checkpoint.signatures.filter(({ name, id }) => !(name === vkey.name && same(id, vkey.id)));
  return Promise.all(
    others.map(async ({ name, id, data }) => {
      const key = known.find((one) => one.name === name && same(one.id, id));
      if (key?.type !== COSIGNATURE || data.length !== TIME_BYTES + 64) return { name, at: null, good: null };
      const seconds = new DataView(data.buffer, data.byteOffset).getBigUint64(0);
      const message = utf8.encode(`cosignature/v1\ntime ${seconds}\n${checkpoint.body}`);
      const good = await verifies(key.key, data.subarray(TIME_BYTES), message);
      return { name, at: new Date(Number(seconds) * 1000), good };
    }),
  );
}
