// Takes the pictures of the studio that docs/ keeps, in Chromium, after some training: `node tests/studio/pictures.js`.
import { buildStudio } from "../../scripts/studio/build.js";
import { serve } from "../../scripts/studio/serve.js";
import { browsers } from "./browsers.js";
import { Person } from "./person.js";

const root = new URL("../..", import.meta.url).pathname;
const REACHED = 98;

/** An arc of a circle on the pad, in turns clockwise from the right. */
function arc(x, y, radius, from, to) {
  return Array.from({ length: 13 }, (_, i) => {
    const angle = 2 * Math.PI * (from + ((to - from) * i) / 12);
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}
const THREE = [...arc(0.48, 0.32, 0.16, -0.42, 0.2), ...arc(0.48, 0.64, 0.19, -0.22, 0.42)];

await buildStudio(root, `${root}build/studio`);
const { address, close } = await serve(`${root}build/studio`);
const [chromium] = browsers;
const tab = await chromium.open(chromium.path);
const person = new Person(tab);
await tab.resize(1280, 1190);
await person.visit(address);
await person.train();
const reached = async () => (await person.step()) > 800 && (await person.number("#validation-figure")) >= REACHED;
await person.waitFor("accuracy", reached, 300_000);
await tab.click("#keep");
await person.draw(THREE);
await person.reads(3);
await person.see("body", () => window.scrollTo(0, 0));
for (const theme of ["light", "dark"]) {
  await tab.dress(theme);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await tab.screenshot(`${root}docs/studio-${theme}.png`);
}
await tab.close();
await close();
