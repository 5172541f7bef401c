// One request: what it says, what can be done with it, and what it opened, which goes away by itself when its time is over.

import { Refusal } from "../api.js";
import { whileWaiting } from "../forms.js";
import { data, element } from "../page.js";
import { act, facts } from "./acts.js";
import { complain, done, moment, pressed, standing, titled, trouble } from "./drawing.js";

const WORDS = data("field-words");
const LOG_WORDS = "Waiting until the public log holds the record…";
const SAID = {
  refuse: () => "Refused. The person reads that it was asked for, and refused.",
  revoke: () => "Ended. Nothing of it opens any more.",
  review: ({ right }) => (right ? "Reviewed: it was as it should be." : "Reviewed: it was wrong."),
  delay: ({ delay }) => (delay ? `Agreed: the person is told ${delay} days after the grant.` : "No: the person is told at once."),
  grant: (told) => (told.until ? "Granted. Its record stands in the public log." : `Your word counts. It waits for ${told.waits_for}.`),
};
const facts_ = document.getElementById("facts");
const opened = document.getElementById("opened");
const id = facts_.dataset.request;
const AWAY = ["offline", "unanswered", "broker_unavailable", "too_many"];
const ENDED_MS = 15_000; // So often it is asked whether somebody ended what is open here.
let timers = [];

// What it says

function fact(name, ...value) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, ...value));
}

function names(fields) {
  return fields.map((name) => WORDS[name] ?? name).join(", ");
}

function caseOf(request) {
  const fits = { true: " (open, and about that person)", false: " (not an open case about that person)" };
  return `${request.case}${fits[request.case_fits] ?? ""}`;
}

function drawFacts(request, mine) {
  document.getElementById("title").textContent = titled(request.purpose);
  const by = request.by === mine ? "You" : request.name;
  const rows = [
    fact("Person", element("code", {}, request.subject)),
    fact("Sees", names(request.fields)),
    fact("For", `${request.minutes} minutes from the grant`),
    request.case ? fact("Case", caseOf(request)) : null,
    fact("Asked", `${by}, ${request.duty}, `, moment(request.at)),
    request.until ? fact("Until", moment(request.until)) : null,
    request.grants.length ? fact("Granted", `by ${request.grants.join(", ")}`) : null,
    fact("Read", request.reads ? `${request.reads} ${request.reads === 1 ? "time" : "times"}` : "Never"),
    request.delay_days ? fact("Told", `${request.delay_days} days later: ${request.order}`) : null,
    request.protected ? fact("Protected", "Two grants, one by a reviewer, and an hour at most") : null,
  ];
  const head = element("header", {}, element("p", { class: "does" }, request.words), element("p", { class: "tags" }, standing(request)));
  facts_.replaceChildren(head, element("dl", { class: "dates" }, ...rows.filter(Boolean)));
}

// What can be done with it

/** The acts whose turn it is; whether one of the others may be, the broker says. */
function fitting(request, look) {
  if (!request) return [];
  const isMine = request.by === look.me.staff;
  const waits = look.waiting.some((one) => one.request === id);
  const undecided = request.delay_days > 0 && request.delay_agreed === null && request.standing === "waiting";
  return [
    waits && undecided && look.me.duties.includes("reviewer") ? "delay" : "",
    waits && request.standing === "waiting" && !undecided ? "grant" : "",
    waits && request.standing === "waiting" ? "refuse" : "",
    isMine && request.standing === "granted" ? "read" : "",
    waits && request.emergency && request.reviewed === null ? "review" : "",
    (isMine && request.standing === "waiting") || request.standing === "granted" ? "revoke" : "",
  ];
}

function drawDeeds(request, look) {
  const now = fitting(request, look);
  const others = document.querySelector("#others .deeds");
  for (const deed of document.querySelectorAll("[data-deed]")) {
    const place = now.includes(deed.dataset.deed) ? document.getElementById("fitting") : others;
    place.append(deed);
    deed.hidden = false;
  }
  document.getElementById("others").hidden = false;
}

