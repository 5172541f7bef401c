// Accounts elsewhere: says what to put where, looks when asked, and shows what was seen instead.

import { Refusal, call } from "./api.js";
import { clearErrors, showRefusal, whileWaiting } from "./forms.js";
import { element, icon, toast } from "./page.js";

const PATH = "/v1/identities";
const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const byId = (id) => document.getElementById(id);
const form = byId("claim");
let platforms = [];

const day = (text) => DATE.format(new Date(text));

function proven(one) {
  const name = one.url
    ? element("a", { class: "plain", href: one.url, rel: "me noopener", target: "_blank" }, one.who)
    : element("span", {}, one.who);
  const since = `${one.title} · by ${one.how} · since ${day(one.proven_at)} · last seen ${day(one.checked_at)}`;
  const about = element("div", { class: "about" }, name, element("span", { class: "quiet" }, since));
  if (one.failure) {
    const ends = ` It ends on ${day(one.lapses_at)} unless it is seen again.`;
    about.append(element("p", { class: "failing" }, one.failure, ends));
  } else if (one.method === "sign-in") {
    about.append(element("span", { class: "quiet" }, `Sign in there again before ${day(one.expires_at)}`));
  }
  const label = `Withdraw ${one.who}`;
  const button = element("button", { class: "round", type: "button", "aria-label": label }, icon("trash"));
  button.addEventListener("click", () => change(`${PATH}/${one.id}`, "DELETE", `${one.who} is no longer shown.`));
  return element("li", {}, about, button);
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    toast("Select it and copy it by hand.");
  }
}

function step(one) {
  const made = element("li", {}, one.words);
  if (one.copy_text) {
    const button = element("button", { class: "button", type: "button" }, "Copy");
    button.addEventListener("click", () => copy(one.copy_text));
    made.append(element("div", { class: "copied" }, element("code", {}, one.copy_text), button));
  }
  if (one.link) {
    const away = element("a", { class: "plain", href: one.link, rel: "noopener" }, "Open");
    made.append(" ", away);
  }
  return made;
}

function challenge(one) {
  const name = one.who ? `${one.who} · ${one.title}` : one.title;
  const error = element("p", { class: "error", role: "alert", hidden: true }, icon("alert"), element("span"));
  const look = element("button", { class: "button main", type: "button" }, "Check now");
  const stop = element("button", { class: "button", type: "button" }, "Give up");
  const acts = element("div", { class: "acts" }, one.method === "sign-in" ? null : look, stop);
  const until = element("p", { class: "quiet" }, `By ${one.how}. The code holds until ${day(one.expires_at)}.`);
  const steps = element("ol", {}, ...one.steps.map(step));
  const made = element("li", { "data-challenge": one.id }, element("h3", {}, name), until, steps, error, acts);
  look.addEventListener("click", () =>
    whileWaiting(made, async () => {
      error.hidden = true;
      try {
        const seen = await call(`${PATH}/challenges/${one.id}/check`, { method: "POST" });
        toast(`${seen.who} is proven.`);
        await refresh();
      } catch (problem) {
        if (!(problem instanceof Refusal)) throw problem;
        error.querySelector("span").textContent = problem.words;
        error.hidden = false;
      }
    }),
  );
  stop.addEventListener("click", () => change(`${PATH}/challenges/${one.id}`, "DELETE", "Given up."));
  return made;
}

async function change(path, method, words) {
  try {
    await call(path, { method });
    toast(words);
    await refresh();
  } catch (problem) {
    if (!(problem instanceof Refusal)) throw problem;
    toast(problem.words);
  }
}

function offerMethods() {
  const chosen = platforms.find((one) => one.name === byId("platform").value);
  byId("method").replaceChildren(...(chosen?.methods ?? []).map(({ name, title }) => new Option(title, name)));
}

async function refresh() {
  const told = await call(PATH);
  byId("proven").replaceChildren(...told.proven.map(proven));
  byId("proven").setAttribute("aria-busy", "false");
  byId("none-proven").hidden = told.proven.length > 0;
  byId("challenges").replaceChildren(...told.challenges.map(challenge));
  byId("begun").hidden = told.challenges.length === 0;
  if (platforms.length === 0) {
    platforms = told.platforms;
    byId("platform").replaceChildren(...platforms.map(({ name, title }) => new Option(title, name)));
    offerMethods();
    byId("begin").disabled = false;
  }
}

if (form) {
  byId("platform").addEventListener("change", offerMethods);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    whileWaiting(form, async () => {
      clearErrors(document);
      const claim = Object.fromEntries(new FormData(form));
      try {
        await call(PATH, { method: "POST", body: claim });
        form.elements.who.value = "";
        await refresh();
        byId("begun-head").focus();
        byId("begun").scrollIntoView({ block: "start" });
      } catch (problem) {
        showRefusal(form, problem);
        if (problem.field === "") toast(problem.words);
      }
    });
  });
  const named = new URLSearchParams(location.search).get("proven");
  if (named) {
    toast(`${named} is proven.`);
    history.replaceState(null, "", location.pathname);
  }
  try {
    await refresh();
  } catch (problem) {
    if (!(problem instanceof Refusal)) throw problem;
    toast(problem.words, { act: "Again", does: () => location.reload() });
  }
}
