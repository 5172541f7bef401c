// Gets the log's files, several at a time and in order, and lets itself be stopped.

import { decodeBundle } from "./leaf.js";
import { Broken } from "./note.js";

const WIDTH = 256;
const AT_A_TIME = 8;
const TIMEOUT_MS = 30_000;

async function fetched(path, signal, { orNull = false } = {}) {
  let response;
  try {
    response = await fetch(`/log/${path}`, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Broken(`/log/${path} could not be downloaded. Check the connection and try again.`);
  }
  if (orNull && response.status === 404) return null;
  throw new Broken(`/log/${path} is missing: the server answers ${response.status}.`);
}

/** A small file of the log, as text. */
export async function text(path, signal) {
  return new TextDecoder().decode(await fetched(path, signal));
}

/** Where an entry bundle lies. */
export function bundlePath(index, width) {
  const digits = String(index).padStart(3, "0");
  const groups = [];
  for (let end = digits.length; end > 0; end -= 3) groups.unshift(digits.slice(Math.max(0, end - 3), end).padStart(3, "0"));
  const place = groups.map((group, number) => (number < groups.length - 1 ? `x${group}` : group)).join("/");
  return `tile/entries/${place}${width === WIDTH ? "" : `.p/${width}`}`;
}

async function bundle(index, width, signal) {
  const path = bundlePath(index, width);
  const bytes = await fetched(path, signal, { orNull: width < WIDTH });
  if (bytes) return { bytes: bytes.length, entries: decodeBundle(bytes, width, path) };
  // The log grew meanwhile: then the full bundle is there, and begins with the same entries.
  const full = await fetched(bundlePath(index, WIDTH), signal);
  return { bytes: full.length, entries: decodeBundle(full, WIDTH, path).slice(0, width) };
}

/** All entries of the tree of `size` leaves: `{ start, entries, bytes }`, a bundle at a time. Throws `Broken`. */
export async function* bundles(size, signal) {
  const count = Math.ceil(size / WIDTH);
  const waiting = [];
  const ask = (index) => {
    const asked = bundle(index, Math.min(WIDTH, size - index * WIDTH), signal);
    asked.catch(() => {}); // it is told when its turn comes
    waiting.push(asked);
  };
  for (let index = 0; index < Math.min(AT_A_TIME, count); index += 1) ask(index);
  for (let index = 0; index < count; index += 1) {
    const { bytes, entries } = await waiting.shift();
    if (index + AT_A_TIME < count) ask(index + AT_A_TIME);
    yield { start: index * WIDTH, entries, bytes };
  }
}
