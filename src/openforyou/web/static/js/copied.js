// What its uploader is told of a clip that was taken for somebody else's: whose it is, and the way to dispute it.

import { element } from "./page.js";

const NAMED = / \(\/item\/[\w-]{11}\)|(?<!\w)@[a-z0-9](?:[a-z0-9._]*[a-z0-9])?/g;

/** The words of a reason as nodes: a handle leads to its page; the clip's address is left to the links behind. */
export function linked(words) {
  const nodes = [];
  let end = 0;
  for (const found of words.matchAll(NAMED)) {
    nodes.push(words.slice(end, found.index));
    if (found[0].startsWith("@")) nodes.push(element("a", { class: "plain", href: `/${found[0]}` }, found[0]));
    end = found.index + found[0].length;
  }
  return [...nodes, words.slice(end)];
}

/** Links to a dispute with the clip that `item` was taken for, and to that clip, where it may be seen. */
export function disputeOf(item) {
  const dispute = element("a", { href: `/claim?kind=copy&item=${item.id}&other=${item.copy_of}` }, "Dispute");
  if (item.status === "refused" && !item.reason.includes(item.copy_of)) return element("span", {}, dispute);
  const theirs = element("a", { class: "plain", href: `/item/${item.copy_of}` }, "See the other clip");
  return element("span", {}, dispute, " · ", theirs);
}
