// The numbers of one item, counted from the leaves by the published rules (docs/counts.md). What the command
// `openforyou verify` does for all items at once.

import { FOLLOW, LEAF_BYTES, LIKE, NAMES, WATCH, decodeLeaf, subjectOf } from "./leaf.js";

const DAY_MS = 86_400_000;
const WATCH_MS_MAX = DAY_MS;
const ONCE = new Set([9, 10]); // not interested, reports: value 1

/** What a deed says that cannot be; empty where it can. `today` counts days since 1970. */
function impossible({ action, value }, today) {
  if (action === WATCH) return value > WATCH_MS_MAX ? "tells of more than a day watched at once" : "";
  if (action === LIKE) return value ? "" : "has no turn";
  if (ONCE.has(action)) return value === 1 ? "" : "has a value that its action does not have";
  if (!value) return "has no date";
  return value > today + 1 ? "is dated in the future" : "";
}

export class Recount {
  #id;
  #subject;
  #today;
  #deeds = [];
  #freezes = [];
  #ends = new Map();
  problems = [];

  /** Of the item with this public id. */
  constructor(id, now = Date.now()) {
    this.#id = id;
    this.#subject = subjectOf(id);
    this.#today = Math.floor(now / DAY_MS);
  }

  /** Look at the leaf at `index`; all of them, in order. Throws `Broken` for one of an unknown kind. */
  take(index, entry) {
    if (entry.length === LEAF_BYTES && entry[0] === 1 && !this.#isAbout(entry)) return;
    const told = decodeLeaf(entry, index);
    if (told.type) this.#record(index, told);
    else if (told.action !== FOLLOW) this.#deed(index, told);
  }

  #isAbout(entry) {
    for (let i = 0; i < 8; i += 1) if (entry[2 + i] !== this.#subject[i]) return false;
    return true;
  }

  #deed(index, deed) {
    const wrong = impossible(deed, this.#today);
    if (wrong) this.problems.push(`Leaf ${index} ${wrong}.`);
    else this.#deeds.push({ index, ...deed });
  }

  #record(index, record) {
    if (record.type === "policy_end" && !this.#ends.has(record.id)) this.#ends.set(record.id, index);
    const { kind, scope } = record;
    if (record.type === "policy" && kind === "freeze" && scope?.kind === "item" && scope.id === this.#id) {
      this.#freezes.push({ index, rule: record.id });
    }
  }

  /** How many leaves the numbers shown count that hold at `size`: fewer while a rule freezes them. */
  counted(size) {
    let since = -1;
    let freeFrom = -1;
    for (const { index, rule } of this.#freezes) {
      if (index >= size) break;
      const end = this.#ends.get(rule) ?? size;
      if (index > freeFrom && end > index) [since, freeFrom] = [index, end];
    }
    return since >= 0 && freeFrom >= size ? since : size;
  }

  /** The numbers over the first `size` leaves, by name. */
  numbers(size) {
    const numbers = Object.fromEntries(NAMES.map((name) => [name, 0]));
    for (const [key, deeds] of this.#byDeed()) {
      const known = deeds.filter(({ index }) => index < size);
      if (!known.length) continue;
      const action = Number(key.split(" ")[0]);
      const name = NAMES[action - 1];
      if (action === LIKE) numbers[name] += Math.max(...known.map(({ value }) => value)) % 2;
      else numbers[name] += action === WATCH ? known[0].value : 1;
    }
    return numbers;
  }

  /** What one nullifier must not do, in words. Call once, after the last leaf. */
  judge() {
    const actions = new Map();
    for (const [key, deeds] of this.#byDeed()) {
      const [action, nullifier] = key.split(" ");
      const before = actions.get(nullifier);
      if (before) this.problems.push(`Leaf ${deeds[0].index} bears a nullifier that also stands for something else.`);
      actions.set(nullifier, action);
      if (Number(action) === LIKE) this.#judgeTurns(deeds);
      else for (const { index } of deeds.slice(1)) this.#again(index);
    }
    return this.problems;
  }

  #judgeTurns(deeds) {
    const seen = new Set();
    for (const { index, value } of deeds) {
      if (seen.has(value)) this.#again(index);
      seen.add(value);
    }
    for (const { index, value } of deeds) {
      if (value > 1 && !seen.has(value - 1)) {
        this.problems.push(`Leaf ${index} is turn ${value} of a like, and turn ${value - 1} is missing.`);
      }
    }
  }

  #again(index) {
    this.problems.push(`Leaf ${index} was in the log before: the same deed under the same nullifier.`);
  }

  #byDeed() {
    const groups = new Map();
    for (const deed of this.#deeds) {
      const key = `${deed.action} ${deed.nullifier}`;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(deed);
    }
    return groups;
  }
}
