// The studio's page: pictures in order, a sound, a preview by the renderer's own sums, the rendering, and publishing.

import { Refusal, call } from "./api.js";
import { clearErrors } from "./forms.js";
import { announce, toast } from "./page.js";
import { listenToPublish, offerSounds, refuse, send } from "./studio/bring.js";
import { draw } from "./studio/canvas.js";
import { Timeline } from "./studio/timeline.js";

const ASK_EVERY_MS = 500;
const MOTIONS = ["in", "left", "out", "right"];
const byId = (id) => document.getElementById(id);
const [form, list, audio] = [byId("making"), byId("shots"), byId("audio")];
const pen = byId("canvas").getContext("2d");
const sources = new Map(); // By the id of the file on the desk: what the preview draws.
let sounds = new Map();
let job = "";
let playing = null; // { begun } while it plays without a sound, or with.
let dragged = null;

function rows() {
  return [...list.children];
}

/** The plan as it stands, as the server takes it. */
function board() {
  const sound = sounds.get(form.sound.value);
  return {
    shots: rows().map((row) => {
      const [fit, ground] = row.querySelector(".fit").value.split(" ");
      return {
        file: row.dataset.file,
        duration_ms: Math.round(1_000 * Math.min(60, Math.max(0.4, Number(row.querySelector(".seconds").value) || 2.5))),
        caption: row.querySelector(".caption").value.trim(),
        motion: row.querySelector(".motion").value,
        transition: row.querySelector(".transition").value,
        fit,
        ground,
      };
    }),
    sound: sound?.id ?? "",
    sound_from_ms: sound ? Math.round(1_000 * Math.max(0, Number(form.from.value) || 0)) : 0,
    beats_ms: sound && byId("on-beat").checked ? sound.beats_ms : [],
  };
}

function clock(ms) {
  const seconds = Math.floor(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function show(ms) {
  const plan = board();
  pen.clearRect(0, 0, pen.canvas.width, pen.canvas.height);
  if (!plan.shots.length) return 0;
  const times = new Timeline(plan);
  const at = Math.min(ms, times.total - 1);
  const moment = times.at(at);
  for (const index of [moment.index, moment.before]) if (index !== null) stepClip(plan, times, index, at);
  draw(pen, plan, plan.shots.map((shot) => sources.get(shot.file)), moment);
  byId("clock").textContent = `${clock(at)} / ${clock(times.total)}`;
  return times.total;
}

function stepClip(plan, times, index, ms) {
  const { picture } = sources.get(plan.shots[index].file);
  if (!(picture instanceof HTMLVideoElement)) return;
  const wanted = Math.min((ms - times.seen(index)[0]) / 1_000, Math.max(0, picture.duration - 0.05));
  if (Math.abs(picture.currentTime - wanted) > (playing ? 0.25 : 0.03)) picture.currentTime = Math.max(0, wanted);
  if (playing && picture.paused) picture.play().catch(() => {});
  if (!playing) picture.pause();
}

function redraw() {
  const total = show((Number(byId("seek").value) / 1_000) * new Timeline(board()).total || 0);
  byId("render").disabled = !total;
  const sound = sounds.get(form.sound.value);
  byId("beats").textContent = !sound
    ? "Choose a sound that has one."
    : sound.beats_ms.length
      ? `${sound.beats_ms.length} beats were found.`
      : "No beat was found in this sound; cuts stay where they are.";
}

function tick() {
  if (!playing) return;
  const from = board().sound_from_ms;
  const ms = audio.src && !audio.paused ? 1_000 * audio.currentTime - from : performance.now() - playing.begun;
  const total = show(Math.max(0, ms));
  byId("seek").value = String((1_000 * ms) / (total || 1));
  if (ms >= total) stop();
  else requestAnimationFrame(tick);
}

async function play() {
  const plan = board();
  if (!plan.shots.length) return;
  const total = new Timeline(plan).total;
  const share = Number(byId("seek").value) / 1_000;
  const at = share >= 0.99 ? 0 : share * total;
  playing = { begun: performance.now() - at };
  byId("play").textContent = "Pause";
  if (audio.src) {
    audio.currentTime = (at + plan.sound_from_ms) / 1_000;
    await audio.play().catch(() => {});
  }
  requestAnimationFrame(tick);
}

function stop() {
  playing = null;
  audio.pause();
  byId("play").textContent = "Play";
  redraw();
}

// Pictures

async function sourceOf(file, told) {
  if (told.kind === "photo") {
    const picture = await createImageBitmap(file);
    return { picture, width: picture.width, height: picture.height };
  }
  const picture = document.createElement("video");
  picture.muted = true;
  picture.playsInline = true;
  picture.src = URL.createObjectURL(file);
  await new Promise((resolve) => {
    picture.onloadeddata = resolve;
    picture.onerror = resolve;
  });
  picture.onseeked = () => !playing && redraw();
  return { picture, width: told.width, height: told.height };
}

function addRow(told, source) {
  const row = byId("shot").content.firstElementChild.cloneNode(true);
  row.dataset.file = told.id;
  row.querySelector(".name").textContent = told.name;
  row.querySelector(".motion").value = MOTIONS[list.childElementCount % MOTIONS.length];
  if (told.kind === "clip") {
    row.querySelector(".motion").value = "none";
    row.querySelector(".seconds").value = String(Math.min(60, Math.max(0.4, told.duration_ms / 1_000)).toFixed(1));
  }
  const thumb = row.querySelector(".thumb");
  const scale = Math.min(thumb.width / source.width, thumb.height / source.height);
  const [w, h] = [source.width * scale, source.height * scale];
  thumb.getContext("2d").drawImage(source.picture, (thumb.width - w) / 2, (thumb.height - h) / 2, w, h);
  list.append(row);
}

async function add(files) {
  clearErrors(form);
  for (const file of files) {
    try {
      const told = await send("/v1/studio/files", { name: file.name }, file);
      const source = await sourceOf(file, told);
      sources.set(told.id, source);
      addRow(told, source);
      redraw();
    } catch (error) {
      refuse(form, error, "files");
    }
  }
  form.files.value = "";
}

function move(row, step) {
  const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!other) return;
  if (step < 0) other.before(row);
  else other.after(row);
  announce(`${row.querySelector(".name").textContent} is number ${rows().indexOf(row) + 1}.`);
  redraw();
}

list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const row = button.closest(".shot");
  if (button.dataset.move) {
    move(row, Number(button.dataset.move));
    button.focus();
    return;
  }
  call(`/v1/studio/files/${row.dataset.file}`, { method: "DELETE" }).catch(() => {});
  row.remove();
  redraw();
});
list.addEventListener("keydown", (event) => {
  if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  move(event.target.closest(".shot"), event.key === "ArrowUp" ? -1 : 1);
  event.target.focus();
});
list.addEventListener("dragstart", (event) => {
  dragged = event.target.closest(".shot");
  dragged.classList.add("dragged");
});
list.addEventListener("dragover", (event) => {
  const over = event.target.closest(".shot");
  if (!dragged || !over || over === dragged) return;
  event.preventDefault();
  const place = over.getBoundingClientRect();
  if (event.clientY < place.top + place.height / 2) over.before(dragged);
  else over.after(dragged);
});
list.addEventListener("dragend", () => {
  dragged?.classList.remove("dragged");
  dragged = null;
  redraw();
});

