// Acts of staff: written in their canonical form, signed by the key in this browser, and handed on to the broker, which
// alone decides. The moment is this machine's own clock: a server that could set it could keep acts for later.

import { Refusal, call } from "../api.js";
import { toHex } from "../check/bytes.js";
import { canonicalJson } from "./canonical.js";
import { kept, keysWork, setStaff, sign, toBase64url } from "./key.js";

const FORMAT = "openforyou-access-1";
const NONCE_BYTES = 16;
const ACT_MS = 45_000; // The broker waits ten seconds for the log, and the server as long again for the broker.
let known = null;

/** What an act must fit: `{ broker, purposes, now, ahead }`; by `ahead` ms the server's clock goes before this one. */
export async function facts() {
  const told = await call("/v1/access/facts");
  known = { ...told, ahead: Date.parse(told.now) - Date.now() };
  return known;
}

/** The text of an act by `staff`, as it is signed. */
export function written(doing, staff, broker, body) {
  const nonce = toHex(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)));
  const at = `${new Date().toISOString().slice(0, 19)}+00:00`;
  return canonicalJson({ act: doing, at, body, broker, by: staff, nonce });
}

/**
 * Sign an act and have it done; what came of it. Throws `Refusal`.
 * A look names nobody: the key says who, and the id that the broker answers with is what other acts are signed under.
 */
export async function act(doing, body = {}) {
  if (doing === "look") return look(body);
  const mine = await signer();
  const staff = mine.staff || (await look()).me.staff;
  return sent(doing, mine, staff, body);
}

async function look(body = {}) {
  const mine = await signer();
  const told = await sent("look", mine, "", body);
  if (told.me.staff !== mine.staff) await setStaff(mine.public, told.me.staff);
  return told;
}

async function sent(doing, mine, staff, body) {
  const isLook = doing === "look";
  const { broker } = known ?? (await facts());
  const text = textOf(doing, staff, broker, body);
  const signature = toBase64url(await sign(mine.pair, `${FORMAT}\n${text}`));
  try {
    const told = await call("/v1/access/acts", { method: "POST", body: { text, signature }, timeoutMs: ACT_MS });
    if (told) return told;
  } catch (error) {
    if (error.code !== "offline" || isLook) throw error;
  }
  throw unanswered(isLook); // or the answer broke off
}

async function signer() {
  if (!keysWork()) throw new Refusal(0, { code: "no_keys", error: "This browser cannot keep a key here." });
  const mine = await kept();
  if (!mine) throw new Refusal(0, { code: "no_key", error: "This browser has no key.", hint: "Make one, and have it enrolled." });
  return mine;
}

function textOf(doing, staff, broker, body) {
  try {
    return written(doing, staff, broker, body);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const hint = "Write it anew, without pasting.";
    throw new Refusal(0, { code: "bad_act", error: `That cannot be signed. ${error.message}`, hint });
  }
}

function unanswered(isLook) {
  const undone = "It may have been done all the same: look at the overview before you do it again.";
  const hint = isLook ? "Check the connection and try again." : undone;
  return new Refusal(0, { code: "unanswered", error: "No answer came.", hint });
}
