// "Check this number": a sheet in which the browser downloads the whole log, counts this item anew and says what it
// found. check/verdict.js does the work; this shows it, asks before a large download, and can be stopped.

import { toHex } from "./check/bytes.js";
import { Broken } from "./check/note.js";
import { check, head } from "./check/verdict.js";
import { data, element, icon } from "./page.js";
import { openSheet } from "./sheets.js";

const ASK_FROM_BYTES = 3_000_000;
const WORDS = {
  served: "Offered",
  impressions: "On screen",
  views: "Views",
  watch_ms: "Watched, in ms",
  completions: "To the end",
  skips: "Skipped",
  likes: "Likes",
  shares: "Shares",
  not_interested: "Not interested",
  reports: "Reports",
};
const GROUPED = new Intl.NumberFormat("en");
const shown = data("counted");
let running = null;

function megabytes(bytes) {
  const size = bytes / 1_000_000;
  return size < 0.1 ? "less than 0.1 MB" : `${size.toFixed(1)} MB`;
}

function button(words, act, kind = "") {
  const made = element("button", { class: `button ${kind}`.trim(), type: "button" }, words);
  made.addEventListener("click", act);
  return made;
}

function leaves(count) {
  return count === 1 ? "1 leaf" : `${GROUPED.format(count)} leaves`;
}

// What the sheet shows, by how far it is

function toAsk(body, begun, start) {
  const words = `To count for yourself, the browser downloads the whole log: ${leaves(begun.checkpoint.size)}, about ${megabytes(begun.bytes)}.`;
  body.replaceChildren(element("p", { class: "lead" }, words), button("Download and count", start, "main"));
  body.querySelector("button").focus();
}

function toWait(body, total, stop) {
  const bar = element("progress", { max: total || 1, value: 0, "aria-label": "Leaves counted" });
  const line = element("p", { class: "quiet far", "aria-live": "off" }, "Asking for the log");
  body.replaceChildren(element("p", { class: "lead" }, "Counting in your browser"), bar, line, button("Stop", stop));
  return (done, bytes) => {
    bar.value = done;
    line.textContent = `${GROUPED.format(done)} of ${leaves(total)}, ${megabytes(bytes)}`;
  };
}

function verdictOf(found, name) {
  const row = found.rows.find((one) => one.name === name);
  const good = row.shown === row.counted && !found.problems.length;
  const words =
    row.shown === row.counted
      ? `${WORDS[name]}: ${GROUPED.format(row.shown)} shown, ${GROUPED.format(row.counted)} counted.`
      : `${WORDS[name]}: ${GROUPED.format(row.shown)} shown, but ${GROUPED.format(row.counted)} counted.`;
  return element("p", { class: `verdict ${good ? "good" : "bad"}` }, icon(good ? "done" : "alert"), element("span", {}, words));
}

function tableOf(found, name) {
  const rows = found.rows.map((row) => {
    const same = row.shown === row.counted;
    const mark = element("td", { class: same ? "good" : "bad" }, icon(same ? "check" : "close"));
    mark.append(element("span", { class: "unseen" }, same ? "the same" : "not the same"));
    return element(
      "tr",
      { class: row.name === name ? "asked" : null },
      element("th", { scope: "row" }, WORDS[row.name]),
      element("td", {}, GROUPED.format(row.shown)),
      element("td", {}, GROUPED.format(row.counted)),
      mark,
    );
  });
  const headings = ["Number", "Shown", "Counted", ""].map((words) =>
    words ? element("th", { scope: "col" }, words) : element("td"),
  );
  return element(
    "table",
    { class: "counted" },
    element("caption", { class: "unseen" }, "All numbers of this clip"),
    element("thead", {}, element("tr", {}, ...headings)),
    element("tbody", {}, ...rows),
  );
}

function factsOf(found, { checkpoint, vkey }) {
  const signature = {
    true: `Signed by ${vkey.name}, the key that the log serves`,
    null: `Signed, says the log, by ${vkey.name}; this browser cannot verify Ed25519 here, so that was not checked`,
  }[found.signed];
  const facts = [
    `${leaves(found.leaves)} counted, ${megabytes(found.bytes)}; the numbers hold at the first ${GROUPED.format(shown.log_size)}`,
    signature,
    witnessesOf(found.cosigners),
  ];
  if (found.frozenAt !== null) {
    facts.unshift(`A published rule freezes these numbers as they were at leaf ${GROUPED.format(found.frozenAt)}`);
  }
  const root = element("li", {}, "Root of the tree: ", element("code", {}, toHex(found.root)));
  return element("ul", { class: "facts" }, ...facts.map((fact) => element("li", {}, fact)), root);
}

function witnessesOf(cosigners) {
  if (!cosigners.length) return "No witness cosigned it: nobody but this server saw this tree";
  const told = cosigners.map(({ name, good }) => {
    const how = { true: "verified", false: "not good", null: "not checked here" }[good];
    return `${name} (${how})`;
  });
  return `Cosigned by ${told.join(", ")}`;
}

function limits() {
  const link = element("a", { class: "plain", href: "/log" }, "How to verify from outside");
  return element("p", { class: "quiet" }, "This ran in your browser, but the program came from this server. Who trusts nobody uses a program of their own. ", link);
}

function toTell(body, found, begun, name) {
  const problems = found.problems.map((words) => element("li", {}, words));
  body.replaceChildren(
    verdictOf(found, name),
    ...(problems.length ? [element("ul", { class: "facts bad" }, ...problems)] : []),
    tableOf(found, name),
    factsOf(found, begun),
    limits(),
  );
}

function toRefuse(body, words, again) {
  body.replaceChildren(
    element("p", { class: "verdict bad" }, icon("alert"), element("span", {}, words)),
    button("Try again", again),
    limits(),
  );
}

// The run

async function run(body, name, signal, wanted) {
  const begun = await head(signal);
  if (!wanted && begun.bytes > ASK_FROM_BYTES) {
    toAsk(body, begun, () => start(body, name, true));
    return;
  }
  const progress = toWait(body, begun.checkpoint.size, () => running?.abort());
  const found = await check(shown, begun, signal, progress);
  toTell(body, found, begun, name);
}

async function start(body, name, wanted = false) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  toWait(body, 0, () => mine.abort());
  body.setAttribute("aria-busy", "true");
  try {
    await run(body, name, mine.signal, wanted);
  } catch (error) {
    const again = () => start(body, name, true);
    if (running !== mine) return;
    if (mine.signal.aborted) {
      body.replaceChildren(element("p", { class: "lead" }, "Stopped. Nothing was found out."), button("Try again", again));
    } else if (error instanceof Broken) toRefuse(body, error.message, again);
    else throw error;
  } finally {
    if (running === mine) body.removeAttribute("aria-busy");
  }
}

for (const control of document.querySelectorAll("[data-check]")) {
  control.addEventListener("click", () => {
    const sheet = openSheet("check");
    sheet.addEventListener("close", () => running?.abort(), { once: true });
    start(sheet.querySelector(".body"), control.dataset.check);
  });
}