// Rendering

function lock(locked) {
  byId("render").hidden = locked;
  byId("journey").hidden = !locked;
}

async function follow() {
  for (;;) {
    const told = await call(`/v1/studio/renders/${job}`);
    byId("bar").value = told.total ? told.done / told.total : 0;
    byId("far").textContent = told.total ? `${Math.floor((100 * told.done) / told.total)} % is rendered` : "Waiting…";
    if (told.state === "done") return finish(told);
    if (told.state === "cancelled") return lock(false);
    if (told.state === "failed") throw new Refusal(422, { error: told.error, hint: told.hint });
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

function finish(told) {
  lock(false);
  form.hidden = true;
  byId("publishing").hidden = false;
  byId("made").src = told.video_url;
  byId("publishing").querySelector("h2").focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearErrors(form);
  stop();
  lock(true);
  try {
    job = (await call("/v1/studio/renders", { method: "POST", body: board() })).id;
    await follow();
  } catch (error) {
    lock(false);
    refuse(form, error, "files");
  }
});
byId("cancel").addEventListener("click", async () => {
  await call(`/v1/studio/renders/${job}`, { method: "DELETE" }).catch((error) => toast(error.words));
});
byId("again").addEventListener("click", () => {
  form.hidden = false;
  byId("publishing").hidden = true;
});

// The rest

function chooseSound() {
  stop();
  const sound = sounds.get(form.sound.value);
  if (sound) audio.src = sound.audio_url;
  else audio.removeAttribute("src");
  redraw();
}

for (const type of ["dragenter", "dragover"]) byId("drop").addEventListener(type, (event) => event.preventDefault());
byId("drop").addEventListener("drop", (event) => {
  event.preventDefault();
  add([...event.dataTransfer.files]);
});
form.files.addEventListener("change", () => add([...form.files.files]));
form.sound.addEventListener("change", chooseSound);
form.addEventListener("input", () => !playing && redraw());
byId("play").addEventListener("click", () => (playing ? stop() : play()));
byId("seek").addEventListener("input", () => {
  if (playing) stop();
  redraw();
});
listenToPublish(byId("publishing"), () => job, "slideshow");
sounds = await offerSounds(form.sound, new URLSearchParams(location.search).get("sound") ?? "").catch(() => new Map());
chooseSound();
