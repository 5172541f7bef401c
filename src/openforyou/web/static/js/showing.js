// What one showing of one clip amounts to. No DOM here: the clip says when it is seen, runs, ends and leaves, and this
// turns it into events by the rules below. A clip that comes back on screen is a new showing.

/** A view: at least half the pixels, two seconds without a break (MRC/IAB viewable video impression). */
export const VIEW_AFTER_MS = 2_000;
/** Watch time is told in pieces of this length, and once more at the end. */
export const WATCH_EVERY_MS = 5_000;
/** A skip: moved on before a third of the clip and before three seconds, without having done anything with it. */
export const SKIP_BEFORE_SHARE = 1 / 3;
export const SKIP_BEFORE_MS = 3_000;

export class Showing {
  #now;
  #emit;
  #durationMs;
  #runningSince = null; // Since when it runs without a break.
  #countedTo = 0; // Up to when running time is in #watchedMs.
  #watchedMs = 0;
  #toldMs = 0;
  #told = new Set();
  #acted = false;

  /** `emit(type, extra)` takes the events; `now()` is a clock in milliseconds. */
  constructor(durationMs, emit, now = () => performance.now()) {
    this.#durationMs = durationMs;
    this.#emit = emit;
    this.#now = now;
  }

  get watchedMs() {
    return this.#watchedMs;
  }

  /** At least half of it is on screen. */
  seen() {
    this.#once("impression");
  }

  /** Whether the picture moves while at least half of it is on screen. */
  run(running) {
    this.tick();
    if (!running) {
      this.#runningSince = null;
      this.#tellWatch(1);
    } else if (this.#runningSince === null) {
      this.#runningSince = this.#countedTo = this.#now();
    }
  }

  /** Call a few times a second while it runs. */
  tick() {
    if (this.#runningSince === null) return;
    const now = this.#now();
    this.#watchedMs += now - this.#countedTo;
    this.#countedTo = now;
    if (now - this.#runningSince >= VIEW_AFTER_MS) this.#once("view");
    this.#tellWatch(WATCH_EVERY_MS);
  }

  /** It played to its end. */
  finished() {
    this.tick();
    this.#once("complete");
  }

  /** The viewer did something with it, so leaving it early is no verdict. */
  acted() {
    this.#acted = true;
  }

  /** It leaves the screen; `onward` when the viewer moved on to what follows. */
  end(onward) {
    this.run(false);
    const early = this.#watchedMs < Math.min(this.#durationMs * SKIP_BEFORE_SHARE, SKIP_BEFORE_MS);
    if (onward && early && this.#told.has("impression") && !this.#acted) this.#once("skip");
  }

  #tellWatch(leastMs) {
    const newMs = Math.round(this.#watchedMs - this.#toldMs);
    if (newMs < leastMs) return;
    this.#toldMs += newMs;
    this.#emit("watch", { watch_ms: newMs });
  }

  #once(type) {
    if (this.#told.has(type)) return;
    this.#told.add(type);
    this.#emit(type, {});
  }
}
