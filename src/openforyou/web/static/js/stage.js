// The stage: one clip a screen. It moves through the list, plays the current clip, gets the next two ready, lets go of
// those far behind, and asks for more before the end.

import { Actions } from "./actions.js";
import { Refusal } from "./api.js";
import { Breaks } from "./breaks.js";
import { breakCard, endCard, failCard, restCard, waitCard } from "./cards.js";
import { Clip } from "./clip.js";
import { queue } from "./events.js";
import { listenToKeys } from "./keys.js";
import { List } from "./list.js";
import { announce, data, reducedMotion, toast } from "./page.js";
import { anySheetOpen } from "./sheets.js";
import { sound } from "./sound.js";
import { Supply } from "./supply.js";

const IN_PAGE_MAX = 16; // Where somebody moves on and on without a rest.
const READY = navigator.connection?.saveData ? 0 : 2; // Videos loading ahead.
const ASK_WITH_LEFT = 3;
const REST_MS = 140;
const ALIGNED_PX = 2;
const STUCK_MS = 1_000; // Half-way for so long and no finger on it: it does not go on by itself.
const GLIDE_MS_MAX = 1_500;
const MEASURED = ["impression", "view", "watch", "complete", "skip"];

class Stage {
  #aim = 0; // Where it glides to; where it is, once there.
  #glidesUntil = 0;
  #moves = false;
  #restTimer = 0;
  #scrolledAt = 0;
  #held = false; // By a finger.
  #tail = ""; // Why nothing follows the last clip: asking, failed, end; empty while nothing is known.
  #clips = 0; // Moved on to so far.
  #resume = false; // To play again once nothing covers it.
  #covered = false;
  #autoplay;

