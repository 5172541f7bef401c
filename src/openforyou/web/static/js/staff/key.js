// Somebody's own key among the staff: made in this browser, not to be taken out of it, and kept in its database. What is
// kept beside it is the id under which two administrators enrolled it.

import { Refusal } from "../api.js";

const DATABASE = "openforyou-staff";
const STORE = "keys";
const MINE = "mine";
const KIND = { name: "ECDSA", namedCurve: "P-256" };
const utf8 = new TextEncoder();

/** Whether this browser can keep a key here: that needs https, or localhost by that name. */
export function keysWork() {
  return isSecureContext && Boolean(globalThis.crypto?.subtle) && Boolean(globalThis.indexedDB);
}

/** Bytes for an address or a signature: RFC 4648, section 5, without padding. */
export function toBase64url(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** What is kept here: `{ pair, public, made, staff }`; null: nothing. */
export function kept() {
  return inStore("readonly", (store) => store.get(MINE)).then((found) => found ?? null);
}

/** Make a key and keep it. Throws `Refusal` where there is one: it would be lost. */
export async function make() {
  if (await kept()) throw new Refusal(0, { code: "has_key", error: "This browser has a key already." });
  const pair = await crypto.subtle.generateKey(KIND, false, ["sign", "verify"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const made = { pair, public: `p256:${toBase64url(point)}`, made: new Date().toISOString(), staff: "" };
  await inStore("readwrite", (store) => store.add(made, MINE));
  await navigator.storage?.persist?.().catch(() => false); // a browser that is short of room may throw away what is not
  return made;
}

/** Keep under which id the key of that public half is enrolled; unless it was thrown away meanwhile. */
export async function setStaff(publicText, staff) {
  const found = await kept();
  if (found?.public === publicText) await inStore("readwrite", (store) => store.put({ ...found, staff }, MINE));
}

/** Throw the key away. Nobody can bring it back. */
export function drop() {
  return inStore("readwrite", (store) => store.delete(MINE));
}

/** The signature over a text: 64 bytes, r and s, as the broker takes it. */
export async function sign(pair, text) {
  const made = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, utf8.encode(text));
  return new Uint8Array(made);
}

/** What two people read to each other to see that they speak of the same key: its hash, as the broker tells it too. */
export async function fingerprint(publicText) {
  const hash = await crypto.subtle.digest("SHA-256", utf8.encode(publicText));
  return `SHA256:${toBase64url(new Uint8Array(hash))}`;
}

function inStore(mode, ask) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => reject(notKept());
    opening.onsuccess = () => {
      const database = opening.result;
      const doing = database.transaction(STORE, mode);
      const asked = ask(doing.objectStore(STORE));
      doing.oncomplete = () => {
        database.close();
        resolve(asked.result);
      };
      doing.onabort = () => {
        database.close();
        reject(notKept());
      };
    };
  });
}

function notKept() {
  const hint = "Leave private browsing, or allow this site to store data, and try again.";
  return new Refusal(0, { code: "no_room_for_key", error: "This browser does not keep a key here.", hint });
}
