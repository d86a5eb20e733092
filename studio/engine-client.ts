// The page's side of the engine: asks its worker, which answers later, and hands out what it says by itself.
import { type ModelId, models } from "./catalogue.ts";
import { recall, remember } from "./memory.ts";
import type { Asked, EventName, Events, RequestName, Requests, Said } from "./protocol.ts";

type Listener<E extends EventName> = (value: Events[E]) => void;

export class EngineClient {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, { resolve(reply: unknown): void; reject(error: Error): void }>();
  private readonly listeners = new Map<EventName, ((value: never) => void)[]>();
  /** Is told of requests that fail unheard. */
  readonly refuse: (message: string) => void;
  private asked = 0;
  private hasSpoken = false;
  private model: ModelId | undefined;

  /** Starts the worker with the model that was shown last. */
  constructor(refuse: (message: string) => void) {
    this.refuse = refuse;
    this.worker = new Worker(new URL("engine.js", import.meta.url), { type: "module", name: lastModel() });
    this.worker.onmessage = ({ data }: MessageEvent<Said>) => this.hear(data);
    this.worker.onerror = ({ message }) => {
      refuse(`The engine ${this.hasSpoken ? "stumbled" : "could not start"}: ${message ?? "its script is missing"}`);
    };
  }

  on<E extends EventName>(event: E, listener: Listener<E>): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  /** The reply to a request; rejects with the engine's words when it cannot. */
  ask<N extends RequestName>(name: N, given: Requests[N][0]): Promise<Requests[N][1]> {
    const id = ++this.asked;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (reply: unknown) => void, reject });
      this.worker.postMessage({ id, name, given } satisfies Asked<N>);
    });
  }

  /** Asks for something whose reply is of no interest. */
  tell<N extends RequestName>(name: N, given: Requests[N][0]): void {
    this.ask(name, given).catch((error: Error) => this.refuse(error.message));
  }

  private hear(said: Said): void {
    this.hasSpoken = true;
    if ("event" in said) {
      for (const listener of this.listeners.get(said.event) ?? []) listener(said.value as never);
      if (said.event === "status") this.note((said.value as Events["status"]).settings.model);
      return;
    }
    const waiting = this.waiting.get(said.id);
    this.waiting.delete(said.id);
    if ("error" in said) waiting?.reject(new Error(said.error));
    else waiting?.resolve(said.reply);
  }

  private note(model: ModelId): void {
    if (model !== this.model) remember("browser", "model", model);
    this.model = model;
  }
}

function lastModel(): ModelId {
  const model = recall("browser", "model");
  return model !== undefined && Object.hasOwn(models, model) ? (model as ModelId) : "digit-cnn";
}
