// The browsers of this machine, driven as a person would: Chromium through Playwright, Firefox through Puppeteer, WebKit
// through its own driver. Each page has a fresh profile. Chromium gets no flag that changes what pages may do.
import { findProgram, version } from "./places.ts";
import type { Context } from "./row.ts";
import { launchWebkit, missingWebkit, webkitVersion } from "./webkit.ts";

const PATIENCE = 170_000;

/** What the two drivers have in common. */
interface DriverPage {
  goto(url: string, options: { timeout: number }): Promise<unknown>;
  evaluate(expression: string): Promise<unknown>;
  on(event: string, listener: (event: { text(): string } & Error) => void): unknown;
}
interface Profile {
  newPage(): Promise<DriverPage>;
  close(): Promise<void>;
}
interface Driver {
  newProfile(): Promise<Profile>;
  close(): Promise<void>;
}

interface BrowserKind {
  readonly name: string;
  /** What its program may be called. */
  readonly programs: readonly string[];
  /** The version that a program tells; default: at --version. */
  readonly version?: (program: string) => string;
  /** What `engineInfo().reason` says where no page of it can have threads, whatever its headers; default: one can. */
  readonly alone?: RegExp;
  /** What to install where it is missing. */
  readonly missing: string;
  readonly launch: (program: string) => Promise<Driver>;
}

export class Browser {
  readonly name: string;
  /** What to install where it is missing. */
  readonly missing: string | undefined;
  /** What `engineInfo().reason` says where no page of it can have threads. */
  readonly alone: RegExp | undefined;
  private readonly launch: (program: string) => Promise<Driver>;
  private readonly program: string | undefined;
  private driver: Promise<Driver> | undefined;

  constructor({ name, programs, version: versionOf = version, alone, missing, launch }: BrowserKind) {
    this.program = findProgram(...programs);
    this.name = this.program ? `${name} ${versionOf(this.program)}` : name;
    this.missing = this.program ? undefined : missing;
    this.alone = alone;
    this.launch = launch;
  }

  /** A page in a profile of its own, until the row has ended. */
  async page(context: Context): Promise<Page> {
    if (this.program === undefined) throw new Error(`${this.name} is not installed`);
    this.driver ??= this.launch(this.program);
    const profile = await (await this.driver).newProfile();
    context.finally(() => profile.close());
    return new Page(await profile.newPage());
  }

  async close(): Promise<void> {
    await (await this.driver)?.close();
  }
}

export class Page {
  /** What the page has written to its console, and its errors. */
  readonly lines: string[] = [];
  private readonly page: DriverPage;

  constructor(page: DriverPage) {
    this.page = page;
    page.on("console", (message) => this.lines.push(message.text()));
    page.on("pageerror", (error) => this.lines.push(error.message));
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url, { timeout: PATIENCE });
  }

  /** The value of an expression in the page, or what the promise that it is comes to; it must be there in time. */
  async ask<T>(expression: string): Promise<T> {
    // As text, since the drivers copy infinities and the like each in its own way.
    const asked = this.page.evaluate(`Promise.resolve(${expression}).then((value) => JSON.stringify(value))`);
    const text = await inTime(asked, () => `the page did not answer ${expression} in time: ${this.lines.join("; ")}`);
    if (typeof text !== "string") throw new Error(`the page has no ${expression}: ${this.lines.join("; ")}`);
    return JSON.parse(text) as T;
  }

  /** The first line of the console that matches. */
  async line(pattern: RegExp, patience = PATIENCE): Promise<RegExpMatchArray> {
    const deadline = performance.now() + patience;
    while (performance.now() < deadline) {
      for (const line of this.lines) {
        const match = line.match(pattern);
        if (match) return match;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`the page did not print a line like ${pattern} in time: ${this.lines.slice(0, 10).join("; ")}`);
  }
}

async function inTime<T>(promise: Promise<T>, message: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message())), PATIENCE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// The drivers are not among the root's dependencies: their packages are named where the type checker does not look.
const drivers = { chromium: "playwright-core", firefox: "puppeteer-core" };

/** The drivers would end this process at a signal, before main.ts has ended all else. */
const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };

async function launchChromium(executablePath: string): Promise<Driver> {
  const { chromium } = (await import(drivers.chromium)) as {
    chromium: { launch(options: object): Promise<{ newContext(): Promise<Profile>; close(): Promise<void> }> };
  };
  // Chromium has no sandbox for root.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launch({ executablePath, args, ...signals });
  return { newProfile: () => browser.newContext(), close: () => browser.close() };
}

async function launchFirefox(executablePath: string): Promise<Driver> {
  interface Tabs {
    newPage(options: object): Promise<DriverPage>;
    close(): Promise<void>;
  }
  const { launch } = (await import(drivers.firefox)) as {
    launch(options: object): Promise<{ createBrowserContext(): Promise<Tabs>; close(): Promise<void> }>;
  };
  const browser = await launch({ browser: "firefox", executablePath, headless: true, ...signals });
  return {
    async newProfile() {
      const tabs = await browser.createBrowserContext();
      // A tab behind another one would be slowed down.
      return { newPage: () => tabs.newPage({ type: "window" }), close: () => tabs.close() };
    },
    close: () => browser.close(),
  };
}

export const chromium = new Browser({
  name: "Chromium",
  programs: ["chromium", "chromium-browser"],
  missing: "not installed; apt-get install chromium",
  launch: launchChromium,
});
export const firefox = new Browser({
  name: "Firefox",
  programs: ["firefox-esr", "firefox"],
  missing: "not installed; apt-get install firefox-esr",
  launch: launchFirefox,
});
export const webkit = new Browser({
  name: "WebKitGTK",
  programs: missingWebkit() === undefined ? ["WebKitWebDriver"] : [],
  version: webkitVersion,
  // GTK's WebKit isolates no page.
  alone: /isolat/,
  missing: missingWebkit() ?? "",
  launch: launchWebkit,
});
export const browsers = [chromium, firefox, webkit];
