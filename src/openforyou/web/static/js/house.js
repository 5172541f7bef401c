// On every page: how far the demo world is while it is being made, and word when the connection goes and comes.

import { Refusal, call } from "./api.js";
import { toast } from "./page.js";

const ASK_EVERY_MS = 2_000;
const WORDS = {
  "demo.clips": (done, total) => `The demo world is still being made: ${done} of ${total} clips`,
  "demo.viewers": (done, total) => `The demo's viewers are watching: ${Math.floor((100 * done) / (total || 1))} %`,
  "demo.model": () => "The demo's first model is learning",
};

const pill = document.getElementById("work");

function show({ name, done, total }) {
  pill.querySelector("span").textContent = WORDS[name](done, total);
  const left = total ? 100 * (1 - done / total) : 100;
  pill.querySelector(".part").setAttribute("stroke-dashoffset", String(left));
}

/** Ask as long as something runs; tell the page (event `work`) whenever it got further. */
async function watchWork(before = "") {
  let told;
  try {
    told = await call("/v1/progress");
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    pill.hidden = true;
    return;
  }
  const running = told.tasks.find((task) => task.state === "running" && task.name in WORDS);
  pill.hidden = !running;
  const now = running ? `${running.name} ${running.done}` : "";
  if (now !== before) dispatchEvent(new Event("work"));
  if (!running) return;
  show(running);
  setTimeout(() => watchWork(now), ASK_EVERY_MS);
}

addEventListener("offline", () => toast("No connection. What you do is kept and sent later."));
addEventListener("online", () => toast("Connected again."));
watchWork();
