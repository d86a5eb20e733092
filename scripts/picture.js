// Draws what a program printed in a terminal, recorded with its escape codes, as a self-contained SVG. For the README:
// script -qec "stty cols 80; npm start" /dev/null | node scripts/picture.js --after "run.js examples" > docs/digit-cnn.svg
// --after TEXT and --before TEXT leave only the lines between the first ones that contain these texts.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

const theme = {
  background: "#16181d",
  foreground: "#d5d8de",
  dim: "#7a808c",
  colors: ["#2b2f37", "#f0717a", "#8cc97f", "#e6c07a", "#6fa8f0", "#c792ea", "#63c6c6", "#d5d8de"],
  bright: ["#7a808c", "#ff8f97", "#a8e29b", "#f5d491", "#93c0ff", "#dcb3f7", "#87dede", "#ffffff"],
};
const cell = { width: 9, height: 20 };
const fontSize = 15;
const margin = 24;

const plain = { color: undefined, background: undefined, bold: false, dim: false };

/** The lines that a terminal shows in the end, as lists of cells { text, style }. */
function screen(recording) {
  const lines = [[]];
  let column = 0;
  let style = plain;
  const line = () => lines[lines.length - 1];
  for (const [token, codes, command] of recording.matchAll(/\x1b\[([\d;?]*)([A-Za-z])|./gsu)) {
    if (command === "m") style = restyle(style, codes);
    else if (command === "K") line().length = Math.min(line().length, column);
    else if (command === "G") column = Math.max(1, Number(codes)) - 1;
    else if (command !== undefined) continue;
    else if (token === "\r") column = 0;
    else if (token === "\n") {
      lines.push([]);
      column = 0;
    } else if (token >= " ") {
      while (line().length < column) line().push({ text: " ", style: plain });
      line()[column++] = { text: token, style };
    }
  }
  return lines;
}

/** The style after the codes of one escape sequence. */
function restyle(before, codes) {
  const list = codes === "" ? [0] : codes.split(";").map(Number);
  let style = { ...before };
  for (let i = 0; i < list.length; i++) {
    const code = list[i];
    if (code === 0) style = { ...plain };
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 22) style.bold = style.dim = false;
    else if (code >= 30 && code <= 37) style.color = theme.colors[code - 30];
    else if (code >= 90 && code <= 97) style.color = theme.bright[code - 90];
    else if (code === 39) style.color = undefined;
    else if (code === 49) style.background = undefined;
    else if ((code === 38 || code === 48) && list[i + 1] === 5) {
      style[code === 38 ? "color" : "background"] = indexed(list[i + 2]);
      i += 2;
    }
  }
  return style;
}

