// Posters that move: while a tile is pointed at or has the focus, its preview plays. Not when the viewer wants less
// motion, and never more than one at a time.

import { element, reducedMotion } from "./page.js";

const AFTER_MS = 180;
let waiting = 0;
let playing = null;

function stop() {
  clearTimeout(waiting);
  playing?.remove();
  playing = null;
}

function start(tile) {
  stop();
  if (reducedMotion.matches || !tile.dataset.preview) return;
  waiting = setTimeout(() => {
    const attributes = { class: "preview", playsinline: true, loop: true, "aria-hidden": "true", tabindex: "-1" };
    const video = element("video", attributes);
    video.muted = true;
    video.src = tile.dataset.preview;
    video.addEventListener("playing", () => video.classList.add("shown"));
    video.play().catch(() => {});
    tile.querySelector(".picture").append(video);
    playing = video;
  }, AFTER_MS);
}

for (const tile of document.querySelectorAll(".tile")) {
  tile.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && start(tile));
  tile.addEventListener("pointerleave", stop);
  tile.addEventListener("focus", () => tile.matches(":focus-visible") && start(tile));
  tile.addEventListener("blur", stop);
}
