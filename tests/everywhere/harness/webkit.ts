// WebKit as Debian has it: its MiniBrowser in a screen of memory (Xvfb), asked through WebKitWebDriver in the words of the W3C's
// WebDriver. What a page writes to its console is not heard.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { findProgram } from "./places.ts";

const PATIENCE = 170_000;
const STARTING = 20_000;

/** The browser's program, which lies beside the library. */
function findMiniBrowser(): string | undefined {
  const below = (folder: string, names: RegExp): string[] => {
    try {
      return readdirSync(folder).flatMap((name) => (names.test(name) ? [join(folder, name)] : []));
    } catch {
      return [];
    }
  };
  const places = below("/usr/lib", /-linux-gnu/).flatMap((folder) => below(folder, /^webkit2?gtk-\d/));
  return places.flatMap((folder) => below(folder, /^MiniBrowser$/))[0];
}

/** What is missing of WebKit's programs, if any is. */
export function missingWebkit(): string | undefined {
  const there = findProgram("WebKitWebDriver") && findProgram("Xvfb") && findMiniBrowser();
  return there ? undefined : "not installed; apt-get install webkit2gtk-driver xvfb";
}

/** The version of the library, as the package manager tells it. */
export function webkitVersion(): string {
  try {
    const status = execFileSync("dpkg-query", ["-s", "webkit2gtk-driver"], { encoding: "utf8", stdio: "pipe" });
    return status.match(/^Version: (\d+(\.\d+)*)/m)?.[1] ?? "";
  } catch {
    return "";
  }
}

/** A page in a browser and a profile of its own. */
class WebkitProfile {
  private readonly driver: ChildProcess;
  private readonly session: string;

  constructor(driver: ChildProcess, session: string) {
    this.driver = driver;
    this.session = session;
  }

  async newPage() {
    const { session } = this;
    return {
      goto: (url: string) => command("POST", `${session}/url`, { url }),
      evaluate(expression: string) {
        // Modules may run later than the driver says that the page was loaded. An error travels as text.
        const script = `const done = arguments[0];
          const loaded = document.readyState === "complete" || new Promise((resolve) => addEventListener("load", resolve));
          Promise.resolve(loaded).then(() => (${expression})).then(
            (value) => done({ value }), (error) => done({ error: String(error) }))`;
        return command<{ value: unknown; error?: string }>("POST", `${session}/execute/async`, {
          script,
          args: [],
        }).then(({ value, error }) => {
          if (error !== undefined) throw new Error(error);
          return value;
        });
      },
      on: () => undefined,
    };
  }

  async close(): Promise<void> {
    await command("DELETE", this.session).catch(() => undefined);
    this.driver.kill();
  }
}

/** Starts a screen; each profile then has a driver and a browser of its own. */
export async function launchWebkit(driverProgram: string) {
  const binary = findMiniBrowser();
  const screen = findProgram("Xvfb");
  if (binary === undefined || screen === undefined) throw new Error(missingWebkit());
  const words = ["-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp"];
  const server = spawn(screen, words, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const display = await new Promise<string>((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", () => reject(new Error("Xvfb must start, got an end")));
    server.stdio[3]?.once("data", (bytes: Buffer) => resolve(`:${String(bytes).trim()}`));
  });
  return {
    async newProfile(): Promise<WebkitProfile> {
      const port = await freePort();
      const env = { ...process.env, DISPLAY: display };
      const driver = spawn(driverProgram, [`--port=${port}`, "--host=127.0.0.1"], { stdio: "ignore", env });
      const address = `http://127.0.0.1:${port}/session`;
      const alwaysMatch = {
        browserName: "MiniBrowser",
        timeouts: { script: PATIENCE, pageLoad: PATIENCE },
        "webkitgtk:browserOptions": { binary, args: ["--automation"] },
      };
      const { sessionId } = await soon(() =>
        command<{ sessionId: string }>("POST", address, { capabilities: { alwaysMatch } }),
      );
      return new WebkitProfile(driver, `${address}/${sessionId}`);
    },
    async close(): Promise<void> {
      server.kill();
    },
  };
}

/** One command of WebDriver: its value. */
async function command<T>(method: string, address: string, asks?: object): Promise<T> {
  const response = await fetch(address, { method, body: asks && JSON.stringify(asks) });
  const { value } = (await response.json()) as { value: T & { message?: string } };
  if (!response.ok) throw new Error(`WebKitWebDriver: ${value.message}`);
  return value;
}

/** The result of `ask`, which fails until a program listens. */
async function soon<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + STARTING;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TypeError) || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
