// Weights: saved in the browser and taken back, downloaded, opened from a file.
import { type ModelId, models } from "./catalogue.ts";
import { element, make } from "./elements.ts";
import type { EngineClient } from "./engine-client.ts";
import { count, figure } from "./format.ts";
import type { KeptWeights } from "./protocol.ts";

export class WeightsPanel {
  private readonly engine: EngineClient;
  private readonly list = element("kept", HTMLUListElement);
  private readonly file = element("weights-file", HTMLInputElement);
  private isListed = false;

  constructor(engine: EngineClient) {
    this.engine = engine;
    element("keep", HTMLButtonElement).addEventListener("click", () => this.change("keep", undefined));
    element("download", HTMLButtonElement).addEventListener("click", () => this.download().catch(this.refuse));
    element("open-weights", HTMLButtonElement).addEventListener("click", () => this.file.click());
    this.file.addEventListener("change", () => {
      const [file] = this.file.files ?? [];
      if (file) this.open(file).catch(this.refuse);
      this.file.value = "";
    });
  }

  /** The first word of the engine says that it can be asked. */
  setModel(_model: ModelId): void {
    if (this.isListed) return;
    this.isListed = true;
    this.change("list", undefined);
  }

  private change(name: "keep" | "list", given: undefined): void;
  private change(name: "forget", given: { name: string }): void;
  private change(name: "keep" | "list" | "forget", given: undefined | { name: string }): void {
    this.engine
      .ask(name as "list", given as undefined)
      .then((kept) => this.show(kept))
      .catch(this.refuse);
  }

  private show(kept: readonly KeptWeights[]): void {
    this.list.replaceChildren(
      ...kept.map(({ name, model, step, figure: reached }) => {
        const { title, task } = models[model];
        const words = [reached === undefined ? undefined : figure(task, reached), `step ${count(step)}`];
        const label = `${title}, step ${count(step)}`;
        const load = make("button", { type: "button", className: "quiet", ariaLabel: `Load ${label}` }, "Load");
        const remove = make("button", { type: "button", className: "quiet", ariaLabel: `Delete ${label}` }, "×");
        load.addEventListener("click", () => this.engine.tell("restore", { name }));
        remove.addEventListener("click", () => this.change("forget", { name }));
        const facts = make("small", {}, words.filter((word) => word !== undefined).join(" · "));
        return make("li", {}, make("span", {}, title, facts), load, remove);
      }),
    );
  }

  private readonly refuse = (error: Error): void => this.engine.refuse(error.message);

  private async open(file: File): Promise<void> {
    const bytes = new Uint8Array(await file.arrayBuffer());
    await this.engine.ask("import", { bytes, name: file.name });
  }

  private async download(): Promise<void> {
    const file = await this.engine.ask("export", undefined);
    const url = URL.createObjectURL(new Blob([file.bytes as Uint8Array<ArrayBuffer>]));
    make("a", { href: url, download: file.name }).click();
    // The browser needs the address until it has begun to save.
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}
