// What a viewer wants none of in For You: a creator, a sound, a topic, words. The server keeps the list and finds the
// clips; the browser only knows which of those that it holds already must not be shown.

import { call } from "./api.js";

const GONE = { creator: "A creator who left", sound: "A sound that no clip has any more" };
const KINDS = { "#": "topic", "@": "creator" };

function path({ kind, key }) {
  return `/v1/mutes/${kind}/${encodeURIComponent(key)}`;
}

/** Answers with the mute as the server lists it. Throws `Refusal`. */
export function mute(kind, key) {
  return call(path({ kind, key }), { method: "PUT" });
}

/** Throws `Refusal`. */
export function unmute(muted) {
  return call(path(muted), { method: "DELETE" });
}

/** Mute what somebody typed: a word or some, a #topic, a @creator. Throws `Refusal`. */
export function muteTyped(text) {
  return mute(KINDS[text[0]] ?? "word", text);
}

/** What is wrong with what somebody typed; "" where the server may be asked. */
export function fault(text) {
  if (!text) return "Type a word first.";
  return /[\p{L}\p{N}]/u.test(text) ? "" : "There is no word in it. Use letters or digits.";
}

/** What a mute is called. */
export function nameOf({ kind, name }) {
  return name || GONE[kind];
}

/** Whether a mute keeps `item` away. Of words this is a guess that errs on the side of yes. */
export function forbids({ kind, key }, item) {
  if (kind === "creator") return item.creator.id === key;
  if (kind === "sound") return item.sound_id === key;
  if (kind === "topic") return item.topics.includes(key);
  const text = `${item.title} ${item.caption}`.normalize("NFKC").toLowerCase();
  return key.split(" ").every((word) => text.includes(word));
}
