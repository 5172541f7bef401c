// Yes and no: each answer is sent when it is pressed, and the page is drawn anew as the server then has it.

import { Refusal, call } from "./api.js";
import { clearErrors, showRefusal, whileWaiting } from "./forms.js";
import { toast } from "./page.js";

const OPEN = "open-clips";
const byId = (id) => document.getElementById(id);

/** Draw the page anew, with the same clips open and at the same place. */
function drawAnew() {
  const open = [...document.querySelectorAll("details[id][open]")].map((one) => one.id);
  sessionStorage.setItem(OPEN, JSON.stringify(open));
  location.reload();
}

for (const id of JSON.parse(sessionStorage.getItem(OPEN) ?? "[]")) byId(id)?.setAttribute("open", "");
sessionStorage.removeItem(OPEN);

async function send(button, path, method, body) {
  await whileWaiting(button.parentElement, async () => {
    try {
      const told = await call(path, { method, body });
      if (told?.refused) toast(`${told.refused} of your clips cannot be given it: somebody else said no.`);
      drawAnew();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      toast(error.words);
    }
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-put], button[data-post], button[data-delete]");
  if (!button) return;
  const { put, post, delete: gone, body, sure } = button.dataset;
  if (sure && !confirm(sure)) return;
  if (put) send(button, put, "PUT", JSON.parse(body));
  else if (post) send(button, post, "POST", {});
  else send(button, gone, "DELETE");
});

byId("invite")?.addEventListener("click", (event) =>
  whileWaiting(event.target.parentElement, async () => {
    try {
      const { code } = await call("/v1/guardian/invitations", { method: "POST" });
      byId("code").textContent = code.match(/.{1,4}/g).join(" ");
      byId("code").hidden = false;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      toast(error.words);
    }
  }),
);

byId("accept")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  whileWaiting(form, async () => {
    clearErrors(form);
    try {
      await call("/v1/guardian/wards", { method: "POST", body: { code: form.elements.code.value } });
      drawAnew();
    } catch (error) {
      showRefusal(form, error);
    }
  });
});
