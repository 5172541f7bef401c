// Draws a moment of a storyboard on a canvas, as the renderer will.

import { camera, nearest } from "./timeline.js";

const PLAIN = "rgb(18 18 20)";

/** One shot over the whole canvas. `source` is a picture or a video with its size. */
function drawShot(pen, shot, source, progress) {
  const { width, height } = pen.canvas;
  const fits = [width / source.width, height / source.height];
  const fills = shot.fit === "fill";
  pen.fillStyle = PLAIN;
  pen.fillRect(0, 0, width, height);
  if (!fills && shot.ground === "blur") {
    const cover = Math.max(...fits) * 1.15;
    pen.filter = `blur(${width / 18}px) brightness(0.55)`;
    place(pen, source, cover, 0);
    pen.filter = "none";
  }
  const [near, aside] = camera(shot.motion, progress);
  const scale = (fills ? Math.max(...fits) : Math.min(...fits)) * near * nearest(shot.fit, shot.motion);
  const room = fills ? (source.width * scale - width) / 2 : (width - source.width * scale) / 2;
  place(pen, source, scale, aside * room);
  if (shot.caption) letter(pen, shot.caption);
}

function place(pen, source, scale, aside) {
  const [w, h] = [source.width * scale, source.height * scale];
  pen.drawImage(source.picture, (pen.canvas.width - w) / 2 + aside, (pen.canvas.height - h) / 2, w, h);
}

function wrapped(pen, text, most) {
  const lines = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    const whole = `${line} ${word}`.trim();
    if (line && pen.measureText(whole).width > most) {
      lines.push(line);
      line = word;
    } else line = whole;
  }
  return [...lines, line].filter(Boolean).slice(0, 6);
}

function letter(pen, text) {
  const { width, height } = pen.canvas;
  const size = Math.round(width / 18);
  const [pad, leading] = [size * 0.5, size * 1.3];
  pen.font = `700 ${size}px "Noto Sans", "DejaVu Sans", "Liberation Sans", sans-serif`;
  const lines = wrapped(pen, text, width * 0.82 - 2 * pad);
  const wide = Math.max(...lines.map((line) => pen.measureText(line).width)) + 2 * pad;
  const tall = leading * lines.length + 2 * pad;
  const [left, top] = [(width - wide) / 2, height * 0.8 - tall];
  pen.fillStyle = "rgb(0 0 0 / 66%)";
  pen.beginPath();
  pen.roundRect(left, top, wide, tall, pad);
  pen.fill();
  pen.fillStyle = "#fff";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  lines.forEach((line, number) => pen.fillText(line, width / 2, top + pad + leading * (number + 0.5)));
}

/** A moment of the whole. `sources` stand in the order of the shots. */
export function draw(pen, board, sources, moment) {
  const { width, height } = pen.canvas;
  const shot = board.shots[moment.index];
  const drawNew = () => drawShot(pen, shot, sources[moment.index], moment.progress);
  if (moment.before === null) return drawNew();
  const drawOld = () => drawShot(pen, board.shots[moment.before], sources[moment.before], moment.beforeProgress);
  drawOld();
  pen.save();
  if (shot.transition === "crossfade") pen.globalAlpha = moment.mix;
  if (shot.transition === "wipe") {
    pen.beginPath();
    pen.rect(0, 0, width * moment.mix, height);
    pen.clip();
  }
  if (shot.transition === "slide") {
    pen.translate(-width * moment.mix, 0);
    drawOld();
    pen.translate(width, 0);
    pen.beginPath();
    pen.rect(0, 0, width, height);
    pen.clip();
  }
  drawNew();
  pen.restore();
  return undefined;
}
