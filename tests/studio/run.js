// Tests the studio in real browsers by acting as a person does: `npm run test:studio`. A browser's name runs it alone.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { loadavg } from "node:os";
import { buildStudio } from "../../scripts/studio/build.js";
import { serve } from "../../scripts/studio/serve.js";

const root = new URL("../..", import.meta.url).pathname;
const here = `${root}tests/studio`;
if (!existsSync(`${here}/node_modules`)) {
  console.log("tests/studio: installing what drives the browsers");
  const words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  // The npm that runs this: the root's packages bring an old one along, which comes first on its path.
  const npm = process.env.npm_execpath;
  const [command, ...before] = npm ? [process.execPath, npm] : ["npm"];
  const { status } = spawnSync(command, [...before, ...words], { cwd: here, stdio: "inherit" });
  if (status !== 0) process.exit(1);
}
const { acts } = await import("./acts.js");
const { browsers } = await import("./browsers.js");
const { Person } = await import("./person.js");

const wanted = process.argv.slice(2);
const folder = `${root}build/studio`;
const files = await buildStudio(root, folder);
console.log(`build/studio: ${files.reduce((sum, { bytes }) => sum + bytes, 0).toLocaleString("en")} bytes`);
const count = { passed: 0, failed: 0, skipped: 0 };

for (const browser of browsers) {
  if (wanted.length > 0 && !wanted.includes(browser.name.toLowerCase())) continue;
  if (browser.path === undefined) {
    console.log(`\n!!! ${browser.name} IS NOT INSTALLED: none of its tests ran (${browser.wants})\n`);
    count.skipped += Object.keys(acts).length;
    continue;
  }
  await play(browser);
}
const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
console.log(`studio: ${count.passed} passed, ${count.failed} failed${skipped}`);
process.exit(count.failed === 0 ? 0 : 1);

/** All acts in one browser, each told in a line. */
async function play({ name, path, open }) {
  const isolated = await serve(folder, { isolated: true });
  const plain = await serve(folder, { isolated: false });
  const tab = await open(path);
  const person = new Person(tab);
  const began = Date.now();
  console.log(`\n${name} (${path}), load ${loadavg()[0].toFixed(1)}`);
  try {
    await person.visit(isolated.address);
    for (const [title, act] of Object.entries(acts)) {
      const start = Date.now();
      const seconds = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
      const notes = [];
      try {
        const outcome = await act({ person, tab, isolated, plain, say: (note) => notes.push(note) });
        if (outcome === undefined) count.passed++;
        console.log(outcome === undefined ? `  ok      ${title} (${seconds()})` : `          (${title}: ${outcome})`);
      } catch (error) {
        count.failed++;
        console.log(`  FAILED  ${title} (${seconds()})\n          ${error.message}`);
        console.log(`          the page: ${await saidBy(tab)}`);
        await tab.screenshot(`${root}build/studio-failed-${name.toLowerCase()}.png`).catch(() => {});
      }
      for (const note of notes) console.log(`          ${note}`);
    }
  } catch (error) {
    count.failed++;
    console.log(`  FAILED  ${error.stack}`);
  } finally {
    await tab.close();
    await Promise.all([isolated.close(), plain.close()]);
    console.log(`  in ${((Date.now() - began) / 1000).toFixed(0)} s`);
  }
}

/** What a page says of itself when something went wrong in it. */
async function saidBy(tab) {
  const look = () =>
    [
      location.href,
      document.readyState,
      ...["#problem p", "#notice", "#threads", "#train"].map((selector) => {
        const element = document.querySelector(selector);
        return `${selector}${element?.disabled ? " (disabled)" : ""}: ${element?.textContent.trim() ?? "is not there"}`;
      }),
      `served by ${navigator.serviceWorker?.controller?.state ?? "no service worker"}`,
    ].join("; ");
  const page = await tab.ask(look).catch((error) => `does not answer: ${error.message}`);
  return tab.errors.length === 0 ? page : `${page}; errors: ${tab.errors.join("; ")}`;
}
