// When to offer a pause: after so many minutes of watching as the viewer chose, and at the end of a series of slates.
// Never in the middle of a clip, and never when the viewer chose never.

const STORED_UNDER = "openforyou.watched";
export const SERIES_SLATES = 5;

export class Breaks {
  #everyMs;
  #watchedMs = Number(sessionStorage.getItem(STORED_UNDER)) || 0;
  #slatesAtLast = 0;

  constructor(minutes) {
    this.#everyMs = minutes * 60_000;
  }

  watched(ms) {
    this.#watchedMs += ms;
    sessionStorage.setItem(STORED_UNDER, String(this.#watchedMs));
  }

  /** What to offer now: `{ minutes }` or `{ clips }`; null when it is no time for a break. Offered once. */
  due(slates, clips) {
    if (!this.#everyMs) return null;
    if (this.#watchedMs >= this.#everyMs) {
      const minutes = Math.round(this.#watchedMs / 60_000);
      this.#restart(slates);
      return { minutes };
    }
    if (slates - this.#slatesAtLast < SERIES_SLATES) return null;
    this.#slatesAtLast = slates;
    return { clips };
  }

  #restart(slates) {
    this.#slatesAtLast = slates;
    this.#watchedMs = 0;
    sessionStorage.setItem(STORED_UNDER, "0");
  }
}