async function draw() {
  trouble(null);
  try {
    const look = await act("look");
    const request = [...look.waiting, ...look.requests].find((one) => one.request === id);
    if (request) drawFacts(request, look.me.staff);
    else facts_.replaceChildren(element("p", { class: "quiet" }, "Your duties do not show you what this request says, or there is none of this id."));
    drawDeeds(request, look);
  } catch (error) {
    facts_.replaceChildren(element("p", { class: "quiet" }, "Nothing is known of it here."));
    trouble(error);
  } finally {
    facts_.removeAttribute("aria-busy");
  }
}

function bodyOf(deed, form, value) {
  const words = form.elements.words?.value;
  if (deed === "delay") return { request: id, agree: value === "yes" };
  if (deed === "review") return { of: id, right: value === "yes", words };
  return words === undefined ? { request: id } : { request: id, words };
}

async function does(deed, form, value) {
  complain(form, null);
  done(deed === "grant" || deed === "read" ? LOG_WORDS : "");
  try {
    const { ahead } = deed === "read" ? await facts() : {}; // A look is spent once it was entered: nothing comes between.
    const told = await act(deed, bodyOf(deed, form, value));
    done(SAID[deed]?.(told) ?? "");
    if (deed === "read") show(told, ahead);
    if (deed === "revoke") putAway();
    form.reset();
    await draw();
  } catch (error) {
    done("");
    complain(form, error);
  }
}

// What it opened

/** Show the values, until the time is over by the server's clock, or by how long this page has been there. */
function show(told, ahead) {
  const left = Date.parse(told.until) - (Date.now() + ahead);
  const [byClock, byPage] = [Date.now() + left, performance.now() + left];
  const values = Object.entries(told.values).map(([name, value]) => fact(WORDS[name] ?? name, value));
  const absent = told.absent.map((name) => fact(WORDS[name] ?? name, element("span", { class: "quiet" }, "Nothing is kept")));
  opened.querySelector("dl").replaceChildren(...values, ...absent);
  opened.dataset.mark = `${told.mark.split(",")[0]} · `.repeat(40);
  document.getElementById("mark").textContent = told.mark;
  document.getElementById("until").replaceChildren(moment(told.until));
  opened.hidden = false;
  const look = () => {
    const seconds = Math.ceil(Math.min(byClock - Date.now(), byPage - performance.now()) / 1000);
    if (seconds <= 0) return void over();
    const [minutes, rest] = [Math.floor(seconds / 60), String(seconds % 60).padStart(2, "0")];
    document.getElementById("left").textContent = `${minutes}:${rest}`;
  };
  timers.forEach(clearInterval);
  timers = [setInterval(look, 500), setInterval(lookWhetherEnded, ENDED_MS)];
  look();
  opened.focus();
}

/** Nothing of what was opened stays in the page. */
function putAway() {
  timers.forEach(clearInterval);
  opened.hidden = true;
  delete opened.dataset.mark;
  opened.querySelector("dl").replaceChildren();
  for (const name of ["mark", "until", "left"]) document.getElementById(name).replaceChildren();
}

function over(why = "Its time is over") {
  putAway();
  done(`${why}, and what it showed is gone from this page. Ask anew if you need it: a grant is not prolonged.`);
  draw();
}

/** A colleague's word ends what stands here, and so does the end of one's duties. While the broker is away, the time runs. */
async function lookWhetherEnded() {
  let why = "";
  try {
    const { requests } = await act("look");
    const request = requests.find((one) => one.request === id);
    if (request?.standing !== "granted") why = "It was ended";
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (!AWAY.includes(error.code)) why = error.message.replace(/[.]$/, "");
  }
  if (why && !opened.hidden) over(why);
}

for (const deed of document.querySelectorAll("[data-deed]")) {
  const form = deed.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    whileWaiting(form, () => does(deed.dataset.deed, form, pressed(event)));
  });
}
document.getElementById("hide").addEventListener("click", putAway);
addEventListener("pagehide", putAway);
draw();
