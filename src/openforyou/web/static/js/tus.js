// A resumable upload by tus 1.0.0 (https://tus.io/protocols/resumable-upload): begin, send in parts, ask how far it is,
// go on. The address of an unfinished one is remembered, so that the same file chosen again after a reload goes on.

import { Refusal, call, read } from "./api.js";

const TUS = { "Tus-Resumable": "1.0.0" };
const PART_BYTES = 4 * 1024 * 1024; // A lost connection costs at most this much.
const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 20_000];
const STORED_UNDER = "openforyou.upload.";

function keyOf(file) {
  return `${STORED_UNDER}${file.name}|${file.size}|${file.lastModified}`;
}

function base64(text) {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Of `{ filename, title, … }`, as the header wants it. */
function metadata(told) {
  return Object.entries(told)
    .filter(([, value]) => value)
    .map(([key, value]) => `${key} ${base64(value)}`)
    .join(",");
}

/** And back. */
export function readMetadata(header) {
  const told = {};
  for (const pair of (header ?? "").split(",").filter(Boolean)) {
    const [key, value = ""] = pair.trim().split(" ");
    told[key] = new TextDecoder().decode(Uint8Array.from(atob(value), (letter) => letter.codePointAt(0)));
  }
  return told;
}

/** The id of what the server made of a whole file: an item, or of an archive an import. */
function madeOf(header) {
  return header("OpenForYou-Item") ?? header("OpenForYou-Import");
}

async function request(url, options) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", ...options, headers: { ...TUS, ...options.headers } });
  } catch {
    const hint = "The upload goes on once it does.";
    throw new Refusal(0, { code: "offline", error: "The server does not answer.", hint });
  }
  if (!response.ok) await read(response);
  return response;
}

/** What the server has of `file` from an earlier attempt: `{ url, offset, told, itemId }`, or null. */
export async function findUnfinished(file) {
  const url = localStorage.getItem(keyOf(file));
  if (!url) return null;
  try {
    const { headers } = await request(url, { method: "HEAD" });
    const told = readMetadata(headers.get("Upload-Metadata"));
    return { url, offset: Number(headers.get("Upload-Offset")), told, itemId: madeOf((name) => headers.get(name)) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status) localStorage.removeItem(keyOf(file)); // It expired, or is somebody else's.
    return null;
  }
}

export class Upload {
  #file;
  #sending = null;
  #paused = false;
  #gone = false;
  #itemId = null; // Once the server has it all.
  onProgress = () => {};

  /** `begun` is what `findUnfinished` found. */
  constructor(file, begun = null) {
    this.#file = file;
    this.url = begun?.url ?? "";
    this.offset = begun?.offset ?? 0;
  }

  get paused() {
    return this.#paused;
  }

  /**
   * Send everything; resolves to the id of the item, or to null when paused or cancelled. `told` is what is said of
   * the file. A connection that breaks is taken up again; throws `Refusal` when the server will not have it, or when
   * it does not come back.
   */
  async run(told) {
    this.#paused = false;
    for (let failures = 0; ; ) {
      try {
        const before = this.offset;
        const itemId = await this.#sendAll(told);
        if (this.#paused || this.#gone) return null;
        if (itemId) return this.#done(itemId);
        if (this.offset > before) failures = 0;
      } catch (error) {
        if (this.#paused || this.#gone) return null;
        if (!this.#mayPass(error)) throw this.#given(error);
        if (failures >= RETRY_MS.length) throw error;
        await pause(Math.max(RETRY_MS[failures], error.retryAfterS * 1_000));
        failures += 1;
      }
    }
  }

  /** Stop; `run` goes on from there. */
  pause() {
    this.#paused = true;
    this.#sending?.abort();
  }

  /** Stop for good, and have the server forget it. */
  async cancel() {
    this.#gone = true;
    this.#sending?.abort();
    localStorage.removeItem(keyOf(this.#file));
    if (this.url) await request(this.url, { method: "DELETE" });
  }

  async #sendAll(told) {
    if (!this.url) await this.#begin(told);
    else await this.#look();
    while (!this.#itemId && !this.#paused && !this.#gone && this.offset < this.#file.size) await this.#sendPart();
    if (!this.#itemId && this.offset >= this.#file.size) await this.#look();
    return this.#itemId;
  }

  async #begin(told) {
    const headers = { "Upload-Length": String(this.#file.size), "Upload-Metadata": metadata(told) };
    const response = await request("/v1/uploads", { method: "POST", headers });
    this.url = response.headers.get("Location");
    this.offset = 0;
    localStorage.setItem(keyOf(this.#file), this.url);
  }

  async #look() {
    const { headers } = await request(this.url, { method: "HEAD" });
    this.offset = Number(headers.get("Upload-Offset"));
    this.#itemId = madeOf((name) => headers.get(name));
    this.onProgress(this.offset, this.#file.size);
  }

  /** One part, by XMLHttpRequest: fetch does not tell how much has gone out. */
  #sendPart() {
    const from = this.offset;
    const part = this.#file.slice(from, from + PART_BYTES);
    return new Promise((resolve, reject) => {
      const sending = new XMLHttpRequest();
      this.#sending = sending;
      sending.open("PATCH", this.url);
      const headers = { ...TUS, "Upload-Offset": String(from), "Content-Type": "application/offset+octet-stream" };
      for (const [name, value] of Object.entries(headers)) sending.setRequestHeader(name, value);
      sending.upload.onprogress = (event) => this.onProgress(from + event.loaded, this.#file.size);
      sending.onload = () => {
        if (sending.status !== 204) return reject(refusalOf(sending));
        this.offset = Number(sending.getResponseHeader("Upload-Offset"));
        this.#itemId = madeOf((name) => sending.getResponseHeader(name));
        this.onProgress(this.offset, this.#file.size);
        return resolve();
      };
      const broke = { code: "offline", error: "The connection broke.", hint: "Try again: it goes on from there." };
      sending.onerror = () => reject(new Refusal(0, broke));
      sending.onabort = sending.onerror;
      sending.send(part);
    });
  }

  /** Faults that pass by themselves: no answer, busy, a part that has just come, an upload that expired meanwhile. */
  #mayPass(error) {
    if (!(error instanceof Refusal)) return false;
    if (error.status === 404 && this.url) {
      this.url = "";
      return true;
    }
    return [0, 423, 429, 502, 503, 504].includes(error.status) || error.code === "offset_mismatch";
  }

  /** The server will not have this file: forget it, so that choosing it again begins anew. */
  #given(error) {
    if (error instanceof Refusal) localStorage.removeItem(keyOf(this.#file));
    return error;
  }

  #done(itemId) {
    localStorage.removeItem(keyOf(this.#file));
    return itemId;
  }
}

function refusalOf(sending) {
  let told = null;
  try {
    told = JSON.parse(sending.responseText);
  } catch {
    // A proxy's answer, not ours.
  }
  const words = told?.error ? told : { error: `The server answered with ${sending.status}.` };
  return new Refusal(sending.status, words, Number(sending.getResponseHeader("Retry-After")) || 0);
}

/** All of one's own items and unfinished uploads; with `before`, older items. */
export function ownUploads(before = "") {
  return call(`/v1/uploads${before ? `?${new URLSearchParams({ before })}` : ""}`);
}
