// In the worker: hears the page's calls, runs them and answers. The prebuilt worker does it, and files of one's own may.
import { serveOptions } from "../generated/options.ts";
import { ArgumentError, StateError } from "../runtime/errors.ts";
import { checkOptions } from "../runtime/options.ts";
import { decodeError, encodeError } from "./errors.ts";
import { parentLine } from "./line.ts";
import type { ServeOptions } from "./makers.ts";
import { type Call, makeMethods } from "./methods.ts";
import type { Hooks, Request, ToWorker } from "./protocol.ts";

/** A hook of the page that is not done yet. */
interface Asked {
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/**
 * Makes this worker an engine worker: `import { serve } from "heddle/worker"; layers.defineLayer("my_layer", MyLayer); serve()` is
 * a whole worker file. Errors: StateError on a main thread.
 */
export function serve(own: ServeOptions = {}): void {
  checkOptions("serve", own, serveOptions);
  const line = parentLine();
  if (line === undefined) throw new StateError("serve: it must be called in a worker, got a call on the main thread");
  const { post } = line;
  const methods = makeMethods(own);
  const controllers = new Map<number, AbortController>();
  const asked = new Map<number, Asked>();
  let asks = 0;

  /** Asks the page to call one of its hooks. */
  const tell = (id: number, hook: keyof Hooks, parameters: readonly unknown[]): Promise<void> =>
    new Promise((resolve, reject) => {
      asked.set(asks, { resolve, reject });
      post({ id, hook, parameters, ask: asks++ });
    });

  const run = async ({ id, method, asks }: Request): Promise<void> => {
    const controller = new AbortController();
    controllers.set(id, controller);
    const call: Call = {
      signal: controller.signal,
      tell: (hook, parameters) => tell(id, hook, parameters),
    };
    try {
      const f = methods[method] as (asks: unknown, call: Call) => unknown;
      const result = await f(asks, call);
      try {
        // What a function of the worker's own file gives may be something that it keeps.
        post({ id, result }, method === "method" ? [] : buffersOf(result));
      } catch (cause) {
        const got = (cause as Error).message;
        throw new ArgumentError(`${method}: what a worker gives must be plain data, got ${got}`, { cause });
      }
    } catch (error) {
      post({ id, error: encodeError(error) });
    } finally {
      controllers.delete(id);
    }
  };

  line.listen((message: ToWorker) => {
    if ("method" in message) {
      void run(message);
    } else if ("abort" in message) {
      controllers.get(message.abort)?.abort();
    } else {
      const hook = asked.get(message.answer);
      asked.delete(message.answer);
      if (message.error === undefined) hook?.resolve();
      else hook?.reject(decodeError(message.error));
    }
  });
  void line.lock().then((lock) => post({ serving: true, lock }));
}

/** Memory of a result that moves to the page instead of being copied: that of typed arrays made for it. */
function buffersOf(result: unknown): ArrayBuffer[] {
  const items = Array.isArray(result) ? result.map((item) => (item as { values?: unknown })?.values) : [result];
  return items.flatMap((item) => (ArrayBuffer.isView(item) && item.buffer instanceof ArrayBuffer ? [item.buffer] : []));
}
