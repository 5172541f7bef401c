// Telling one tap from two, on a surface that scrolls.

const SECOND_TAP_MS = 260;
const SECOND_TAP_PX = 48;

/** Calls `once()` for a tap, `twice(x, y)` for a double tap (offsets within `surface`), and for each tap after it. */
export function onTaps(surface, { once, twice }) {
  let waiting = 0;
  let last = { at: -Infinity, x: 0, y: 0 };
  surface.addEventListener("click", (event) => {
    if (event.detail === 0) return once(); // A key or a screen reader: never the first half of a double tap.
    const box = surface.getBoundingClientRect();
    const tap = { at: event.timeStamp, x: event.clientX - box.left, y: event.clientY - box.top };
    const near = Math.hypot(tap.x - last.x, tap.y - last.y) < SECOND_TAP_PX;
    const isSecond = near && tap.at - last.at < SECOND_TAP_MS;
    last = tap;
    clearTimeout(waiting);
    if (isSecond) twice(tap.x, tap.y);
    else waiting = setTimeout(once, SECOND_TAP_MS);
  });
}
