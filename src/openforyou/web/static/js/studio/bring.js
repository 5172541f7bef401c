// Sends files as they are, and brings what was made into the catalogue: what the studio and lip-sync share.

import { Refusal, call, read } from "../api.js";
import { showRefusal } from "../forms.js";
import { element, icon } from "../page.js";

const ASK_EVERY_MS = 1_000;

/** POST a file as the body. Throws `Refusal`. */
export async function send(path, query, body) {
  let response;
  try {
    const address = `${path}?${new URLSearchParams(query)}`;
    response = await fetch(address, { method: "POST", body, credentials: "same-origin" });
  } catch {
    throw new Refusal(0, { code: "offline", error: "The server does not answer.", hint: "Try again." });
  }
  return read(response);
}

/** The sounds that one may use, as options of a select; resolves to them by id. */
export async function offerSounds(select, wanted) {
  const { sounds } = await call("/v1/sounds?usable=true");
  for (const sound of sounds) select.append(element("option", { value: sound.id }, `${sound.title} · ${sound.owner}`));
  if (sounds.some((sound) => sound.id === wanted)) select.value = wanted;
  return new Map(sounds.map((sound) => [sound.id, sound]));
}

/** The form that publishes: what was made under `job()` becomes an item. */
export function listenToPublish(form, job, kind) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const rights = [...form.querySelectorAll('[name="rights"]:checked')].map((box) => box.value);
    const button = form.querySelector('[type="submit"]');
    button.disabled = true;
    try {
      const body = { title: form.title.value.trim(), rights };
      const { item_id: id } = await call(`/v1/studio/renders/${job()}/publish`, { method: "POST", body });
      form.hidden = true;
      await follow(id, rights, kind);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const place = form.querySelector("#publish-refused");
      place.querySelector("span").textContent = error.words;
      place.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
}

async function follow(id, rights, kind) {
  const panel = document.getElementById("finished");
  panel.hidden = false;
  panel.replaceChildren(element("span", { class: "spinner" }), element("p", {}, "It is made ready to play…"));
  for (;;) {
    const { items } = await call("/v1/uploads").catch(() => ({ items: [] }));
    const item = items.find((one) => one.id === id);
    if (item && !["queued", "processing"].includes(item.status)) return finish(panel, item, rights, kind);
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

function finish(panel, item, rights, kind) {
  const good = item.status === "published";
  const shown = good && rights.includes("show");
  const words = shown ? "It can be watched now." : good ? "Nobody sees it until you allow to show it." : item.reason;
  const [href, label] = shown ? [`/item/${item.id}`, "Watch it"] : ["/uploads", "My clips"];
  panel.replaceChildren(
    icon(good ? "done" : "alert"),
    element("h2", { tabindex: "-1" }, good ? `Your ${kind} is ready` : `Your ${kind} is not published`),
    element("p", { class: "quiet" }, words),
    element("div", { class: "choices" }, element("a", { class: "button main", href }, label)),
  );
  panel.querySelector("h2").focus();
}

/** Show why in the form, where it is a refusal. */
export function refuse(form, error, field) {
  showRefusal(form, error, { file: field, name: field, shots: field });
}
