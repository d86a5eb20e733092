// From the import to the first result, in processes and pages that have done nothing before.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, browsers } from "../harness/browsers.ts";
import { missing, type Runtime, runtimes, tools } from "../harness/places.ts";
import { run } from "../harness/program.ts";
import { type Context, type Family, must, type Row } from "../harness/row.ts";
import { serve } from "../harness/server.ts";
import { workspace } from "../harness/workspace.ts";

const STARTS = 5;
/** Milliseconds that a start is to take. */
const bounds: [RegExp, number][] = [
  [/^Node/, 60],
  [/^Chromium/, 150],
];
/** A machine that does other work as well may take so many times as long. */
const TOLERANCE = 5;

/** What apps/cold.js returns. */
interface Start {
  milliseconds: number;
  result: number[];
}

async function checkStarts(context: Context, name: string, start: () => Promise<Start>): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    const { milliseconds, result } = await start();
    must(`${result}` === "3,7", `the first result must be 3,7, got ${result}`);
    times.push(milliseconds);
  }
  const median = times.sort((a, b) => a - b)[STARTS >> 1];
  const [fastest] = times;
  const bound = bounds.find(([pattern]) => pattern.test(name))?.[1];
  context.show("median of 5, ms", median.toFixed(0));
  context.show("fastest", fastest.toFixed(0));
  context.show("to be at most", bound ?? "");
  if (bound !== undefined)
    must(median < TOLERANCE * bound, `it must take at most ${bound} ms, got ${median.toFixed(0)}`);
}

const consoleRow = ({ name, command }: Runtime): Row => ({
  name,
  missing: missing(command[0]),
  run: (context) =>
    checkStarts(context, name, async () => {
      const [line] = (await run(context, [...command, "cold.js"], workspace)).filter((line) =>
        line.startsWith("answer: "),
      );
      return JSON.parse(line.slice("answer: ".length));
    }),
});

let made: Promise<string> | undefined;

/** The folder of a page whose bundle loads Heddle as a file of its own. */
async function makeSite(context: Context): Promise<string> {
  const site = join(workspace, "cold");
  mkdirSync(site);
  const options = ["--bundle", "--minify", "--splitting", "--format=esm", `--outdir=${site}`];
  await run(context, [...tools.esbuild, "cold.js", ...options], workspace);
  writeFileSync(join(site, "index.html"), '<!doctype html><script type="module" src="/cold.js"></script>');
  return site;
}

const browserRow = (browser: Browser, when: string, hash: string): Row => ({
  name: `${browser.name}, ${when}`,
  missing: browser.missing,
  async run(context) {
    const address = await serve(context, await (made ??= makeSite(context)));
    await checkStarts(context, browser.name, async () => {
      const page = await browser.page(context);
      await page.open(`${address}/${hash}`);
      return page.ask<Start>("answer");
    });
  },
});

export const coldStartFamily: Family = {
  name: "cold starts",
  title:
    "From before the import to the first result. Browsers load it over HTTP, in a fresh profile each time: while the page and " +
    "the browser's processes for it are being made, or in a page that has been there for a second.",
  columns: ["runtime", "median of 5, ms", "fastest", "to be at most"],
  rows: [
    ...runtimes.filter(({ name }) => !/without/.test(name)).map(consoleRow),
    ...browsers.flatMap((browser) => [
      browserRow(browser, "page opening", ""),
      browserRow(browser, "page at rest", "#rest"),
    ]),
  ],
};
