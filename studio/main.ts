// The page: makes its parts and tells each what concerns it.
import { Announcer } from "./announcer.ts";
import { models } from "./catalogue.ts";
import { ConfusionTable } from "./confusion.ts";
import { Controls } from "./controls.ts";
import { DrawingPad } from "./drawing-pad.ts";
import { element } from "./elements.ts";
import { EngineClient } from "./engine-client.ts";
import { Filters } from "./filters.ts";
import { LayerHistograms } from "./histograms.ts";
import { LearningPlots } from "./learning-plots.ts";
import { Mistakes } from "./mistakes.ts";
import { OwnDigitsPanel } from "./own-digits.ts";
import { Reading } from "./reading.ts";
import { serveAlone } from "./serve-alone.ts";
import { StatusLine } from "./status-line.ts";
import { Theme } from "./theme.ts";
import { WeightsPanel } from "./weights-panel.ts";

const place = element("main", HTMLElement);
const box = element("problem", HTMLDivElement);
const theme = new Theme();
const engine = new EngineClient(problem);
const status = new StatusLine();
const controls = new Controls(engine);
const plots = new LearningPlots();
const confusion = new ConfusionTable();
const filters = new Filters();
const histograms = new LayerHistograms();
const announcer = new Announcer();
const pad = new DrawingPad((pixels) => reading.show(pixels));
const reading = new Reading(engine, pad);
const mistakes = new Mistakes((pixels) => pad.put(pixels));
const own = new OwnDigitsPanel(engine, (pixels) => pad.put(pixels));
const weights = new WeightsPanel(engine);

let running = false;
engine.on("status", (value) => {
  // Who trains again has read what went wrong before.
  if (value.running && !running) box.hidden = true;
  running = value.running;
  status.show(value);
  controls.show(value);
  announcer.follow(value);
  place.dataset.task = models[value.settings.model].task;
  for (const part of [plots, confusion, mistakes, reading, own, weights]) part.setModel(value.settings.model);
});
engine.on("history", (value) => {
  plots.replace(value);
  confusion.clear();
  mistakes.clear();
  reading.refresh();
});
engine.on("steps", (value) => plots.addSteps(value));
engine.on("check", (value) => {
  plots.addCheck(value);
  confusion.show(value);
  mistakes.show(value);
});
engine.on("epoch", (value) => {
  plots.addEpoch(value);
  announcer.epoch(value);
});
engine.on("insight", (value) => {
  filters.show(value);
  histograms.show(value);
  reading.refresh();
});
engine.on("own", (value) => own.show(value));
engine.on("problem", problem);

// Canvases do not restyle themselves, nor fit themselves to another width.
theme.onChange(() => {
  for (const part of [plots, filters, histograms, pad, reading, mistakes, own]) part.redraw();
});
let width = place.clientWidth;
new ResizeObserver(() => {
  if (width === place.clientWidth) return;
  width = place.clientWidth;
  for (const part of [filters, histograms, reading]) part.redraw();
}).observe(place);

box.querySelector("button")?.addEventListener("click", () => {
  box.hidden = true;
});

serveAlone().then((canIsolate) => {
  if (canIsolate) status.offerReload();
});

/** Says that something went wrong, until it is dismissed. */
function problem(message: string): void {
  const line = box.querySelector("p");
  if (line) line.textContent = message;
  box.hidden = false;
}
