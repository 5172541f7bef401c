// A creator's page: following, and posters that move.

import "./grid.js";
import { queue } from "./events.js";
import { compact, toast } from "./page.js";

const button = document.getElementById("follow");
const followers = document.getElementById("followers");

function show(following) {
  button.setAttribute("aria-pressed", String(following));
  button.classList.toggle("main", !following);
  button.textContent = following ? "Following" : "Follow";
}

button?.addEventListener("click", () => {
  const following = button.getAttribute("aria-pressed") !== "true";
  show(following);
  followers.dataset.followers = Number(followers.dataset.followers) + (following ? 1 : -1);
  followers.textContent = compact(Number(followers.dataset.followers));
  const subject = { id: "", feed_context: button.dataset.context, creator: { id: button.dataset.creator } };
  queue.add(following ? "follow" : "unfollow", subject);
  queue.flush();
});

queue.onRefused = (event, result) => toast([result.error, result.hint].filter(Boolean).join(" "));
