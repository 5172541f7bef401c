// The list of clips and cards, of which only a window around the current one is in the page. It knows nodes and places;
// what an entry does is the stage's affair.

const BEHIND = 3; // In the page before the current one; further back they are made again from their data.
const AHEAD = 4;
const KEPT_MAX = 200; // Entries kept for going back.

/** An entry is `{ item }` or `{ card: true, make }`; in the page it has a `node`, and a clip a `clip`. */
export class List {
  #entries = [];
  #cast;
  at = -1;

  /** `cast(item, node?)` makes the clip of an item, of a node that is in the page or of a new one. */
  constructor(root, cast) {
    this.root = root;
    this.#cast = cast;
  }

  get length() {
    return this.#entries.length;
  }

  get current() {
    return this.#entries[this.at] ?? null;
  }

  /** How many follow the current one. */
  get left() {
    return this.length - 1 - this.at;
  }

  get last() {
    return this.#entries.at(-1) ?? null;
  }

  /** Those in the page, each with its place. */
  get present() {
    return [...this.#entries.entries()].filter(([, entry]) => entry.node);
  }

  entry(index) {
    return this.#entries[index] ?? null;
  }

  /** Add items at the end. Nodes that the server put into the page are taken over. */
  add(items) {
    const nodes = new Map([...this.root.querySelectorAll(".clip")].map((node) => [node.dataset.id, node]));
    for (const item of items) {
      const clip = nodes.has(item.id) ? this.#cast(item, nodes.get(item.id)) : null;
      this.#entries.push({ item, clip, node: clip?.node ?? null });
    }
  }

  /** Add a card at `index`; it is made when it comes near. */
  addCard(index, make, marks = {}) {
    const entry = { card: true, node: null, clip: null, make, ...marks };
    this.#entries.splice(index, 0, entry);
    return entry;
  }

  /** Show another card in the place of one. */
  changeCard(entry, card) {
    const hadFocus = entry.node?.contains(document.activeElement);
    entry.make = () => card;
    if (!entry.node) return;
    card.inert = entry.node.inert;
    entry.node.replaceWith(card);
    entry.node = card;
    if (hadFocus) card.focus({ preventScroll: true });
  }

  /** Take an entry out for good. */
  take(index) {
    const [entry] = this.#entries.splice(index, 1);
    this.#release(entry);
  }

  /** Take out what follows the current entry where `goes(item, ahead)`; the next clip is 1 ahead. Answers its items. */
  sift(goes) {
    let ahead = 0;
    const going = this.#entries.slice(this.at + 1).filter(({ item }) => item && goes(item, (ahead += 1)));
    this.#entries = this.#entries.filter((entry) => !going.includes(entry));
    for (const entry of going) this.#release(entry);
    return going.map(({ item }) => item);
  }

  /** Which entry lies in the middle of the screen; -1 where none does. */
  middle() {
    const y = this.root.scrollTop + this.root.clientHeight / 2;
    return this.#entries.findIndex(
      ({ node }) => node && node.offsetTop <= y && y < node.offsetTop + node.offsetHeight,
    );
  }

  /**
   * Have the window around the current entry in the page, without moving what is on screen. While the list moves it
   * only grows at its end, because every other change would stop the movement.
   */
  show(moves) {
    const { root, current } = this;
    const before = current.node ? current.node.offsetTop - root.scrollTop : 0;
    const there = this.#entries.findIndex((entry) => entry.node);
    const first = Math.max(moves ? there : this.at - BEHIND, 0);
    let follower = null;
    for (let index = this.length - 1; index >= first; index -= 1) {
      const entry = this.#entries[index];
      if (index > this.at + AHEAD) this.#release(entry);
      else follower = this.#place(entry, index, follower);
    }
    if (moves) return;
    for (const entry of this.#entries.slice(0, first)) this.#release(entry);
    const top = current.node.offsetTop - before;
    if (Math.abs(root.scrollTop - top) > 1) root.scrollTo({ top, behavior: "instant" });
  }

  /** Only the current entry can be reached and read. */
  focus() {
    for (const [index, { node }] of this.present) node.inert = index !== this.at;
  }

  /** Let go of the oldest entries past the most that are kept. Answers how many went. */
  forget() {
    const surplus = Math.max(0, Math.min(this.length - KEPT_MAX, this.at - BEHIND));
    for (const entry of this.#entries.splice(0, surplus)) this.#release(entry);
    this.at -= surplus;
    return surplus;
  }

  #place(entry, index, follower) {
    if (!entry.node) {
      entry.clip = entry.card ? null : this.#cast(entry.item);
      entry.node = entry.clip?.node ?? entry.make();
      this.root.insertBefore(entry.node, follower);
    }
    entry.clip?.measure();
    entry.node.inert = index !== this.at;
    entry.node.setAttribute("aria-posinset", String(index + 1));
    entry.node.setAttribute("aria-setsize", "-1");
    return entry.node;
  }

  #release(entry) {
    entry.clip?.dispose();
    entry.node?.remove();
    entry.node = entry.clip = null;
  }
}
