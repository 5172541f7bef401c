// The overview: who one is, what waits for one's word, what is open, and what else one's duties show.

import { Refusal } from "../api.js";
import { whileWaiting } from "../forms.js";
import { element } from "../page.js";
import { act } from "./acts.js";
import { complain, fill, knownAs, moment, pressed, proposed, requestRow, titled, trouble } from "./drawing.js";

const me = document.getElementById("me");

function drawMe(mine) {
  document.getElementById("me-words").textContent = `${mine.name}: ${knownAs(mine)}`;
}

function alarmRow(alarm) {
  const words = element("span", {}, titled(alarm.kind), element("span", { class: "quiet" }, moment(alarm.at)));
  const tag = element("span", { class: "tag" }, alarm.reviewed_by ? "reviewed" : "to be reviewed");
  const row = element("li", { class: "alarm" }, element("div", {}, words, tag), element("p", {}, alarm.words));
  const links = alarm.requests.map((id) => element("a", { class: "plain", href: `/staff/access/requests/${id}` }, id));
  if (links.length) row.append(element("p", { class: "quiet about" }, "About ", ...links.flatMap((link, place) => (place ? [", ", link] : [link]))));
  if (!alarm.reviewed_by) row.append(reviewOf(alarm.alarm));
  return row;
}

function reviewOf(alarm) {
  const fold = document.getElementById("review").content.cloneNode(true).firstElementChild;
  const form = fold.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    complain(form, null);
    whileWaiting(form, async () => {
      try {
        await act("review", { of: alarm, right: pressed(event) === "yes", words: form.elements.words.value });
        await draw();
      } catch (error) {
        complain(form, error);
      }
    });
  });
  return fold;
}

function proposalRow(proposal) {
  return element("li", {}, element("div", {}, proposed(proposal)));
}

/** Why nothing opens at all. */
function closed(why) {
  const hint = "Nothing opens until two administrators settle it, under Staff.";
  return new Refusal(0, { code: "access_closed", error: `Access is closed: ${why.replace(/[.]$/, "")}.`, hint });
}

function drawStranger() {
  document.getElementById("me-words").textContent = "Not known here yet.";
  const next = document.getElementById("me-next");
  next.href = "/staff/access/key";
  next.textContent = "Your key";
}

async function draw() {
  trouble(null);
  try {
    const told = await act("look");
    drawMe(told.me);
    const waiting = new Set(told.waiting.map(({ request }) => request));
    const open = told.requests.filter((one) => one.standing === "granted" && one.by === told.me.staff);
    const rest = told.requests.filter((one) => !waiting.has(one.request) && !open.includes(one));
    fill("waiting", told.waiting.map((one) => requestRow(one, told.me.staff)), "Nothing.");
    fill("open", open.map((one) => requestRow(one, told.me.staff)));
    fill("requests", rest.map((one) => requestRow(one, told.me.staff)));
    fill("alarms", told.alarms.map(alarmRow));
    fill("proposals", told.proposals.map(proposalRow));
    if (told.closed) trouble(closed(told.closed));
  } catch (error) {
    drawStranger();
    trouble(error);
  } finally {
    me.removeAttribute("aria-busy");
  }
}

draw();
