// Checks what one page shows of one item: the whole log is downloaded and counted, here, by nobody else.

import { same } from "./bytes.js";
import { Recount } from "./count.js";
import { bundles, text } from "./download.js";
import { NAMES } from "./leaf.js";
import { Broken, cosigners, isSigned, parseCheckpoint, parseVkey } from "./note.js";
import { Tree } from "./tree.js";

const BYTES_A_LEAF = 32;
const PROBLEMS_MAX = 20;

/** What stands at the head of the log now: `{ checkpoint, vkey, bytes }`, `bytes` being about what is to come. */
export async function head(signal) {
  const [signed, key] = await Promise.all([text("checkpoint", signal), text("vkey", signal)]);
  const checkpoint = parseCheckpoint(signed);
  return { checkpoint, vkey: parseVkey(key), bytes: checkpoint.size * BYTES_A_LEAF };
}

/**
 * Everything that can be said of the numbers `shown`: `{ id, log_size, counts, witnesses }`. `progress(leaves, bytes)`
 * is told how far it is. Throws `Broken` where the log is not whole, and what `fetch` throws when it is stopped.
 */
export async function check(shown, { checkpoint, vkey }, signal, progress) {
  const signed = await isSigned(checkpoint, vkey);
  if (signed === false) throw new Broken(`The checkpoint is not signed by the log's key, ${vkey.name}.`);
  const tree = new Tree();
  const recount = new Recount(shown.id);
  let loaded = 0;
  for await (const { start, entries, bytes } of bundles(checkpoint.size, signal)) {
    signal.throwIfAborted();
    loaded += bytes;
    entries.forEach((entry, number) => {
      tree.append(entry);
      recount.take(start + number, entry);
    });
    progress(tree.size, loaded);
  }
  const root = tree.root();
  if (!same(root, checkpoint.root)) throw new Broken("The entries do not give the root that the log signed.");
  const problems = recount.judge();
  if (shown.log_size > checkpoint.size) {
    problems.unshift(`The page counts ${shown.log_size} leaves, and the log has ${checkpoint.size}.`);
  }
  const upto = recount.counted(shown.log_size);
  const counted = recount.numbers(upto);
  const rows = NAMES.map((name) => ({ name, shown: shown.counts[name], counted: counted[name] }));
  const known = shown.witnesses.map(parseVkey);
  return {
    ok: !problems.length && rows.every((row) => row.shown === row.counted),
    rows,
    problems: problems.slice(0, PROBLEMS_MAX),
    frozenAt: upto < shown.log_size ? upto : null,
    signed,
    root,
    leaves: tree.size,
    bytes: loaded,
    cosigners: await cosigners(checkpoint, vkey, known),
  };
}
