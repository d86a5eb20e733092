// The programs of apps/ by name, in a runtime with a console or in a page: their answers.
import type { Browser } from "./browsers.ts";
import { run } from "./program.ts";
import { type Context, must } from "./row.ts";
import { isolation, serve } from "./server.ts";
import { workspace } from "./workspace.ts";

/** Runs a program in a runtime with a console, which must end by itself; returns its answer. */
export async function askConsole<T>(context: Context, command: string[], name: string, options: object): Promise<T> {
  const lines = await run(context, [...command, "console.js", name, JSON.stringify(options)], workspace);
  const answer = lines.find((line) => line.startsWith("answer: "));
  must(answer !== undefined, `${name} must print its answer, got ${lines.join("\n")}`);
  return JSON.parse(answer.slice("answer: ".length)) as T;
}

/** Runs a program in an isolated page of its own; returns its answer. */
export async function askPage<T>(context: Context, browser: Browser, name: string, options: object): Promise<T> {
  const page = await browser.page(context);
  await page.open(`${await serve(context, workspace, isolation)}/page.html#${name}${JSON.stringify(options)}`);
  return page.ask<T>("answer");
}
