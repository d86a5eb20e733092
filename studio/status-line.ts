// The line that always says how fast training is, on what it runs and why not on more, and what is kept.
import { element, make, setText } from "./elements.ts";
import { bytes, count } from "./format.ts";
import type { EngineStatus, Status } from "./protocol.ts";

/** The engine's word while its threads are on their way. */
const STARTING = "threads are starting";
const headers = ["Cross-Origin-Opener-Policy: same-origin", "Cross-Origin-Embedder-Policy: require-corp"];

export class StatusLine {
  private readonly speed = element("speed", HTMLOutputElement);
  private readonly engine = element("engine", HTMLElement);
  private readonly threads = element("threads", HTMLElement);
  private readonly saved = element("saved", HTMLElement);
  private readonly notice = element("notice", HTMLDivElement);
  private canReload = false;

  /** Loaded again, the page would be isolated: its own service worker stands ready. */
  offerReload(): void {
    this.canReload = true;
  }

  show({ imagesPerSecond, engine, saved, step }: Status): void {
    setText(this.speed, count(imagesPerSecond));
    setText(this.engine, `${engine.simd === "relaxed" ? "Relaxed SIMD" : "SIMD"}, ${bytes(engine.memory)}`);
    setText(this.threads, threadsOf(engine));
    setText(
      this.saved,
      "problem" in saved ? "not here" : step === 0 ? "nothing yet" : `up to step ${count(saved.step)}`,
    );
    this.saved.title = "problem" in saved ? saved.problem : "";
    this.explain(engine, "problem" in saved ? saved.problem : undefined);
  }

  /** Above everything: why there is only one thread, and how to get more. */
  private explain({ isolated, threads, cores, reason }: EngineStatus, problem: string | undefined): void {
    const lines: (Node | string)[] = [];
    if (!isolated && cores > 1) {
      lines.push(
        `One of ${cores} threads is at work: browsers share memory between threads only on a page that is isolated from others. `,
        ...(this.canReload ? this.reloading(cores) : serving(isSecureContext)),
      );
    } else if (threads < cores && reason !== undefined && reason !== STARTING) {
      lines.push(`${threads} of ${cores} threads at work: ${reason}. Pause and resume to start them anew.`);
    }
    if (problem !== undefined) lines.push(`${lines.length > 0 ? " " : ""}Training is not kept: ${problem}.`);
    const text = lines.map((line) => (typeof line === "string" ? line : line.textContent)).join("");
    if (this.notice.textContent !== text) this.notice.replaceChildren(make("p", {}, ...lines));
    this.notice.hidden = lines.length === 0;
  }

  private reloading(cores: number): Node[] {
    const button = make("button", { type: "button" }, `Reload with all ${cores} threads`);
    button.addEventListener("click", () => location.reload());
    return [button];
  }
}

/** What whoever serves the page can do. */
function serving(isSecure: boolean): (Node | string)[] {
  const [opener, embedder] = headers.map((header) => make("code", {}, header));
  const address = isSecure ? "" : "from https or localhost, ";
  return [`To use all, serve it ${address}with the headers `, opener, " and ", embedder, ", as npm run studio does."];
}

function threadsOf({ threads, cores, isolated, reason }: EngineStatus): string {
  if (threads === cores) return cores === 1 ? "1, the only core" : `all ${cores}`;
  return `${threads} of ${cores}: ${isolated ? (reason === STARTING ? "starting" : "see below") : "not isolated"}`;
}
