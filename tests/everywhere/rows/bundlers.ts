// Bundlers and frameworks: the smallest app, without any configuration, and what comes of it where it is meant to run.
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "../harness/browsers.ts";
import { bundleForEdge, edge, startEdge } from "../harness/edge.ts";
import { bun, deno, expectedThreads, missing, named, node, tools, version } from "../harness/places.ts";
import { Program, run } from "../harness/program.ts";
import { type Context, type Family, must, type Row } from "../harness/row.ts";
import { isolation, serve } from "../harness/server.ts";
import { workspace } from "../harness/workspace.ts";

const app = join(workspace, "bundled");
const RESULT = "result: 4 10 18";
const page = '<!doctype html><title>Heddle in a bundle</title><script type="module" src="main.js"></script>';

/** Whatever the app writes its lines to. */
interface Console {
  line(pattern: RegExp): Promise<RegExpMatchArray>;
}

/** The app's result must be right, and its workers come. */
async function checkLines(context: Context, console: Console, threads = expectedThreads): Promise<void> {
  const [result] = await console.line(/^result: .*/);
  must(result === RESULT, `the app must print "${RESULT}", got "${result}"`);
  context.show("result of the app", "right");
  const [, count] = await console.line(threads > 1 ? /^threads: ([2-9]|\d\d)/ : /^threads: (\d+)/);
  context.show("threads", count);
}

/** A bundle that runs in a page, isolated so that its workers can share memory. */
function pageRow(name: string, words: string[], html = page): Row {
  return {
    name,
    missing: missing(words[0]) ?? chromium.missing,
    async run(context) {
      const output = join(workspace, name.replaceAll(/\W+/g, "-"));
      mkdirSync(output);
      await run(
        context,
        words.map((word) => word.replace("OUTPUT", output)),
        app,
      );
      if (html) writeFileSync(join(output, "index.html"), html);
      const address = await serve(context, output, isolation);
      const tab = await chromium.page(context);
      await tab.open(`${address}/`);
      context.show("ran in", chromium.name);
      await checkLines(context, tab);
    },
  };
}

/** A bundle that runs in a runtime with a console: `words` make the file that `command` runs. */
function consoleRow(name: string, words: string[], where: string, command: string[]): Row {
  return {
    name,
    missing: missing(words[0]) ?? (command[0] === "OUTPUT" ? undefined : missing(command[0])),
    async run(context) {
      const output = join(workspace, `${name.replaceAll(/\W+/g, "-")}.js`);
      const fill = (word: string): string => word.replace("OUTPUT", output);
      await run(context, words.map(fill), app);
      context.show("ran in", where);
      await checkLines(context, new Program(context, command.map(fill), workspace));
    },
  };
}

/** Vite's development server, which bundles what an app depends on before it serves it. */
const viteServer: Row = {
  name: `${named("Vite")}, development server`,
  missing: missing(node) ?? chromium.missing,
  async run(context) {
    const folder = join(workspace, "vite-server");
    cpSync(app, folder, { recursive: true });
    const server = new Program(context, [...tools.vite, "--host", "127.0.0.1", "--port", "0"], folder);
    const [address] = await server.line(/http:\/\/127\.0\.0\.1:\d+/);
    const tab = await chromium.page(context);
    await tab.open(`${address}/`);
    context.show("ran in", chromium.name);
    await checkLines(context, tab, 1);
  },
};

let built: Promise<unknown> | undefined;

/** Starts the app that Next has built, once for all rows; returns its address. */
async function startNext(context: Context): Promise<string> {
  const folder = join(workspace, "next");
  built ??= run(context, [...tools.next, "build"], folder);
  await built;
  const server = new Program(context, [...tools.next, "start", "--hostname", "127.0.0.1", "--port", "0"], folder);
  const [address] = await server.line(/http:\/\/127\.0\.0\.1:\d+/);
  return address;
}

