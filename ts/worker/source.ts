// Starts the prebuilt engine worker: all of Heddle as one script, which needs no file, no URL and no bundler.
import engineSource from "../generated/engine-source.ts";
import { StateError } from "../runtime/errors.ts";
import { builtinModule } from "../runtime/features.ts";
import type { WorkerLike } from "./line.ts";

/** One for all workers of a page. */
let url: string | undefined;

/** A worker with Heddle in it. StateError where the runtime has no workers. */
export function startEngine(): WorkerLike {
  const threads = builtinModule<typeof import("node:worker_threads")>("node:worker_threads");
  if (threads) return new threads.Worker(engineSource(), { eval: true, execArgv: [], name: "heddle" });
  if (typeof Worker === "undefined") {
    throw new StateError("worker: the runtime must have workers, got one without them");
  }
  url ??= URL.createObjectURL(new Blob([engineSource()], { type: "text/javascript" }));
  return new Worker(url, { name: "heddle" });
}
