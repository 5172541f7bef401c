// What is sent before a page's scripts are here waits for them. No module: those run before DOMContentLoaded, and this before all.

const early = new Map();

function hold(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
  early.set(event.target, event.submitter);
}

document.addEventListener("submit", hold, true);
document.addEventListener("DOMContentLoaded", () => {
  document.removeEventListener("submit", hold, true);
  for (const [form, button] of early) form.requestSubmit(button);
});
