// What the buttons of a clip do. Each takes effect on the page at once; the event that tells the server waits in the
// queue and is not lost.

import { queue } from "./events.js";
import { showKeys } from "./keys.js";
import { toast } from "./page.js";
import { passOn } from "./share.js";
import { openSheet } from "./sheets.js";
import { openWhy } from "./why.js";

export class Actions {
  #stage;

  constructor(stage) {
    this.#stage = stage;
  }

  /** The hooks that clips are given, with the stage's own two. */
  hooks(own) {
    return {
      ...own,
      like: (clip, how) => this.like(clip, how),
      follow: (clip) => this.follow(clip),
      share: (clip) => this.share(clip),
      why: (clip) => this.why(clip),
      more: (clip) => this.more(clip),
    };
  }

  /** Like, or take it back; `only` (a double tap) never takes it back, and shows the heart where it was tapped. */
  like(clip, { only = false, x, y }) {
    const liked = only || !clip.item.liked;
    if (liked) clip.burst(x, y);
    if (liked === clip.item.liked) return;
    clip.setLiked(liked);
    clip.acted();
    if (liked) clip.node.querySelector(".like").classList.add("pop");
    queue.add(liked ? "like" : "unlike", clip.item);
  }

  follow(clip) {
    const following = !clip.item.creator.following;
    for (const other of this.#stage.clips) {
      if (other.item.creator.id === clip.item.creator.id) other.setFollowing(following);
    }
    clip.acted();
    queue.add(following ? "follow" : "unfollow", clip.item);
  }

  async share(clip) {
    if (!(await passOn(clip.item))) return;
    clip.acted();
    clip.setShares(clip.item.counts.shares + 1);
    queue.add("share", clip.item);
  }

  why(clip) {
    openWhy(clip, { less: () => this.less(clip) });
  }

  more(clip) {
    const sheet = openSheet("more");
    const does = {
      less: () => this.less(clip),
      why: () => this.why(clip),
      keys: showKeys,
      report: () => this.report(clip),
    };
    sheet.querySelector('[data-do="open"]').href = `/item/${clip.item.id}`;
    for (const [name, act] of Object.entries(does)) {
      sheet.querySelector(`[data-do="${name}"]`).onclick = () => {
        sheet.close();
        act();
      };
    }
  }

  less(clip) {
    clip.acted();
    queue.add("not_interested", clip.item);
    queue.flush();
    this.#stage.drop();
    toast("Understood: less like that.");
  }

  report(clip) {
    const sheet = openSheet("report");
    const form = sheet.querySelector("form");
    form.reset();
    form.onsubmit = () => {
      const told = new FormData(form);
      const detail = [told.get("reason"), told.get("words").trim()].filter(Boolean).join(": ");
      clip.acted();
      queue.add("report", clip.item, { detail });
      queue.flush();
      this.#stage.drop();
      toast("Thank you. The report is on its way, and you will not see that clip again.");
    };
  }
}