const nextPage: Row = {
  name: `${named("Next")}, client`,
  missing: missing(node) ?? chromium.missing,
  async run(context) {
    const address = await startNext(context);
    const tab = await chromium.page(context);
    await tab.open(`${address}/`);
    context.show("ran in", chromium.name);
    await checkLines(context, tab, 1);
  },
};

const nextServer: Row = {
  name: `${named("Next")}, server`,
  missing: missing(node),
  async run(context) {
    const text = await (await fetch(`${await startNext(context)}/server`)).text();
    must(text === RESULT, `the route must answer "${RESULT}", got "${text.slice(0, 500)}"`);
    context.show("ran in", "Next's server");
    context.show("result of the app", "right");
  },
};

const nextEdge: Row = {
  name: `${named("Next")}, edge`,
  missing: missing(node),
  async run(context) {
    const text = await (await fetch(`${await startNext(context)}/edge`)).text();
    const right = '{"product":[7,10,15,22],"sums":[3,7],"runtime":"edge-runtime","threads":1}';
    must(text === right, `the route must answer ${right}, got "${text.slice(0, 500)}"`);
    context.show("ran in", "Next's edge runtime");
    context.show("result of the app", "right");
    context.show("threads", 1);
  },
};

const wrangler: Row = {
  name: named("wrangler"),
  missing: edge.missing,
  async run(context) {
    const ask = await startEdge(context, await bundleForEdge(context, app, "edge.js"), "edge.js");
    const text = await (await ask("http://heddle/")).text();
    must(text === RESULT, `the worker must answer "${RESULT}", got "${text.slice(0, 500)}"`);
    context.show("ran in", `${edge.name}, by miniflare`);
    context.show("result of the app", "right");
  },
};

export const bundlerFamily: Family = {
  name: "bundlers",
  title:
    "An app of three lines without configuration; pages are served isolated, but for Next's and Vite's own servers.",
  columns: ["made by", "ran in", "result of the app", "threads"],
  rows: [
    pageRow(named("Vite"), [...tools.vite, "build", "--outDir", "OUTPUT"], ""),
    viteServer,
    pageRow(named("webpack"), [
      ...tools.webpack,
      "--entry",
      "./app.js",
      "--mode",
      "production",
      "--output-path",
      "OUTPUT",
    ]),
    pageRow(named("Rollup"), [
      ...tools.rollup,
      "app.js",
      "-p",
      tools.resolvePlugin,
      "-f",
      "es",
      "-o",
      "OUTPUT/main.js",
    ]),
    pageRow(named("esbuild"), [...tools.esbuild, "app.js", "--bundle", "--minify", "--outfile=OUTPUT/main.js"]),
    consoleRow(
      `${named("esbuild")} for Node`,
      [...tools.esbuild, "app.js", "--bundle", "--platform=node", "--outfile=OUTPUT"],
      `Node ${version(node)}`,
      [node, "OUTPUT"],
    ),
    pageRow(`bun build ${version(bun)}`, [bun, "build", "app.js", "--outfile=OUTPUT/main.js"]),
    consoleRow(
      `bun build ${version(bun)} for Bun`,
      [bun, "build", "app.js", "--target=bun", "--outfile=OUTPUT"],
      "Bun",
      [bun, "OUTPUT"],
    ),
    consoleRow(
      `bun build ${version(bun)} --compile`,
      [bun, "build", "app.js", "--compile", "--outfile=OUTPUT"],
      "itself",
      ["OUTPUT"],
    ),
    consoleRow(`deno bundle ${version(deno)}`, [deno, "bundle", "app.js", "-o", "OUTPUT"], "Deno", [
      deno,
      "run",
      "--no-prompt",
      "OUTPUT",
    ]),
    pageRow(`deno bundle ${version(deno)} for browsers`, [
      deno,
      "bundle",
      "--platform=browser",
      "app.js",
      "-o",
      "OUTPUT/main.js",
    ]),
    nextPage,
    nextServer,
    nextEdge,
    wrangler,
  ],
};
