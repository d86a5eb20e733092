// A contender as a separate process that answers JSON lines: stopped between questions, so that nothing of it runs while
// another works, and gone when this process is.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";

/** A request's answer: the fields asked for, or the reason why there is none. */
export type Answer<T> = T | { cannot: string };

export class Child {
  readonly #process: ChildProcess;
  readonly #answers: Interface;
  readonly #said: string[] = [];
  #ended: string | undefined;
  #settle: ((answer: { cannot: string } | object) => void) | undefined;

  constructor(command: string, args: string[], env: NodeJS.ProcessEnv) {
    this.#process = spawn(command, args, { env, stdio: ["pipe", "pipe", "pipe", "pipe"] });
    this.#process.on("error", (error) => this.#end(error.message));
    this.#process.on("close", (code, signal) => this.#end(this.#lastWords(code, signal)));
    this.#process.stdin?.on("error", () => {}); // a dead child is reported by its exit
    this.#process.stdout?.resume();
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => this.#listen(text));
    this.#answers = createInterface({ input: this.#process.stdio[3] as Readable });
    this.#answers.on("line", (line) => this.#settle?.(JSON.parse(line)));
  }

  /** Sends a request and waits for its answer; a child that dies or stays silent too long answers with the reason. */
  async ask<T>(request: object, patienceSeconds: number): Promise<Answer<T>> {
    if (this.#ended !== undefined) return { cannot: this.#ended };
    this.#process.kill("SIGCONT");
    let timer: NodeJS.Timeout | undefined;
    const answer = await new Promise<Answer<T>>((resolve) => {
      this.#settle = resolve as (answer: object) => void;
      timer = setTimeout(() => this.#abandon(patienceSeconds), patienceSeconds * 1000);
      this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
    });
    clearTimeout(timer);
    this.#settle = undefined;
    this.#process.kill("SIGSTOP");
    return answer;
  }

  /** Ends the process. */
  stop(): void {
    this.#process.stdin?.end();
    this.#process.kill("SIGKILL"); // a stopped process hears no other
  }

  #abandon(seconds: number): void {
    this.#process.kill("SIGKILL");
    this.#end(`no answer within ${seconds} s`);
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    this.#settle?.({ cannot: this.#ended });
  }

  #listen(text: string): void {
    this.#said.push(...text.split("\n").filter((line) => line.trim() !== ""));
    this.#said.splice(0, this.#said.length - 40);
  }

  /** Why the process ended: its last error message where it gave one. */
  #lastWords(code: number | null, signal: NodeJS.Signals | null): string {
    const error = this.#said.findLast((line) => /\w*(Error|Exception)\b.*:/.test(line));
    return (error ?? `ended with ${signal ?? `code ${code}`}`).trim().slice(0, 200);
  }
}
