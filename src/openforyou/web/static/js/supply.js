// Where the stage's clips come from: the slate that came with the page, then one request after the other.

import { call } from "./api.js";
import { queue } from "./events.js";

export const SLATE_SIZE = 6; // Small, so that what was just watched soon counts.

export class Supply {
  #source;
  #cursor;
  #loading = null;
  #ended;
  #given = new Set();
  #round = 0; // Changes when the viewer chose anew, so that an answer to an older question is known.

  /** `source` is the address of a feed, `first` the slate that the page came with. */
  constructor(source, first) {
    this.#source = source;
    this.#cursor = first.cursor;
    this.#ended = !first.cursor;
    this.slates = first.items.length ? 1 : 0;
  }

  /** The items of `slate` that this page was not given before, as the viewer last left them. */
  take(slate) {
    const fresh = slate.items.filter((item) => !this.#given.has(item.id));
    for (const item of fresh) {
      this.#given.add(item.id);
      item.request_id ??= slate.request_id;
      applyWaiting(item);
    }
    return fresh;
  }

  /** Ask from the start again, because something may have come meanwhile. */
  again() {
    this.#ended = false;
    this.#cursor = "";
  }

  /** What the viewer chose has changed: `unshown` may come again, and what is on its way is asked for anew. */
  renew(unshown) {
    for (const { id } of unshown) this.#given.delete(id);
    this.#round += 1;
    this.again();
  }

  /** The next items; none at the end. Throws `Refusal`. Calls that overlap share one request. */
  async next() {
    if (this.#ended) return [];
    this.#loading ??= this.#ask().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #ask() {
    const round = this.#round;
    await queue.flush(); // So that the answer knows what was just watched.
    const query = new URLSearchParams({ size: SLATE_SIZE });
    if (this.#cursor) query.set("cursor", this.#cursor);
    const slate = await call(`${this.#source}?${query}`);
    if (round !== this.#round) return this.#ask();
    this.#cursor = slate.cursor;
    this.#ended = !slate.cursor;
    if (slate.items.length) this.slates += 1;
    return this.take(slate);
  }
}

/** The server has not heard yet what waits in the queue: show it all the same. */
function applyWaiting(item) {
  const like = queue.newest(["like", "unlike"], (event) => event.item === item.id);
  if (like && (like.type === "like") !== item.liked) {
    item.liked = like.type === "like";
    item.counts.likes = Math.max(0, item.counts.likes + (item.liked ? 1 : -1));
  }
  const follow = queue.newest(["follow", "unfollow"], (event) => event.creator === item.creator.id);
  if (follow) item.creator.following = follow.type === "follow";
}
