// One clip on the stage: its words, its picture, its buttons. It shows and plays; what to do when a button is pressed
// is the stage's affair (`hooks`), and what a showing amounts to is showing.js's.

import { onTaps } from "./gestures.js";
import { compact, hue, icon, setIcon } from "./page.js";
import { Showing } from "./showing.js";
import { sound } from "./sound.js";

const READ_EVERY_MS = 250; // An article tells no time of its own.
const ENDS_WITHIN_S = 0.25; // Browsers tell the time four times a second.
const TALL_UNDER = 0.8;
const WIDE_OVER = 1.25;

/** tall, square or wide: which frame a clip gets where there is room. The server's `shape` does the same. */
export function shape(item) {
  const ratio = item.width / item.height || 9 / 16;
  return ratio < TALL_UNDER ? "tall" : ratio > WIDE_OVER ? "wide" : "square";
}

/** The host of an address, without `www.`; the server's filter does the same. */
function hostOf(address) {
  return URL.canParse(address) ? new URL(address).hostname.replace(/^www\./, "") : "";
}

/** The smallest rendition that is sharp at `width` pixels of the device, or the largest there is. */
export function bestRendition(item, width) {
  const fitting = [...item.renditions].sort((a, b) => a.width - b.width);
  return (fitting.find((rendition) => rendition.width >= width) ?? fitting.at(-1))?.url ?? item.media_url;
}

export class Clip {
  #hooks;
  #video = null;
  #showing = null;
  #half = false; // At least half of its pixels are on screen.
  #wants = false; // Should be playing now.
  #lastTime = 0;
  #frameRequest = 0;
  #readTimer = 0;

  /** `node` is an article of the clip's mould, filled by the server or not yet. */
  constructor(node, item, hooks) {
    this.node = node;
    this.item = item;
    this.#hooks = hooks;
    this.frame = this.#find(".frame");
    this.#fill();
    this.#listen();
    this.watcher = new IntersectionObserver((seen) => this.#onSeen(seen.at(-1)), { threshold: [0, 0.5] });
    this.watcher.observe(this.frame);
  }

  /** An article: words under a picture. It is read while it is on screen, and nothing in it moves. */
  get #isArticle() {
    return this.item.kind === "article";
  }

