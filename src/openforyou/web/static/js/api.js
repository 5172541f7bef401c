// Talks to the server: answers as values, refusals as one kind of error that carries the server's own words.

const TIMEOUT_MS = 20_000;

/** Why a request did not succeed. `status` is 0 when no answer came at all. */
export class Refusal extends Error {
  constructor(status, told, retryAfterS = 0) {
    super(told.error);
    this.status = status;
    this.code = told.code ?? "error";
    this.hint = told.hint ?? "";
    this.field = told.field ?? "";
    this.retryAfterS = retryAfterS;
    this.answer = told;
  }

  /** What to show somebody: what is wrong, and what to do. */
  get words() {
    return [this.message, this.hint].filter(Boolean).join(" ");
  }
}

/**
 * One request of JSON. Throws `Refusal`; an answer without a body is null.
 * `accept` lists statuses that are an answer although they are not 2xx; `timeoutMs` is for what may take longer.
 */
export async function call(path, { method = "GET", body, keepalive = false, accept = [], timeoutMs = TIMEOUT_MS } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      keepalive,
      credentials: "same-origin",
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch {
    const hint = "Check the connection and try again.";
    throw new Refusal(0, { code: "offline", error: "The server does not answer.", hint });
  }
  return read(response, accept);
}

/** The body of an answer. Throws `Refusal`. */
export async function read(response, accept = []) {
  const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
  const answer = isJson ? await response.json().catch(() => null) : null;
  if (response.ok || accept.includes(response.status)) return answer;
  const unknown = { error: `The server answered with ${response.status}.`, hint: "Try again in a moment." };
  const told = answer?.error ? answer : unknown;
  throw new Refusal(response.status, told, Number(response.headers.get("Retry-After")) || 0);
}