  constructor(root, controls, first) {
    this.root = root;
    this.surface = root.dataset.surface;
    this.#autoplay = controls.autoplay;
    this.breaks = new Breaks(controls.break_minutes);
    this.supply = new Supply(root.dataset.source, first);
    this.hooks = new Actions(this).hooks({
      emit: (clip, type, extra) => this.#emit(clip, type, extra),
      plays: (clip) => this.#onPlays(clip),
    });
    this.list = new List(root, (item, node) => this.#cast(item, node));
    this.list.add(this.supply.take(first));
    this.#listen();
    if (this.list.length) this.#settle(0);
    else this.#more();
  }

  /** One clip's own page: nothing comes after it. */
  get single() {
    return !this.root.dataset.source;
  }

  /** The current clip; null on a card. */
  get clip() {
    return this.list.current?.clip ?? null;
  }

  /** Every clip in the page. */
  get clips() {
    return this.list.present.flatMap(([, { clip }]) => (clip ? [clip] : []));
  }

  /** Go `steps` on (or back), gliding unless the viewer wants less motion. */
  go(steps) {
    const aim = Math.min(Math.max(this.#aim + steps, 0), this.list.length - 1);
    if (!this.list.entry(aim)?.node) this.list.show(this.#moves); // It came after the last rest.
    const node = this.list.entry(aim)?.node;
    if (!node) return;
    this.#aim = aim;
    this.#glidesUntil = performance.now() + GLIDE_MS_MAX;
    this.root.scrollTo({ top: node.offsetTop, behavior: reducedMotion.matches ? "instant" : "smooth" });
  }

  /** Take the current clip away, because it is not wanted; what follows takes its place. */
  drop() {
    if (this.single) {
      location.assign("/");
      return;
    }
    const index = this.list.at;
    const hadFocus = this.list.current.node.contains(document.activeElement);
    this.clip.leave(false);
    this.list.take(index);
    this.list.at = -1;
    this.#moves = false;
    this.#settle(index);
    if (hadFocus) this.list.current.node.focus({ preventScroll: true });
  }

  /**
   * The viewer chose anew what comes. Of For You, which alone goes by it, take out what waits where
   * `goes(item, ahead)`, the current clip (0 ahead) too, and ask for what takes its place.
   */
  renew(goes) {
    if (this.surface !== "for_you") return;
    this.supply.renew(this.list.sift(goes));
    this.#aim = Math.min(this.#aim, this.list.length - 1);
    if (["end", "failed"].includes(this.#tail)) this.#retry();
    else this.#more();
    if (this.clip && goes(this.clip.item, 0)) this.drop();
    this.list.show(this.#moves);
    this.#tellSteps();
  }

  #cast(item, node = document.getElementById("clip").content.firstElementChild.cloneNode(true)) {
    return new Clip(node, item, this.hooks);
  }

  #listen() {
    this.root.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    this.root.addEventListener("scrollend", () => this.#onScrollEnd());
    for (const type of ["touchstart", "touchend", "touchcancel"]) {
      this.root.addEventListener(type, ({ touches }) => (this.#held = touches.length > 0), { passive: true });
    }
    new ResizeObserver(() => this.#keepPlace()).observe(this.root);
    document.getElementById("back")?.addEventListener("click", () => this.go(-1));
    document.getElementById("on")?.addEventListener("click", () => this.go(1));
    document.addEventListener("visibilitychange", () => this.#onCover());
    document.addEventListener("sheet", () => this.#onCover());
    addEventListener("pagehide", () => this.clip?.leave(false), { capture: true }); // Before the queue leaves.
    addEventListener("pageshow", (event) => event.persisted && this.clip?.arrive(false));
    addEventListener("online", () => this.#tail === "failed" && this.#retry());
    addEventListener("work", () => this.#onWork());
    sound.addEventListener("change", () => this.#onSound());
    this.#onSound();
    listenToKeys(this);
  }

  // Moving

  #onScroll() {
    this.#moves = true;
    this.#scrolledAt = performance.now();
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => this.#onRest(), REST_MS);
    const index = this.list.middle();
    if (index >= 0 && index !== this.list.at) this.#arrive(index);
  }

  /** Nothing moved for a moment: tidy up. While it glides, or is held half-way, that would stop it, so it waits. */
  #onRest() {
    if (this.#glides || !this.#isAligned) {
      const isStuck = !this.#glides && !this.#held && performance.now() - this.#scrolledAt > STUCK_MS;
      if (isStuck) this.#keepPlace();
      this.#restTimer = setTimeout(() => this.#onRest(), REST_MS);
      return;
    }
    this.#aim = this.list.at;
    this.#tidy();
  }

  /** What was left of a movement may miss a place that was taken in the middle of it. */
  #onScrollEnd() {
    if (this.list.current?.node && !this.#glides && !this.#isAligned) this.#keepPlace();
  }

  get #glides() {
    return this.#aim !== this.list.at && performance.now() < this.#glidesUntil;
  }

  get #isAligned() {
    return Math.abs(this.list.current.node.offsetTop - this.root.scrollTop) <= ALIGNED_PX;
  }

  #tidy() {
    this.#moves = false;
    this.#aim -= this.list.forget();
    this.list.show(false);
  }

  #keepPlace() {
    const { node } = this.list.current ?? {};
    if (node) this.root.scrollTo({ top: node.offsetTop, behavior: "instant" });
  }

  /** Make `index` current without a gesture. */
  #settle(index) {
    this.#aim = Math.max(0, Math.min(index, this.list.length - 1));
    this.#arrive(this.#aim);
    this.list.show(this.#moves);
    this.#keepPlace();
  }

  #arrive(index) {
    const { list } = this;
    const onward = index > list.at;
    const hadFocus = list.current?.node?.contains(document.activeElement) ?? false;
    this.clip?.leave(onward);
    list.at = index;
    if (!list.current.node) list.show(this.#moves);
    list.focus();
    const { node } = list.current;
    if (hadFocus) node.focus({ preventScroll: true });
    announce(node.getAttribute("aria-label"));
    if (this.clip) {
      if (onward) this.#clips += 1;
      const plays = this.#autoplay && !reducedMotion.matches;
      this.clip.arrive(plays && !this.#isCovered);
      this.#resume = plays && this.#isCovered;
    }
    this.#release();
    if (this.root.childElementCount > IN_PAGE_MAX) {
      this.#tidy(); // In the middle of a movement: go on with it.
      this.go(0);
    }
    this.#more();
    this.#offerBreak();
    this.#tellSteps();
  }

  #tellSteps() {
    const [back, on] = ["back", "on"].map((id) => document.getElementById(id));
    if (!back) return;
    back.disabled = this.list.at <= 0;
    on.disabled = this.list.left === 0;
  }

  // Playing

  /** The current one plays: now the next may load. */
  #onPlays(clip) {
    if (clip !== this.clip) return;
    for (let step = 1; step <= READY; step += 1) this.list.entry(this.list.at + step)?.clip?.prepare("auto");
  }

  #release() {
    for (const [index, { clip }] of this.list.present) {
      if (index < this.list.at - 1 || index > this.list.at + READY) clip?.release();
    }
  }

  #onSound() {
    for (const clip of this.clips) clip.hear();
    document.body.classList.toggle("never-heard", !sound.everAsked);
  }

  get #isCovered() {
    return anySheetOpen() || document.visibilityState === "hidden";
  }

  /** A sheet, or another window: what played pauses, and goes on once it can be seen again. */
  #onCover() {
    const covered = this.#isCovered;
    if (covered === this.#covered) return;
    this.#covered = covered;
    if (covered) {
      this.#resume = this.clip?.playing ?? false;
      this.clip?.pause({ quietly: this.#resume });
    } else if (this.#resume) {
      this.clip?.play();
    }
  }

  #emit(clip, type, extra) {
    if (type === "watch") this.breaks.watched(extra.watch_ms);
    queue.add(type, clip.item, extra);
  }

  // What follows

  /** Ask for the next slate when few are left; what is missing until then is said by a card at the end. */
  async #more() {
    if (this.single || ["asking", "end"].includes(this.#tail) || this.list.left >= ASK_WITH_LEFT) return;
    this.#setTail("asking", waitCard());
    try {
      const items = await this.supply.next();
      if (items.length) this.#append(items);
      else this.#setTail("end", endCard(this.surface, () => this.#retry(), this.#clips > 0));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#setTail("failed", failCard(error.words, () => this.#retry()));
    }
    this.#tellSteps();
  }

  #retry() {
    if (this.#tail === "end") this.supply.again();
    this.#tail = "";
    this.#more();
  }

  /** More was made: look again, but take nobody away from the card that said it was the end. */
  #onWork() {
    if (this.#tail === "end" && (this.list.left > 0 || this.#clips === 0)) this.#retry();
  }

  /** The card at the end, which changes in place. */
  #setTail(state, card) {
    this.#tail = state;
    const { list } = this;
    if (list.last?.isTail) list.changeCard(list.last, card);
    else list.addCard(list.length, () => card, { isTail: true });
    if (list.at < 0) this.#settle(0);
    else list.show(this.#moves);
  }

  /** Clips in place of the card at the end. Whoever waited there is shown the first of them. */
  #append(items) {
    const { list } = this;
    const waited = list.left === 0;
    const hadFocus = list.last.node?.contains(document.activeElement);
    list.take(list.length - 1);
    list.add(items);
    this.#tail = "";
    if (!waited) {
      list.show(this.#moves);
      return;
    }
    list.at -= 1;
    this.#settle(list.at + 1);
    if (hadFocus) list.current.node.focus({ preventScroll: true });
  }

  #offerBreak() {
    if (this.single || !this.clip) return;
    const told = this.breaks.due(this.supply.slates, this.#clips);
    if (!told) return;
    const entry = this.list.addCard(this.list.at + 1, () =>
      breakCard(
        told,
        () => this.go(1),
        () => this.list.changeCard(entry, restCard(() => location.assign("/"))),
      ),
    );
    this.list.show(this.#moves);
  }
}

queue.onRefused = (event, result) => {
  if (!MEASURED.includes(event.type)) toast([result.error, result.hint].filter(Boolean).join(" "));
};

new Stage(document.getElementById("stage"), data("controls"), data("slate"));
