// What the pages of staff have in common: words for things, rows of lists, and saying why something was refused.

import { Refusal } from "../api.js";
import { element } from "../page.js";

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
const STANDINGS = {
  waiting: "waits for a grant",
  granted: "open now",
  refused: "refused",
  revoked: "ended early",
  ended: "over",
};

/** `account_recovery` → Account recovery */
export function titled(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** 1 May 2026, 12:00 UTC */
export function moment(iso) {
  const at = new Date(iso);
  return element("time", { datetime: iso }, `${DAY.format(at)}, ${TIME.format(at)} UTC`);
}

/** What somebody of the staff may do, in words. */
export function dutiesOf(staff) {
  return staff.duties.map(titled).join(", ") || "No duty any more";
}

/** The same to themself, after their name. */
export function knownAs(me) {
  return `${dutiesOf(me).toLowerCase()}. In the public log you are ${me.staff}.`;
}

export function standing(request) {
  const word = request.emergency && request.reviewed === null ? "to be reviewed" : STANDINGS[request.standing];
  return element("span", { class: `tag standing ${request.standing}` }, word ?? request.standing);
}

/** A request as a row that leads to its page. */
export function requestRow(request, mine) {
  const by = request.by === mine ? "you" : request.name || request.by;
  const asked = `${by}, ${TIME.format(new Date(request.at))} UTC · ${request.subject}${request.case ? ` · ${request.case}` : ""}`;
  const words = element("span", {}, `${titled(request.purpose)}: ${request.fields.join(", ")}`, element("span", { class: "quiet" }, asked));
  return element("li", {}, element("a", { href: `/staff/access/requests/${request.request}` }, words, standing(request)));
}

/** A proposal as lines: whom it makes what, by which key, and what of it is a change. */
export function proposed({ staff, keys, is_new: isNew, changes }) {
  const said = (value) => (Array.isArray(value) ? value.map((one) => (one.startsWith("SHA256:") ? one : titled(one))).join(", ") : value) || "none";
  const told = Object.entries(changes).filter(([name]) => !isNew || name === "account");
  const lines = [
    [dutiesOf(staff), " · ", element("code", {}, staff.staff), isNew ? " · new here" : ""],
    ["Key ", element("code", {}, keys.join(", ")), "keys" in changes ? "" : ", as before"],
    ...told.map(([name, [before, after]]) => [`${titled(name)}: ${said(before)} → ${said(after)}`]),
  ];
  return element("span", {}, staff.name, ...lines.map((line) => element("span", { class: "quiet" }, ...line)));
}

/** Put rows into the list of the section `id`, which shows only if there are any; `empty` says so in words instead. */
export function fill(id, rows, empty = "") {
  const section = document.getElementById(id);
  section.querySelector(":scope > ul").replaceChildren(...rows);
  section.querySelector(":scope > .quiet.empty")?.remove();
  if (!rows.length && empty) section.append(element("p", { class: "quiet empty" }, empty));
  section.hidden = !rows.length && !empty;
}

/** Say beside a form of few words why it was refused; "" takes that away. Throws what is no refusal. */
export function complain(form, error) {
  if (error && !(error instanceof Refusal)) throw error;
  const place = form.querySelector(":scope > .error");
  place.querySelector("span").textContent = error ? error.words : "";
  place.hidden = !error;
}

/** Say above the whole page what stands in the way; with the way to one's key where it is that. */
export function trouble(error) {
  if (error && !(error instanceof Refusal)) throw error;
  const place = document.getElementById("trouble");
  place.hidden = !error;
  if (!error) return;
  const lacksKey = ["no_key", "no_keys", "bad_act"].includes(error.code);
  const way = lacksKey ? [" ", element("a", { href: "/staff/access/key" }, "Your key")] : [];
  place.querySelector("span").replaceChildren(error.words, ...way);
}

/** Say that something was done, to eyes and to screen readers. */
export function done(words) {
  const place = document.getElementById("done");
  place.querySelector("span").textContent = words;
  place.hidden = !words;
}

/** What a form's button of several says. */
export function pressed(event) {
  return event.submitter?.value ?? "";
}

/** An id as acts name a person: `account:` may be left out. Throws `Refusal` for an e-mail, which must not be sent. */
export function person(text) {
  const told = text.trim();
  if (told.includes("@")) {
    const hint = "Here people are named by their account's id; `openforyou access ask` finds it by an e-mail.";
    throw new Refusal(0, { code: "no_mail_here", error: "That is an e-mail, and it was not sent.", hint, field: "subject" });
  }
  return /^[1-9A-HJ-NP-Za-km-z]{11}$/.test(told) ? `account:${told}` : told;
}
