// What the buttons of a clip do. Deeds take effect on the page at once, and the event that tells the server waits in the
// queue and is not lost; choices of what comes next take effect once the server has them.

import { Refusal, call } from "./api.js";
import { queue } from "./events.js";
import { showKeys } from "./keys.js";
import { forbids, nameOf, unmute } from "./mutes.js";
import { openNone } from "./none.js";
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
    openWhy(clip, { wish: () => this.wish(clip), less: () => this.less(clip), none: () => this.none(clip) });
  }

  more(clip) {
    const sheet = openSheet("more");
    const does = {
      wish: () => this.wish(clip),
      none: () => this.none(clip),
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
    this.#stage.renew((_, ahead) => ahead > 0);
    toast("Understood: less like that.");
  }

  /** More like it: what waits behind the next clip is asked for anew. */
  async wish(clip) {
    const path = `/v1/wishes/${clip.item.id}`;
    clip.acted();
    if (!(await this.#chosen(() => call(path, { method: "PUT" })))) return;
    this.#stage.renew((_, ahead) => ahead > 1);
    const takeBack = () => this.#takeBack(() => call(path, { method: "DELETE" }));
    toast("Understood: more like that.", { act: "Take back", does: takeBack });
  }

  /** None of its creator, sound, topics, or of a word: what waits and carries it is not shown. */
  none(clip) {
    clip.acted();
    openNone(clip.item, (muted) => {
      const isWord = muted.kind === "word"; // Which clips hold it is the server's to say.
      this.#stage.renew((item, ahead) => forbids(muted, item) || (isWord && ahead > 0));
      const where = this.#stage.surface === "for_you" ? "" : " in For You";
      const does = () => this.#takeBack(() => unmute(muted));
      toast(`Muted${where}: ${nameOf(muted)}.`, { act: "Take back", does });
    });
  }

  async #takeBack(act) {
    if (!(await this.#chosen(act))) return;
    this.#stage.renew((_, ahead) => ahead > 1);
    toast("Taken back.");
  }

  /** Tell the server a choice; false where it refuses, which is said. */
  async #chosen(act) {
    try {
      await act();
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      toast(error.words);
      return false;
    }
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
