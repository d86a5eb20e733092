// The acts of the test, in order: each goes on where the one before it left the studio.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { violations } from "./accessibility.js";
import { writeBitmap, writeCsv } from "./digit-files.js";
import { watchTasks } from "./long-tasks.js";
import { expect, Person } from "./person.js";

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
    expect(await person.see("#welcome", (words) => words.checkVisibility()), "it must say what it is", "nothing");
  },

  async "keeps to WCAG 2 A and AA at rest, light and dark"(given) {
    await expectAccessible(given);
  },

  async "says at the field what it does not take"({ person, tab }) {
    for (const [field, wrong, words] of [
      ["#rate", "-1", /^It takes a number from 0\.000001 to 1,000,000\. It stays 0\.001\.$/],
      ["#rate", "fast", /^It takes a number/],
      ["#epochs", "0", /^It takes a whole number from 1 to 100\. It stays 5\.$/],
      ["#epochs", "2.5", /^It takes a whole number/],
    ]) {
      await person.enter(field, wrong);
      await person.waitForText(`${field}-fault`, words);
      expect(await person.see(field, (input) => input.ariaInvalid === "true"), `${field} must be invalid`, "valid");
      await tab.press("Escape");
      expect(await person.see(`${field}-fault`, (fault) => fault.hidden), "Escape must take it back", wrong);
    }
    expect((await person.value("#rate")) === "0.001", "the rate must stay", await person.value("#rate"));
    expect(await person.see("#problem", (problem) => problem.hidden), "there must be no other message", "one");
  },

  async "learns to read 97 % of the validation digits"({ person }) {
    // So many that the training goes on through the acts below, on fast machines too.
    await person.enter("#epochs", "100");
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
    let tasks;
    let watches = 0;
    // The engine has every core, so a task may have to wait for one: of three times one must be without.
    do {
      tasks = await watchTasks(tab, 6000);
      say(tasks.words);
    } while (tasks.problem !== undefined && ++watches < 3);
    expect(tasks.problem === undefined, tasks.problem, tasks.words);
  },

  async "keeps to WCAG 2 A and AA while it trains, light and dark"({ person, tab }) {
    expect((await person.see("#train")) === "Pause", "training must go on", await person.see("#train"));
    await expectAccessible({ person, tab });
  },

  async "fills every panel"({ person }) {
    // What is out of sight is not drawn.
    for (const [card, filled] of [
      [".confusion", () => person.waitForText("#confusion-note", /digits/)],
      [".mistakes", () => person.waitForText("#mistakes p.wrong", /read \d/)],
      [".layers", () => person.waitForText("#layers .histogram .range span", /\d/)],
      [".maps", () => person.waitForText("#maps", /digits.*10 units/)],
    ]) {
      await person.lookAt(card);
      await filled();
    }
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

  async "ends a run that loses its numbers, in words, and goes back"({ person }) {
    const step = await person.step();
    await person.enter("#rate", "1000000");
    await person.waitForText("#problem", /the loss .*learning rate of 1,000,000 .*choose a smaller/s);
    const says = await person.see("#problem", (problem) => problem.checkVisibility());
    expect(says, "the words must be in sight", "none");
    await person.waitForText("#train", /^Resume$/);
    const back = await person.step();
    expect(back >= step, `it must be back where it was, at step ${step} or later`, back);
    await person.lookAt("#said");
    await person.reads(7);
    await person.enter("#rate", "0.001");
    await person.train();
    await person.waitFor("a further step", async () => (await person.step()) > back);
    expect(await person.see("#problem", (problem) => problem.hidden), "the words must be gone", "still there");
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
    expect(header["layers/0/kernel"]?.shape.join() === "3,3,1,32", "the file must be safetensors", Object.keys(header));
    await person.reset();
    await person.waitForText("#validation-figure", /^–$/);
    await tab.upload("#weights-file", file);
    await person.waitForText("#validation-figure", new RegExp(`^${figure}$`));
  },

  async "reads a CSV and an image of one's own"({ person, tab }) {
    await person.lookAt(".own");
    await tab.upload("#own-file", writeCsv(20));
    await person.waitForText("#own-note", /20 digits, (9\d|100)\.\d % of 20 read right/);
    await person.lookAt(".own");
    await tab.upload("#own-file", writeBitmap());
    await person.waitForText("#own-note", /^1 digit$/);
    await person.reads(1);
  },

  async "keeps the drawing, one's own digits and the options over a reload, until they are taken away"({
    person,
    tab,
  }) {
    await person.lookAt(".own");
    await tab.upload("#own-file", writeCsv(20));
    await person.waitForText("#own-note", /20 digits/);
    await person.draw(SEVEN);
    await person.reads(7);
    await person.see("#log", (box) => box.click());
    await person.see("input[value=epoch]", (radio) => radio.click());
    await tab.choose("#batch", "64");
    await person.enter("#epochs", "7");
    await person.enter("#rate", "0.0004");
    await person.waitFor("the engine to know", () => person.see("#rate", (input) => input.value === "0.0004"));
    await tab.press("Tab");
    await sleep(500);
    await person.reload();
    await person.reads(7);
    await person.lookAt(".own");
    await person.waitForText("#own-note", /20 digits/);
    const kept = { "#batch": "64", "#epochs": "7", "#rate": "0.0004" };
    for (const [field, value] of Object.entries(kept)) {
      expect((await person.value(field)) === value, `${field} must be ${value}`, await person.value(field));
    }
    expect(!(await person.see("#log", (box) => box.checked)), "the loss must be linear", "a logarithm");
    expect(await person.see("input[value=epoch]", (radio) => radio.checked), "the axis must be epochs", "steps");
    await person.see("#log", (box) => box.click());
    await person.see("input[value=step]", (radio) => radio.click());
    await tab.click("#put-away");
    await person.waitForText("#own-note", /^$/);
    await tab.click("#clear");
    await person.enter("#rate", "0.001");
    await sleep(500);
    await person.reload();
    await person.waitFor("an empty pad", () => person.see("#pad-hint", (hint) => !hint.hidden));
    await sleep(500);
    expect((await person.see("#own-note")) === "", "no digits must be left", await person.see("#own-note"));
  },

  async "leaves the training of another tab alone"({ person, tab, isolated }) {
    const [step, kept] = [await person.step(), await person.see("#kept")];
    const other = new Person(await tab.another());
    await other.visit(isolated.address);
    await other.waitForText("#notice", /not kept: another tab has the studio open.*Close that tab/);
    expect((await other.see("#saved")) === "not here", "it must say that it keeps nothing", await other.see("#saved"));
    expect((await other.step()) === 0, "it must begin with a training of its own", await other.step());
    await other.train();
    await other.waitFor("some steps", async () => (await other.step()) > 5);
    await other.pause();
    await other.tab.click("#keep");
    await other.waitForText("#problem", /Nothing can be kept: another tab/);
    await other.tab.close();
    await person.reload();
    expect((await person.step()) === step, `the first tab must still be at step ${step}`, await person.step());
    await person.waitForText("#kept", /./);
    expect((await person.see("#kept")) === kept, "its weights must be there", await person.see("#kept"));
  },

  async "is worked with the keyboard alone"({ person, tab }) {
    await person.see("#clear", (button) => button.click());
    await person.see("#theme", (button) => button.focus());
    await person.tabTo("model");
    await tab.press("ArrowDown");
    await tab.press("Enter");
    await person.waitForText("#about", /Two hidden layers/);
    await person.tabTo("optimizer");
    await person.tabTo("rate");
    await person.tabTo("rate-slider");
    const before = await person.value("#rate");
    await tab.press("ArrowLeft");
    await person.waitFor("another rate", async () => (await person.value("#rate")) !== before);
    await person.tabTo("batch");
    await person.tabTo("epochs");
    await person.tabTo("train");
    await tab.press("Enter");
    await person.waitForText("#train", /^Pause$/);
    await person.waitFor("some steps", async () => (await person.step()) > 50);
    await tab.press("Enter");
    await person.waitForText("#train", /^(Resume|Train on)$/);
    await person.tabTo("reset");
    const kept = await person.see("#kept", (list) => list.children.length);
    await person.tabTo("keep");
    await tab.press("Enter");
    await person.waitFor("the saved weights", () =>
      person.see("#kept", (list) => list.textContent.includes("Multilayer")),
    );
    expect((await person.see("#kept", (list) => list.children.length)) === kept + 1, "one must be saved", kept);
    await person.tabTo("pad");
    await tab.press(" ");
    for (let i = 0; i < 15; i++) await tab.press("ArrowDown");
    await tab.press(" ");
    await person.reads(1);
    await person.tabTo("clear", "Shift+Tab");
    await tab.press("Enter");
    await person.waitFor("an empty pad", () => person.see("#pad-hint", (hint) => !hint.hidden));
    await person.tabTo("A 0, another each time");
    await tab.press("Enter");
    await person.reads(0);
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
    await tab.choose("#model", "mlp");
    await person.waitForText("#about", /Two hidden layers/);
    expect(
      step > 0 && (await person.step()) === step,
      `the first model must still be at step ${step}`,
      await person.see("#step"),
    );
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
    const offers = /Reload with all/.test(notice);
    const says = /Cross-Origin-Opener-Policy: same-origin.*Cross-Origin-Embedder-Policy: require-corp/.test(notice);
    expect(says || offers || cores === 1, "the notice must say how to get more", notice);
    await person.train();
    await person.waitFor("some steps", async () => (await person.step()) > 20);
    await person.pause();
  },

  async "isolates itself by its service worker where the host sends no headers"({ person, tab }) {
    const cores = await person.see("body", () => navigator.hardwareConcurrency);
    if (cores === 1) return "there is one core alone";
    const step = await person.step();
    await person.waitForText("#notice button", /^Reload with all \d+ threads$/);
    await tab.click("#notice button");
    await person.waitForText("#threads", /^all \d+$/);
    expect(await person.see("#notice", (notice) => notice.hidden), "no notice must be there", "one");
    await person.waitFor("the training as it was", async () => (await person.step()) === step);
    await person.train();
    await person.waitFor("some steps", async () => (await person.step()) > step + 20);
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

/** No violations in either theme. */
async function expectAccessible({ person, tab }) {
  for (const theme of ["light", "dark"]) {
    await person.wear(theme);
    const found = await violations(tab);
    expect(found.length === 0, `there must be no violations (${theme})`, found.join("; "));
  }
  await person.wear("auto");
}
