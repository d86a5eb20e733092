// Engine workers in a real browser: a page that trains in one stays smooth. The page watches itself and reports here; so
// nothing drives the browser, which is started headless with an address. Without a browser this is skipped, and says so.
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import threadSource from "../../ts/generated/thread-source.ts";
import type { Report } from "./browser-page.ts";

const REMOVALS = 50;

/** Browsers by the commands that start them, and what they are told. */
const browsers = [
  {
    name: "Chromium",
    commands: ["chromium", "chromium-browser", "google-chrome"],
    flags: (profile: string) => [
      "--headless",
      "--no-first-run",
      "--disable-gpu",
      `--user-data-dir=${profile}`,
      // Its sandbox refuses to start for root.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  },
  {
    name: "Firefox",
    commands: ["firefox-esr", "firefox"],
    flags: (profile: string) => ["--headless", "--no-remote", "--profile", profile],
  },
].map((browser) => ({
  ...browser,
  command: browser.commands.find((command) => spawnSync(command, ["--version"]).status === 0),
}));
for (const { name, command } of browsers) {
  if (command === undefined) console.warn(`SKIPPED: engine workers in ${name}, which is not here`);
}

/** What makes a page isolated, so that it may share memory between threads. */
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
/** Scripts from here only: no worker from a Blob URL. */
const strict = { ...isolation, "Content-Security-Policy": "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'" };
/** The headers of what is not just isolated. */
const headersOf: { readonly [path: string]: Record<string, string> } = {
  "/strict-page": strict,
  "/strict-worker.js": strict,
  "/plain-page": {},
};

const scripts = new Map<string, string>();
let server: Server;
let browser: ChildProcess | undefined;
let report: (body: string) => void = () => {};

beforeAll(async () => {
  for (const name of ["browser-page", "own-worker", "strict-page", "plain-page"]) {
    const { outputFiles } = buildSync({
      entryPoints: [new URL(`${name}.ts`, import.meta.url).pathname],
      bundle: true,
      write: false,
      format: "esm",
      target: "es2022",
    });
    scripts.set(`/${name}.js`, outputFiles[0].text);
  }
  scripts.set("/strict-worker.js", scripts.get("/own-worker.js") ?? "");
  scripts.set("/thread.js", threadSource);
  server = createServer((request, response) => {
    const path = request.url ?? "";
    if (request.method === "POST") {
      let body = "";
      request.on("data", (part) => {
        body += part;
      });
      request.on("end", () => {
        response.end();
        report(body);
      });
      return;
    }
    const script = scripts.get(path);
    const headers = headersOf[path] ?? isolation;
    response.writeHead(200, { "Content-Type": script ? "text/javascript" : "text/html", ...headers });
    response.end(script ?? `<!doctype html><script type="module" src="${path}.js"></script>`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  if (browser) stop(browser);
  server.close();
});

/** Opens a page and waits for what it reports. */
async function open({ command = "", flags }: (typeof browsers)[number], page: string): Promise<unknown> {
  const profile = mkdtempSync(join(tmpdir(), "heddle-browser-"));
  const reported = new Promise<string>((resolve) => {
    report = resolve;
  });
  const { port } = server.address() as AddressInfo;
  // In a group of its own, so that the processes it starts end with it.
  const options: SpawnOptions = { detached: true, stdio: "ignore" };
  const child = spawn(command, [...flags(profile), `http://127.0.0.1:${port}/${page}`], options);
  browser = child;
  const ended = new Promise<string>((resolve) => {
    child.on("exit", (code) => resolve(JSON.stringify({ error: `the browser ended with ${code}` })));
  });
  const body = await Promise.race([reported, ended]);
  stop(child);
  await ended;
  await removeProfile(profile);
  return JSON.parse(body);
}

/** Ends a browser and what it started. */
function stop({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // They have all ended already.
  }
}

/** Removes a folder into which a process that has just been killed may still write a file or two. */
async function removeProfile(folder: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if (attempt === REMOVALS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

describe.each(browsers)("in $name", (browser) => {
  const inBrowser = it.runIf(browser.command !== undefined);

  inBrowser(
    "a page stays smooth while a CNN trains in its worker, with progress, to the same bits as at hand",
    async () => {
      let seen: Report & { error?: string };
      let attempts = 0;
      // A busy machine may leave the page itself without a core for a while: of three pages one must be smooth.
      do seen = (await open(browser, "browser-page")) as typeof seen;
      while (++attempts < 3 && seen.longTasks?.length > 0);
      expect(seen.error).toBeUndefined();
      expect(seen.isolated).toBe(true);
      // No task of the page took 50 ms, while the worker worked for much longer. Only Chromium tells of such tasks.
      expect(seen.longTasks).toEqual([]);
      expect(seen.trainingMilliseconds).toBeGreaterThan(100);
      expect(seen.steps).toBe(128);
      expect(seen.epochs).toBe(1);
      expect(seen.batches.length).toBeGreaterThan(0);
      expect(seen.batches).toEqual([...seen.batches].sort((a, b) => a - b));
      expect(seen.aborted).toBe("AbortError");
      expect(seen.weights).toBe(6);
      expect(seen.sameBits).toBe(true);
      expect(seen.own).toEqual([3, 6]);
      expect(seen.died).toBe("worker: the engine worker must run, got one that ended");
    },
  );

  inBrowser("a page without isolation trains in its worker on one thread, and is told why", async () => {
    const reason =
      "threads could not be made: SharedArrayBuffer is hidden since the page is not cross-origin isolated; it is with " +
      "the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp (or credentialless)";
    expect(await open(browser, "plain-page")).toEqual({
      page: { isolated: false, reason },
      worker: { threads: 1, isolated: false, reason },
      losses: 3,
      sameBits: true,
    });
  });

  inBrowser(
    "a page whose policy forbids blob: is told so, and works with files of its own, threads included",
    async () => {
      expect(await open(browser, "strict-page")).toEqual({
        refused: expect.stringContaining("where blob: is forbidden, give a worker"),
        own: [3, 6],
        threads: 2,
      });
    },
  );
});