/** A colour of the 256: the sixteen named ones, a cube, greys. */
function indexed(number) {
  if (number < 8) return theme.colors[number];
  if (number < 16) return theme.bright[number - 8];
  const level = (index) => (index === 0 ? 0 : 55 + 40 * index);
  const cube = number - 16;
  const channels =
    number < 232
      ? [level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)]
      : Array(3).fill(8 + 10 * (number - 232));
  return `#${channels.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

/** The parts of a cell that block characters fill, and the parts they leave: [x, y, width, height] from 0 to 1. */
const [upper, lower, left, right] = [
  [0, 0, 1, 0.5],
  [0, 0.5, 1, 0.5],
  [0, 0, 0.5, 1],
  [0.5, 0, 0.5, 1],
];
const whole = [0, 0, 1, 1];
const blocks = { "▀": [upper, lower], "▄": [lower, upper], "█": [whole], "▌": [left, right], "▐": [right, left] };

/** The strokes of line characters to the left, right, top and bottom: 1 light, 2 heavy. */
const strokes = Object.fromEntries(
  (
    "─1100 ━2200 │0011 ┃0022 ┌0101 ┐1001 └0110 ┘1010 ├0111 ┤1011 ┬1101 ┴1110 ┼1111 " +
    "┏0202 ┓2002 ┗0220 ┛2020 ┳2202 ┻2220 ╋2222 ┡0221 ┩2021 ╇2221"
  )
    .split(" ")
    .map(([character, ...widths]) => [character, widths.map(Number)]),
);

/** Rectangles by colour, those that touch in a line made one. */
class Rectangles {
  byColor = new Map();

  add(color, x, y, width, height) {
    if (!this.byColor.has(color)) this.byColor.set(color, []);
    const list = this.byColor.get(color);
    const last = list.at(-1);
    if (last && last.y === y && last.height === height && last.x + last.width === x) last.width += width;
    else list.push({ x, y, width, height });
  }

  addStrokes(color, x, y, [left, right, top, bottom]) {
    const [middle, center] = [x + cell.width / 2, y + cell.height / 2];
    const horizontal = Math.max(left, right);
    const vertical = Math.max(top, bottom);
    const from = left ? x : middle - vertical / 2;
    const to = right ? x + cell.width : middle + vertical / 2;
    if (horizontal) this.add(color, from, center - horizontal / 2, to - from, horizontal);
    if (top) this.add(color, middle - top / 2, y, top, cell.height / 2);
    if (bottom) this.add(color, middle - bottom / 2, center, bottom, cell.height / 2);
  }

  toString() {
    const paths = [...this.byColor].map(([color, list]) => {
      const d = list.map(({ x, y, width, height }) => `M${x} ${y}h${width}v${height}h${-width}z`).join("");
      return `<path fill="${color}" d="${d}"/>`;
    });
    return `<g shape-rendering="crispEdges">\n${paths.join("\n")}\n</g>`;
  }
}

function draw(lines) {
  const columns = Math.max(...lines.map((line) => line.length));
  const [width, height] = [columns * cell.width + 2 * margin, lines.length * cell.height + 2 * margin];
  const rectangles = new Rectangles();
  const texts = [];
  lines.forEach((line, row) => {
    const y = margin + row * cell.height;
    let run;
    line.forEach(({ text, style }, column) => {
      const x = margin + column * cell.width;
      const color = style.color ?? (style.dim ? theme.dim : theme.foreground);
      const [ink, paper] = blocks[text] ?? [undefined, whole];
      const fill = (shade, [left, top, wide, high]) =>
        rectangles.add(shade, x + left * cell.width, y + top * cell.height, wide * cell.width, high * cell.height);
      // Paths are drawn colour by colour, so shapes must not overlap.
      if (style.background && paper) fill(style.background, paper);
      if (ink) fill(color, ink);
      else if (strokes[text]) rectangles.addStrokes(color, x, y, strokes[text]);
      if (ink || strokes[text]) run = undefined;
      else if (run && run.color === color && run.style.bold === style.bold) run.text += text;
      else texts.push((run = { x, y, color, style, text }));
    });
  });
  const spans = texts.flatMap(words).map(span);
  const font = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<rect width="${width}" height="${height}" rx="10" fill="${theme.background}"/>
${rectangles}
<g font-family="${font}" font-size="${fontSize}">
${spans.join("\n")}
</g>
</svg>
`;
}

/** A run of text of one style, cut where there is more than one space: SVG keeps only one. */
function words({ x, text, ...rest }) {
  return [...text.matchAll(/\S+(?: \S+)*/g)].map(({ 0: part, index }) => ({
    ...rest,
    x: x + index * cell.width,
    text: part,
  }));
}

/** A text stretched to its cells in the grid, whatever the font. */
function span({ x, y, color, style, text }) {
  const escaped = text.replace(/[&<>]/g, (character) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[character]);
  const weight = style.bold ? ' font-weight="600"' : "";
  const place = `x="${x}" y="${y + 15}" textLength="${text.length * cell.width}"`;
  return `<text ${place} fill="${color}"${weight}>${escaped}</text>`;
}

const { values } = parseArgs({ options: { after: { type: "string" }, before: { type: "string" } } });
let lines = screen(readFileSync(0, "utf8"));
const textOf = (line) => line.map(({ text }) => text).join("");
const find = (text) => lines.findIndex((line) => textOf(line).includes(text));
if (values.after !== undefined) lines = lines.slice(find(values.after) + 1);
if (values.before !== undefined && find(values.before) >= 0) lines = lines.slice(0, find(values.before));
while (lines.length > 1 && textOf(lines.at(-1)).trim() === "") lines.pop();
while (lines.length > 1 && textOf(lines[0]).trim() === "") lines.shift();
process.stdout.write(draw(lines));
