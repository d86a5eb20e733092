// The engine's worker: takes requests, hands them to the studio one after the other, and sends back replies and events.
import type { ModelId } from "../catalogue.ts";
import type { Asked, RequestName, Said } from "../protocol.ts";
import { loadDigits } from "./digits.ts";
import { Studio } from "./studio.ts";

/** A dedicated worker's global scope, as far as it is used here. */
interface WorkerScope {
  readonly name: string;
  onmessage: ((event: { data: Asked }) => void) | null;
  postMessage(message: Said): void;
}

const scope = self as unknown as WorkerScope;

/** Requests that only read: they need not wait for those before them. */
const immediate: ReadonlySet<RequestName> = new Set<RequestName>(["look", "sample", "export"]);

/** The page names the worker after the model that it shows. */
const studio = loadDigits(new URL("digits.safetensors.gz", import.meta.url)).then((digits) =>
  Studio.open((event, value) => scope.postMessage({ event, value }), digits, scope.name as ModelId),
);
studio.catch((error: unknown) => {
  scope.postMessage({ event: "problem", value: error instanceof Error ? error.message : String(error) });
});

let last: Promise<unknown> = Promise.resolve();

scope.onmessage = ({ data }) => {
  if (immediate.has(data.name)) void answer(data);
  else last = last.then(() => answer(data));
};

async function answer({ id, name, given }: Asked): Promise<void> {
  try {
    const open = await studio;
    const reply = await (open[name] as (given: unknown) => unknown).call(open, given);
    scope.postMessage({ id, reply });
  } catch (error) {
    scope.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
}
