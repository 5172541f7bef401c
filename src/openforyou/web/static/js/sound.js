// Sound is off until somebody asks for it, and then on for the whole session of the tab. One control for all clips.
// A browser may refuse to be heard before the page was touched; then the wish stays, and the first touch fulfils it.

const STORED_UNDER = "openforyou.sound";

class Sound extends EventTarget {
  #wanted = sessionStorage.getItem(STORED_UNDER) === "on";
  #refused = false;

  /** Whether clips are heard now. */
  get on() {
    return this.#wanted && !this.#refused;
  }

  /** False until the control was used in this tab: then it explains itself. */
  get everAsked() {
    return sessionStorage.getItem(STORED_UNDER) !== null;
  }

  toggle() {
    this.#wanted = !this.on;
    this.#refused = false;
    sessionStorage.setItem(STORED_UNDER, this.#wanted ? "on" : "off");
    this.#tell();
  }

  /** The browser refused. */
  refuse() {
    this.#refused = true;
    this.#tell();
    const again = () => {
      for (const type of ["pointerup", "keyup"]) removeEventListener(type, again);
      if (!this.#refused) return; // It was the control itself.
      this.#refused = false;
      this.#tell();
    };
    for (const type of ["pointerup", "keyup"]) addEventListener(type, again);
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

export const sound = new Sound();
