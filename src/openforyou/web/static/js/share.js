// Passing a clip on: the device's own share sheet where there is one, else the address on the clipboard.

import { toast } from "./page.js";

/** True once it was passed on; false when the viewer thought better of it. */
export async function passOn(item) {
  const address = new URL(`/item/${item.id}`, location.href).href;
  if (navigator.share) {
    try {
      await navigator.share({ title: item.title, url: address });
      return true;
    } catch (error) {
      if (error.name === "AbortError") return false;
    }
  }
  try {
    await navigator.clipboard.writeText(address);
    toast("The link is copied.");
  } catch {
    toast(address); // No clipboard without a secure context: show it, to be copied by hand.
  }
  return true;
}
