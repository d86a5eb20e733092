// A program in a process of its own: its lines as they come, its end, and the end of all that it started.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Context } from "./row.ts";
import { denoFolder, temporary } from "./workspace.ts";

const PATIENCE = 170_000;
const SHOWN = 15;
const LONGEST = 400;

const environment = {
  CI: "1",
  NO_COLOR: "1",
  DENO_DIR: denoFolder,
  DENO_NO_UPDATE_CHECK: "1",
  NEXT_TELEMETRY_DISABLED: "1",
  WRANGLER_SEND_METRICS: "false",
  // Where wrangler keeps its logs.
  XDG_CONFIG_HOME: temporary,
  // An address where nobody answers: all that the tools need has been installed, and nothing is fetched in a test.
  NPM_CONFIG_REGISTRY: "http://127.0.0.1:9",
};

export class Program {
  /** What it has said so far, on either channel. */
  readonly lines: string[] = [];
  private readonly words: string[];
  private readonly process: ChildProcess;
  private readonly ended: Promise<number | null>;
  private listeners: (() => void)[] = [];

  /** Starts a command; it ends with the row at the latest. */
  constructor(context: Context, words: string[], folder: string) {
    this.words = words;
    const env = { ...process.env, ...environment };
    // In a group of its own, so that what it started ends with it.
    this.process = spawn(words[0], words.slice(1), {
      cwd: folder,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    context.finally(() => this.stop());
    for (const stream of [this.process.stdout, this.process.stderr]) {
      createInterface({ input: stream as NodeJS.ReadableStream }).on("line", (line) => {
        this.lines.push(line);
        this.tell();
      });
    }
    this.ended = new Promise((resolve) => {
      this.process.on("error", (error) => {
        this.lines.push(error.message);
        resolve(null);
      });
      this.process.on("close", resolve);
    });
    void this.ended.then(() => this.tell());
  }

  /** The first line that matches, as soon as it is there; an Error if the program ends, or takes too long, without it. */
  async line(pattern: RegExp, patience = PATIENCE): Promise<RegExpMatchArray> {
    let over = false;
    void this.ended.then(() => (over = true));
    const deadline = performance.now() + patience;
    for (let seen = 0; ; ) {
      for (; seen < this.lines.length; seen++) {
        const match = this.lines[seen].match(pattern);
        if (match) return match;
      }
      if (over) throw this.complaint(`ended without a line like ${pattern}`);
      if (performance.now() > deadline) throw this.complaint(`did not print a line like ${pattern} in time`);
      await this.news(deadline - performance.now());
    }
  }

  /** Waits until the program has ended by itself, and well. */
  async end(patience = PATIENCE): Promise<void> {
    const late = new Promise<string>((resolve) => {
      const timer = setTimeout(() => resolve("did not end in time"), patience);
      void this.ended.then(() => clearTimeout(timer));
    });
    const outcome = await Promise.race([this.ended, late]);
    if (outcome !== 0) throw this.complaint(typeof outcome === "string" ? outcome : `ended with ${outcome}`);
  }

  /** Ends the program and what it started. */
  async stop(): Promise<void> {
    const { pid } = this.process;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // They have all ended already.
    }
    await this.ended;
  }

  private complaint(what: string): Error {
    const command = this.words.map((word) => word.replace(/^.*\/node_modules\//, "")).join(" ");
    // Without the lines of minified code that runtimes print above an error.
    const said = this.lines.filter((line) => line.trim() !== "" && line.length < LONGEST).slice(-SHOWN);
    return new Error([`${command} ${what}:`, ...said].join("\n"));
  }

  /** Resolves at the next line, at the end of the program, or after some milliseconds. */
  private news(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.listeners.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private tell(): void {
    for (const listener of this.listeners.splice(0)) listener();
  }
}

/** Runs a command to its end and returns its lines. */
export async function run(context: Context, words: string[], folder: string): Promise<string[]> {
  const program = new Program(context, words, folder);
  await program.end();
  return program.lines;
}
