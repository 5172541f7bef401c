// When each shot is on screen: the same sums as the renderer's (ingest/studio/timeline.py), from the same storyboard.

const [SHOT_MS_MIN, MOVED_MS_MAX, ZOOM, PAN, RAMP] = [400, 1_000, 0.12, 0.5, 0.18];

export function eased(given, ramp = RAMP) {
  const share = Math.min(1, Math.max(0, given));
  const top = 1 / (1 - ramp);
  if (share < ramp) return (0.5 * top * share * share) / ramp;
  if (share > 1 - ramp) return 1 - (0.5 * top * (1 - share) ** 2) / ramp;
  return top * (share - 0.5 * ramp);
}

/** How near the eye is, and how far sideways. */
export function camera(motion, progress) {
  const way = eased(progress);
  if (motion === "in") return [1 + ZOOM * way, 0];
  if (motion === "out") return [1 + ZOOM * (1 - way), 0];
  if (motion === "left") return [1 + ZOOM, PAN * (1 - 2 * way)];
  if (motion === "right") return [1 + ZOOM, PAN * (2 * way - 1)];
  return [1, 0];
}

export const nearest = (fit, motion) => (fit === "whole" && motion !== "none" ? 1 / (1 + ZOOM) : 1);

export function onBeat(cuts, beats) {
  const moved = [0];
  for (const cut of cuts.slice(1)) {
    const least = moved.at(-1) + SHOT_MS_MIN;
    let place = beats.findIndex((beat) => beat >= cut);
    if (place < 0) place = beats.length;
    const near = beats
      .slice(Math.max(0, place - 1), place + 1)
      .filter((beat) => beat >= least && Math.abs(beat - cut) <= MOVED_MS_MAX)
      .toSorted((a, b) => Math.abs(a - cut) - Math.abs(b - cut) || a - b);
    moved.push(Math.max(near[0] ?? cut, least));
  }
  return moved;
}

export class Timeline {
  constructor(board) {
    let cuts = [0];
    for (const shot of board.shots) cuts.push(cuts.at(-1) + shot.duration_ms);
    const beats = board.beats_ms ?? [];
    if (beats.length) cuts = onBeat(cuts, beats.map((beat) => beat - (board.sound_from_ms ?? 0)));
    this.cuts = cuts;
    this.fades = board.shots.map((shot, number) => {
      if (number === 0 || shot.transition === "cut") return 0;
      const around = [number - 1, number].map((place) => cuts[place + 1] - cuts[place]);
      return Math.min(board.transition_ms ?? 400, ...around);
    });
  }

  get total() {
    return this.cuts.at(-1);
  }

  seen(index) {
    const after = index + 1 < this.fades.length ? this.fades[index + 1] / 2 : 0;
    return [Math.max(0, this.cuts[index] - this.fades[index] / 2), this.cuts[index + 1] + after];
  }

  at(ms) {
    const count = this.fades.length;
    let index = 0;
    while (index + 1 < count && this.cuts[index + 1] <= ms) index += 1;
    if (index + 1 < count && ms >= this.cuts[index + 1] - this.fades[index + 1] / 2) index += 1;
    const fade = this.fades[index];
    const begun = this.cuts[index] - fade / 2;
    const progress = this.#progress(index, ms);
    if (index === 0 || !fade || ms >= begun + fade) return { index, progress, before: null, beforeProgress: 0, mix: 1 };
    const mix = eased((ms - begun) / fade, 0.5);
    return { index, progress, before: index - 1, beforeProgress: this.#progress(index - 1, ms), mix };
  }

  #progress(index, ms) {
    const [start, end] = this.seen(index);
    return Math.min(1, Math.max(0, (ms - start) / (end - start)));
  }
}
