// Passkeys: the browser's half of each ceremony. The server's options go in, its answer comes out as JSON.

import { Refusal, call } from "./api.js";

/** Whether this browser can do it here: passkeys need https, or localhost by that name. */
export function passkeysWork() {
  return Boolean(globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON) && isSecureContext;
}

const CANNOT = "This browser cannot use passkeys here. They need https, or the address http://localhost.";

async function ceremony(optionsPath, body, run) {
  if (!passkeysWork()) throw new Refusal(0, { code: "no_passkeys", error: CANNOT });
  const { publicKey } = await call(optionsPath, { method: "POST", body });
  try {
    return (await run(publicKey)).toJSON();
  } catch (error) {
    throw new Refusal(0, { code: "passkey_failed", error: wordsOf(error) });
  }
}

function wordsOf(error) {
  if (error.name === "InvalidStateError") return "This device has a passkey for this account already.";
  if (error.name === "SecurityError") return CANNOT;
  return "No passkey was used. Try again, or use the password.";
}

function create(options) {
  return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
}

function get(options) {
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

export async function signUpWithPasskey(email, minor) {
  const credential = await ceremony("/v1/passkeys/sign-up/options", { email }, create);
  return call("/v1/passkeys/sign-up", { method: "POST", body: { credential, minor } });
}

export async function signInWithPasskey() {
  const credential = await ceremony("/v1/passkeys/sign-in/options", undefined, get);
  return call("/v1/passkeys/sign-in", { method: "POST", body: { credential } });
}

/** Add one to the account that is signed in; answers with the account. */
export async function addPasskey(name) {
  const credential = await ceremony("/v1/passkeys/options", undefined, create);
  return call("/v1/passkeys", { method: "POST", body: { credential, name } });
}
