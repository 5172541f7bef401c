// One canonical form of a value, byte for byte as `core/encoding.py` writes it: JSON with keys in the order of their code
// points, no white space, UTF-8. What has no one form is refused: half characters, fractions, numbers that are too large
// to be told apart, and whatever JSON does not know. A BigInt is written as the whole number that it is.

const HALF = /\p{Surrogate}/u;
const DEEP_MAX = 100;

/** The canonical text of `value`. Throws `TypeError`. */
export function canonicalJson(value, depth = 0) {
  if (depth > DEEP_MAX) throw new TypeError("That is nested too deep, or holds itself.");
  if (value === null || value === true || value === false) return String(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return whole(value);
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${Array.from(value, (one) => canonicalJson(one, depth + 1)).join(",")}]`;
  if (!isPlain(value)) throw new TypeError(`${typeof value} has no canonical form.`);
  const names = Object.keys(value).sort(byCodePoint);
  return `{${names.map((name) => `${quoted(name)}:${canonicalJson(value[name], depth + 1)}`).join(",")}}`;
}

function whole(number) {
  if (!Number.isSafeInteger(number) || Object.is(number, -0)) throw new TypeError(`${number} is no whole number here.`);
  return String(number);
}

function quoted(text) {
  if (HALF.test(text)) throw new TypeError("Half a character has no bytes.");
  return JSON.stringify(text);
}

function isPlain(value) {
  if (typeof value !== "object") return false;
  const made = Object.getPrototypeOf(value);
  return (made === null || made === Object.prototype) && !Object.getOwnPropertySymbols(value).length;
}

/** Not as `sort` does by itself: that goes by halves of characters, and puts U+1F600 before U+FF5E. */
function byCodePoint(one, other) {
  const [left, right] = [[...one], [...other]];
  for (let place = 0; place < Math.min(left.length, right.length); place += 1) {
    const apart = left[place].codePointAt(0) - right[place].codePointAt(0);
    if (apart) return apart;
  }
  return left.length - right.length;
}