  get playing() {
    if (this.#isArticle) return this.#wants;
    return Boolean(this.#video) && !this.#video.paused;
  }

  // Showing

  /** It is the current one: start a showing, and play if `plays`. */
  arrive(plays) {
    this.#showing = new Showing(this.item.duration_ms, (type, extra) => this.#hooks.emit(this, type, extra));
    if (this.#half) this.#showing.seen();
    this.#lastTime = 0;
    if (plays || this.#isArticle) this.play();
    else this.#mark("paused", true);
  }

  /** It is no longer the current one; `onward` when the viewer moved on to what follows. */
  leave(onward) {
    this.pause();
    this.#mark("paused", false);
    this.#showing?.end(onward);
    this.#showing = null;
    if (this.#video) this.#video.currentTime = 0;
    this.#find(".progress span").style.transform = "";
  }

  /** Get the video ready. */
  prepare(preload) {
    if (this.#isArticle) return;
    if (this.#video) {
      this.#video.preload = preload;
      return;
    }
    const video = document.createElement("video");
    Object.assign(video, { muted: !sound.on, loop: true, playsInline: true, preload, tabIndex: -1 });
    video.disableRemotePlayback = true;
    video.src = bestRendition(this.item, this.frame.clientWidth * Math.min(devicePixelRatio, 2));
    this.#follow(video);
    this.#video = video;
    this.#find(".poster").after(video);
  }

  /** Let go of the video and its memory. */
  release() {
    if (!this.#video) return;
    const video = this.#video;
    this.#video = null;
    this.frame.classList.remove("shows-video");
    video.pause();
    video.removeAttribute("src");
    video.load();
    video.remove();
  }

  /** Let go of everything; the node is not used again. */
  dispose() {
    this.watcher.disconnect();
    clearInterval(this.#readTimer);
    this.release();
  }

  // Playing

  play() {
    this.#wants = true;
    this.#mark("paused", false);
    this.#mark("failed", false);
    if (this.#isArticle) {
      this.#read();
      return;
    }
    this.#surfaceSays("Pause");
    this.prepare("auto");
    this.#video.muted = !sound.on;
    this.#video.play().catch((error) => this.#onRefusedPlay(error));
  }

  /** `quietly`: without the mark that says so, because something else covers the clip. */
  pause({ quietly = false } = {}) {
    this.#wants = false;
    clearInterval(this.#readTimer);
    this.#video?.pause();
    this.#showing?.run(false);
    this.#mark("paused", !quietly);
    this.#mark("waiting", false);
    this.#surfaceSays(this.#isArticle ? "Read it" : "Play");
  }

  /** Of an article: to its page, where all of it stands. */
  toggle() {
    if (this.#isArticle) {
      if (!document.body.classList.contains("single")) location.assign(`/item/${this.item.id}`);
      return;
    }
    if (this.playing) this.pause();
    else this.play();
  }

  hear() {
    if (this.#video) this.#video.muted = !sound.on;
    const control = this.#find(".sound");
    setIcon(control, sound.on ? "sound-on" : "sound-off");
    control.setAttribute("aria-pressed", String(sound.on));
  }

  // What the viewer did with it

  acted() {
    this.#showing?.acted();
  }

  /** Show it liked or not; the count moves with it, because the server's will. */
  setLiked(liked) {
    if (liked === this.item.liked) return;
    this.item.liked = liked;
    this.item.counts.likes = Math.max(0, this.item.counts.likes + (liked ? 1 : -1));
    this.#tellLikes();
  }

  setFollowing(following) {
    this.item.creator.following = following;
    const button = this.#find(".follow");
    button.setAttribute("aria-pressed", String(following));
    button.textContent = following ? "Following" : "Follow";
  }

  setShares(shares) {
    this.item.counts.shares = shares;
    this.#find(".pass-on .count").textContent = compact(shares);
  }

  /** A heart where the finger was; in the middle when it was a key. */
  burst(x = this.frame.clientWidth / 2, y = this.frame.clientHeight / 2) {
    const hearts = document.createElement("span");
    hearts.className = "burst";
    for (let count = 0; count < 6; count += 1) hearts.append(icon("heart-full"));
    hearts.style.left = `${x}px`;
    hearts.style.top = `${y}px`;
    this.frame.append(hearts);
    setTimeout(() => hearts.remove(), 900);
  }

  // Inside

  #find(selector) {
    return this.node.querySelector(selector);
  }

  #mark(name, on) {
    this.node.classList.toggle(name, on);
  }

  /** Being on screen counts as watching it; past the time that it takes to read, it is finished. */
  #read() {
    this.#surfaceSays("Read it");
    this.#tellRunning();
    clearInterval(this.#readTimer);
    this.#readTimer = setInterval(() => {
      this.#showing?.tick();
      if (this.#showing?.watchedMs >= this.item.duration_ms) this.#showing.finished();
    }, READ_EVERY_MS);
    this.#hooks.plays(this);
  }

  #surfaceSays(words) {
    this.#find(".surface").setAttribute("aria-label", words);
  }

  #fill() {
    const { item } = this;
    const { creator } = item;
    this.node.dataset.id = item.id;
    this.node.classList.add(shape(item));
    this.node.setAttribute("aria-label", `${item.title}, by ${creator.name}`);
    for (const picture of this.node.querySelectorAll(".frame > img")) {
      if (picture.getAttribute("src") !== item.poster_url) picture.src = item.poster_url;
    }
    this.#find(".creator").href = `/@${creator.handle}`;
    const disc = this.#find(".disc");
    disc.classList.add(hue(creator.handle));
    disc.textContent = [...creator.name][0] ?? "";
    this.#find(".by b").textContent = creator.name;
    this.#find(".handle").textContent = `@${creator.handle}`;
    const title = this.#find(".title a");
    title.href = `/item/${item.id}`;
    title.textContent = item.title;
    this.#find(".caption").textContent = item.caption;
    this.#find(".caption").hidden = !item.caption;
    this.#find(".ai-made").hidden = !item.credentials.ai_made;
    const credit = this.#find(".credit");
    credit.hidden = !item.sound;
    if (item.sound) {
      credit.href = `/sounds/${item.sound.id}`;
      credit.querySelector("span").textContent = `${item.sound.title} · ${item.sound.owner}`;
    }
    this.node.classList.toggle("article", this.#isArticle);
    this.#find(".reading-of").hidden = !this.#isArticle;
    if (this.#isArticle) {
      this.#find(".read").href = `/item/${item.id}`;
      this.#find(".read span").textContent = Math.max(1, Math.round(item.duration_ms / 60_000));
      this.#find(".source").href = item.source_url;
      this.#find(".source").textContent = hostOf(item.source_url);
      this.#find(".source").hidden = !item.source_url;
    }
    this.#find(".reason").hidden = !item.reasons.length;
    this.#find(".reason span").textContent = item.reasons[0]?.text ?? "";
    this.#find(".sound").hidden = !item.has_sound;
    this.setFollowing(creator.following);
    this.setShares(item.counts.shares);
    this.#tellLikes();
    this.hear();
  }

  #tellLikes() {
    this.#find(".like").setAttribute("aria-pressed", String(this.item.liked));
    this.#find(".like .count").textContent = compact(this.item.counts.likes);
  }

  #listen() {
    const on = (selector, act) => this.#find(selector).addEventListener("click", act);
    onTaps(this.#find(".surface"), {
      once: () => this.toggle(),
      twice: (x, y) => this.#hooks.like(this, { only: true, x, y }),
    });
    on(".sound", () => sound.toggle());
    on(".follow", () => this.#hooks.follow(this));
    on(".like", () => this.#hooks.like(this, {}));
    on(".pass-on", () => this.#hooks.share(this));
    on(".why", () => this.#hooks.why(this));
    on(".reason", () => this.#hooks.why(this));
    on(".more", () => this.#hooks.more(this));
    on(".caption-more", () => this.#unfold());
    this.#find(".like").addEventListener("animationend", (event) => event.currentTarget.classList.remove("pop"));
  }

  #unfold() {
    const open = this.#find(".caption").classList.toggle("open");
    this.#find(".caption-more").setAttribute("aria-expanded", String(open));
    this.#find(".caption-more").textContent = open ? "less" : "more";
  }

  /** Offer the whole caption where it does not fit. Call once the node is laid out. */
  measure() {
    const caption = this.#find(".caption");
    if (!caption.classList.contains("open")) {
      this.#find(".caption-more").hidden = caption.hidden || caption.scrollHeight <= caption.clientHeight + 2;
    }
  }

  #onSeen(entry) {
    this.#half = entry.isIntersecting && entry.intersectionRatio >= 0.5;
    if (this.#half) this.#showing?.seen();
    this.#tellRunning();
  }

  #tellRunning() {
    const video = this.#video;
    const plays = Boolean(video) && !video.paused && video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    const moves = this.#isArticle ? this.#wants : plays;
    this.#showing?.run(moves && this.#half && document.visibilityState === "visible");
  }

  #follow(video) {
    for (const type of ["playing", "pause", "waiting", "stalled"]) {
      video.addEventListener(type, () => this.#tellRunning());
    }
    video.addEventListener("waiting", () => this.#mark("waiting", this.#wants));
    video.addEventListener("playing", () => {
      this.#mark("waiting", false);
      video.requestVideoFrameCallback?.(() => this.frame.classList.add("shows-video"));
      this.#hooks.plays(this);
      this.#draw();
    });
    video.addEventListener("timeupdate", () => this.#onTime(video));
    video.addEventListener("error", () => this.#onFailure());
  }

  #onTime(video) {
    if (video !== this.#video) return;
    if (video.currentTime > 0) this.frame.classList.add("shows-video");
    this.#tellRunning();
    const wrapped = video.currentTime < this.#lastTime;
    const atEnd = video.currentTime >= video.duration - ENDS_WITHIN_S;
    if (this.playing && (wrapped || atEnd)) this.#showing?.finished();
    this.#lastTime = video.currentTime;
  }

  #draw() {
    cancelAnimationFrame(this.#frameRequest);
    const step = () => {
      if (!this.playing) return;
      const share = this.#video.currentTime / this.#video.duration || 0;
      this.#find(".progress span").style.transform = `scaleX(${share})`;
      this.#frameRequest = requestAnimationFrame(step);
    };
    step();
  }

  #onRefusedPlay(error) {
    if (error.name === "AbortError" || !this.#wants) return;
    if (error.name === "NotAllowedError" && sound.on) {
      sound.refuse();
      this.play();
      return;
    }
    if (error.name === "NotAllowedError") this.pause();
  }

  #onFailure() {
    if (!this.#video) return;
    this.release();
    this.#mark("waiting", false);
    if (!this.#wants) return;
    this.#wants = false;
    this.#mark("failed", true);
    this.#surfaceSays("Try again");
  }
}
