// SHA-256 (FIPS 180-4), synchronous. The browser's own answers with a promise, and a tree of a million leaves asks two
// million times. A test holds it against the browser's.

const K = new Int32Array(64);
const START = new Int32Array(8);

// The constants are the first 32 bits of the fractional parts of the cube and square roots of the first primes.
for (let candidate = 2, found = 0; found < 64; candidate += 1) {
  let isPrime = true;
  for (let factor = 2; factor * factor <= candidate && isPrime; factor += 1) isPrime = candidate % factor !== 0;
  if (!isPrime) continue;
  if (found < 8) START[found] = fraction(candidate, 2n);
  K[found] = fraction(candidate, 3n);
  found += 1;
}

/** The first 32 fractional bits of the `power`-th root of a prime: the integer root of prime · 2^(32 · power). */
function fraction(prime, power) {
  const target = BigInt(prime) << (32n * power);
  let low = 0n;
  let high = 1n << 40n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** power <= target) low = middle;
    else high = middle;
  }
  return Number(BigInt.asIntN(32, low));
}

const state = new Int32Array(8);
const words = new Int32Array(64);
const tail = new Uint8Array(128);

function compress(bytes, offset) {
  for (let i = 0; i < 16; i += 1, offset += 4) {
    words[i] = (bytes[offset] << 24) | (bytes[offset + 1] << 16) | (bytes[offset + 2] << 8) | bytes[offset + 3];
  }
  for (let i = 16; i < 64; i += 1) {
    const x = words[i - 15];
    const y = words[i - 2];
    const low = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const high = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[i] = (words[i - 16] + low + words[i - 7] + high) | 0;
  }
  let a = state[0]; // not unpacked in one line: that would ask an iterator, three million times
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let i = 0; i < 64; i += 1) {
    const sum1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + sum1 + ((e & f) ^ (~e & g)) + K[i] + words[i]) | 0;
    const sum0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

/** The digest, 32 bytes, of bytes. */
export function sha256(bytes) {
  state.set(START);
  const whole = bytes.length & ~63;
  for (let offset = 0; offset < whole; offset += 64) compress(bytes, offset);
  const rest = bytes.length - whole;
  const padded = rest < 56 ? 64 : 128;
  tail.fill(0);
  for (let i = 0; i < rest; i += 1) tail[i] = bytes[whole + i];
  tail[rest] = 0x80;
  const high = Math.floor(bytes.length / 0x20000000);
  const low = bytes.length << 3;
  for (let i = 0; i < 4; i += 1) {
    tail[padded - 8 + i] = high >>> (24 - 8 * i);
    tail[padded - 4 + i] = low >>> (24 - 8 * i);
  }
  compress(tail, 0);
  if (padded === 128) compress(tail, 64);
  const digest = new Uint8Array(32);
  for (let i = 0; i < 32; i += 1) digest[i] = state[i >> 2] >>> (24 - 8 * (i & 3));
  return digest;
}
