// Lip-sync: the sound plays while the camera records; the server finds where in the sound the take begins.

import { clearErrors } from "./forms.js";
import { listenToPublish, offerSounds, refuse, send } from "./studio/bring.js";

const byId = (id) => document.getElementById(id);
const [form, audio, mirror] = [byId("taking"), byId("audio"), byId("mirror")];
const TYPES = ["video/mp4", "video/webm;codecs=vp8,opus", "video/webm"];
let recorder = null;
let begunMs = 0;
let job = "";

function fromMs() {
  return Math.round(1_000 * Math.max(0, Number(byId("from").value) || 0));
}

async function record() {
  clearErrors(form);
  // Without echo cancelling, or the microphone would not hear the sound that tells where the take begins.
  const sound = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const video = { width: { ideal: 720 }, height: { ideal: 1_280 }, facingMode: "user" };
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: sound, video });
  } catch {
    byId("far").textContent = "The camera or the microphone cannot be used. Allow both, or use a clip of yours.";
    return;
  }
  mirror.srcObject = stream;
  await mirror.play();
  const parts = [];
  recorder = new MediaRecorder(stream, { mimeType: TYPES.find((type) => MediaRecorder.isTypeSupported(type)) });
  recorder.ondataavailable = (event) => parts.push(event.data);
  recorder.onstart = () => (begunMs = Math.round(1_000 * audio.currentTime));
  recorder.onstop = () => {
    for (const track of stream.getTracks()) track.stop();
    mirror.srcObject = null;
    const type = recorder.mimeType.split(";")[0];
    bring(new Blob(parts, { type }), type === "video/mp4" ? "take.mp4" : "take.webm", begunMs);
    recorder = null;
    byId("record").textContent = "Record again";
  };
  audio.currentTime = fromMs() / 1_000;
  await audio.play();
  recorder.start();
  audio.onended = () => recorder?.stop();
  byId("record").textContent = "Stop";
  byId("far").textContent = "Recording…";
}

async function bring(blob, name, told) {
  byId("far").textContent = "The take is laid against the sound…";
  try {
    const placed = await send("/v1/studio/takes", { sound: form.sound.value, from_ms: told, name }, blob);
    job = placed.id;
    byId("far").textContent = "";
    const where = `It begins ${(placed.from_ms / 1_000).toFixed(2)} s into the sound, `;
    byId("placed").textContent = where + (placed.measured ? "as the microphone heard it." : "by the clock of this page.");
    byId("publishing").hidden = false;
    byId("publishing").querySelector("h2").focus();
  } catch (error) {
    byId("far").textContent = "";
    refuse(form, error, "none");
  }
}

byId("record").addEventListener("click", () => {
  if (!recorder) return void record();
  audio.pause();
  recorder.stop();
});
byId("file").addEventListener("change", () => {
  const [file] = byId("file").files;
  if (file) bring(file, file.name, fromMs());
});
listenToPublish(byId("publishing"), () => job, "clip");
const sounds = await offerSounds(form.sound, form.dataset.sound).catch(() => new Map());
const choose = () => (audio.src = sounds.get(form.sound.value)?.audio_url ?? "");
form.sound.addEventListener("change", choose);
if (sounds.size) choose();
else byId("far").textContent = "There is no sound yet that you may use.";
byId("record").disabled = !sounds.size;
