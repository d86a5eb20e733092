// What a host sends along with a page, and what comes of it: the same bits under all headers, threads where the browser lets
// a page share memory and start workers, and the reason where it does not.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, browsers } from "../harness/browsers.ts";
import { expectedThreads, tools } from "../harness/places.ts";
import { run } from "../harness/program.ts";
import { type Context, type Family, must, type Row } from "../harness/row.ts";
import { type Headers, isolation, serve } from "../harness/server.ts";
import { workspace } from "../harness/workspace.ts";
import { type Configuration, reference, type Training } from "./training.ts";

interface Circumstance {
  name: string;
  headers: Headers;
  /** What `reason` must say where there can be one thread only; where it is not given, there must be more. */
  reason?: RegExp;
  configuration?: Configuration & { threadUrl?: string };
  /** What the page does before it is loaded again: an expression. */
  before?: string;
}

const policy = (...directives: string[]): Headers => ({
  ...isolation,
  "Content-Security-Policy": ["script-src 'self' 'wasm-unsafe-eval'", ...directives].join("; "),
});

const circumstances: Circumstance[] = [
  { name: "no headers", headers: {}, reason: /isolat/i },
  { name: "COOP, COEP require-corp", headers: isolation },
  {
    name: "COOP, COEP credentialless",
    headers: { ...isolation, "Cross-Origin-Embedder-Policy": "credentialless" },
  },
  {
    name: "a service worker that adds them",
    headers: {},
    before:
      'navigator.serviceWorker.register("/isolate.js").then(() => navigator.serviceWorker.ready).then(() => true)',
  },
  { name: "CSP without worker-src", headers: policy(), reason: /polic|CSP/i },
  { name: "CSP with worker-src blob:", headers: policy("worker-src blob:") },
  {
    name: "CSP with worker-src 'self', threadUrl",
    headers: policy("worker-src 'self'"),
    configuration: { threadUrl: "/thread.js" },
  },
];

let made: Promise<string> | undefined;

/** The folder of a page that loads one file, made by a bundler: a policy like the above allows no import map. */
async function makeSite(context: Context): Promise<string> {
  const site = join(workspace, "site");
  mkdirSync(site);
  await run(context, [...tools.esbuild, "page.js", "--bundle", "--format=esm", `--outfile=${site}/main.js`], workspace);
  writeFileSync(join(site, "index.html"), '<!doctype html><script type="module" src="/main.js"></script>');
  copyFileSync(join(workspace, "isolate.js"), join(site, "isolate.js"));
  copyFileSync(join(workspace, "node_modules/heddle/dist/thread.js"), join(site, "thread.js"));
  return site;
}

function row(browser: Browser, { name, headers, reason, configuration = {}, before }: Circumstance): Row {
  return {
    name: `${browser.name}: ${name}`,
    missing: browser.missing,
    async run(context) {
      const address = await serve(context, await (made ??= makeSite(context)), headers);
      const page = await browser.page(context);
      const options = JSON.stringify({ configuration: { ...configuration, deterministic: true } });
      if (before !== undefined) {
        await page.open(`${address}/isolate.js`);
        await page.ask(before);
      }
      await page.open(`${address}/#train${options}`);
      const training = await page.ask<Training>("answer");
      const { threads, isolated } = training;
      context.show("isolated", isolated ? "yes" : "no");
      context.show("threads", threads);
      context.show("reason", training.reason ?? "");
      const { digest } = await reference(context);
      must(training.digest === digest, `the weights' SHA-256 must be ${digest}, got ${training.digest}`);
      const why = browser.alone ?? reason;
      if (why === undefined) {
        must(
          threads >= expectedThreads,
          `there must be ${expectedThreads} threads, got ${threads}: ${training.reason}`,
        );
      } else {
        must(threads === 1, `there must be one thread, got ${threads}`);
        must(why.test(training.reason ?? ""), `the reason must say ${why}, got ${training.reason}`);
      }
    },
  };
}

export const headerFamily: Family = {
  name: "headers",
  title:
    "The training in a page under the headers of its host, its weights' SHA-256 as everywhere; why there are no threads, by " +
    "`engineInfo().reason`. CSP: `script-src 'self' 'wasm-unsafe-eval'`, isolated.",
  columns: ["browser and headers", "isolated", "threads", "reason"],
  rows: browsers.flatMap((browser) => circumstances.map((circumstance) => row(browser, circumstance))),
};
