// What a viewer did, on its way to the server. Each event has an id of its own from the start, is sent again under the
// same id until the server has answered for it, and waits in the tab's storage, so that neither a lost connection nor
// a reload loses it or counts it twice.

import { Refusal, call } from "./api.js";

const STORED_UNDER = "openforyou.events";
const SEND_EVERY_MS = 2_000;
const STORE_EVERY_MS = 250;
const BATCH_EVENTS_MAX = 100;
const QUEUE_EVENTS_MAX = 1_000;
const LEAVING_EVENTS_MAX = 120; // A request that outlives its page may hold 64 kB.
const RETRY_MS_MAX = 60_000;
const UNREADABLE = [400, 413, 422]; // Answers to the whole batch: sending it again as it is would not help.

/** A random UUID, also where the page is not a secure context and `crypto.randomUUID` is missing. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** The queue of one tab. `onRefused(event, result)` hears of events that the server will never take. */
export class EventQueue {
  #waiting = [];
  #sending = null;
  #timer = 0;
  #storing = 0;
  #failures = 0;
  #retryMs = 0;
  #parted = null; // The newest event of the last leave.
  onRefused = () => {};

  constructor(storage = sessionStorage) {
    this.storage = storage;
    try {
      this.#waiting = JSON.parse(storage.getItem(STORED_UNDER) ?? "[]");
    } catch {
      this.#waiting = []; // Not ours, or damaged: nothing in it could be sent.
    }
    if (this.#waiting.length) this.#sendIn(0);
  }

  get length() {
    return this.#waiting.length;
  }

  /** Queue one event about `item` (as the feed gave it). `extra` may hold `watch_ms` or `detail`. */
  add(type, item, extra = {}) {
    const at = new Date().toISOString();
    const event = { id: newId(), type, feed_context: item.feed_context, occurred_at: at, ...extra };
    this.#waiting.push({ ...event, item: item.id, creator: item.creator?.id });
    this.#makeRoom();
    this.#storeSoon();
    this.#sendIn(SEND_EVERY_MS);
    return event;
  }

  /** The newest waiting event of one of `types` that `matches`, or undefined: what the server does not know yet. */
  newest(types, matches) {
    return this.#waiting.findLast((event) => types.includes(event.type) && matches(event));
  }

  /** Send now. Resolves once everything that waited has been answered for, or the attempt failed. */
  async flush() {
    const last = this.#waiting.at(-1)?.id;
    while (last && this.#waiting.some((event) => event.id === last)) {
      if (!(await this.#send())) return;
    }
  }

  /** The page goes: send what waits in a request that outlives it. Answers are read by the next page, as repeats. */
  leave() {
    this.#store();
    const parting = this.#waiting.slice(-LEAVING_EVENTS_MAX);
    if (!parting.length || parting.at(-1) === this.#parted) return; // Hidden, then gone: once is enough.
    this.#parted = parting.at(-1);
    const body = JSON.stringify({ events: parting.map(toSend) });
    const headers = { "Content-Type": "application/json" };
    fetch("/v1/events", { method: "POST", headers, body, keepalive: true }).catch(() => {});
  }

  #sendIn(delayMs) {
    if (this.#timer || this.#sending) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#send();
    }, delayMs);
  }

  /** One batch. True when the server answered for it. Calls that overlap share one request. */
  #send() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#sending ??= this.#sendBatch(this.#waiting.slice(0, BATCH_EVENTS_MAX)).finally(() => {
      this.#sending = null;
      if (!this.#waiting.length) return;
      this.#sendIn(this.#failures ? this.#retryMs : SEND_EVERY_MS);
    });
    return this.#sending;
  }

  async #sendBatch(batch) {
    if (!batch.length) return true;
    try {
      // Partly and wholly refused batches are answers too: each event has its own result.
      const body = { events: batch.map(toSend) };
      const answer = await call("/v1/events", { method: "POST", body, accept: [422] });
      if (!answer?.results) throw new Refusal(422, { error: "The server took the batch for something else." });
      this.#settle(answer.results);
      if (this.#waiting.includes(batch[0])) throw new Refusal(0, { error: "The server left events unanswered." });
      this.#failures = 0;
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (UNREADABLE.includes(error.status)) return this.#split(batch);
      this.#failures += 1;
      const backoffMs = Math.min(RETRY_MS_MAX, SEND_EVERY_MS * 2 ** Math.min(this.#failures, 8));
      this.#retryMs = Math.max(backoffMs * (0.5 + Math.random() / 2), error.retryAfterS * 1_000);
      return false;
    }
  }

  /** A batch that cannot be read as a whole: try half of it, and give up an event that fails alone. */
  #split(batch) {
    if (batch.length > 1) return this.#sendBatch(batch.slice(0, Math.ceil(batch.length / 2)));
    this.#waiting = this.#waiting.filter((event) => event !== batch[0]);
    this.#store();
    return true;
  }

  #settle(results) {
    const byId = new Map(results.map((result) => [result.id, result]));
    const refused = this.#waiting.filter((event) => byId.get(event.id)?.outcome === "refused");
    this.#waiting = this.#waiting.filter((event) => !byId.has(event.id));
    this.#store();
    for (const event of refused) this.onRefused(event, byId.get(event.id));
  }

  /** Bounded: measurements go before what somebody did on purpose. */
  #makeRoom() {
    if (this.#waiting.length <= QUEUE_EVENTS_MAX) return;
    const measured = this.#waiting.findIndex((event) => ["watch", "impression", "view"].includes(event.type));
    this.#waiting.splice(Math.max(measured, 0), 1);
  }

  #storeSoon() {
    this.#storing ||= setTimeout(() => this.#store(), STORE_EVERY_MS);
  }

  #store() {
    clearTimeout(this.#storing);
    this.#storing = 0;
    try {
      this.storage.setItem(STORED_UNDER, JSON.stringify(this.#waiting));
    } catch {
      // Storage is full or forbidden: the queue still lives as long as the page does.
    }
  }
}

function toSend({ item, creator, ...event }) {
  return event;
}

/** The tab's queue, sent on its way whenever the page may be going. */
export const queue = new EventQueue();
addEventListener("pagehide", () => queue.leave());
addEventListener("visibilitychange", () => document.visibilityState === "hidden" && queue.leave());
addEventListener("online", () => queue.flush());
