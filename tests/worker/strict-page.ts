// What runs in the browser for browser.test.ts under a strict content security policy.
import { ArrayData } from "../../ts/data/array.ts";
import { type EngineWorker, RemoteModel } from "../../ts/worker/index.ts";

const LOOKS = 200;
const x = new ArrayData(Float32Array.of(1, 2), [2, 1], "f32");

async function run(): Promise<object> {
  const triple = [{ kind: "triple" }];
  const refused = await new RemoteModel(triple).predict(x).catch(({ message }: Error) => message);
  const worker = (): Worker => new Worker("/strict-worker.js", { type: "module" });
  const model = new RemoteModel(triple, { worker, threadUrl: new URL("thread.js", location.href), threads: 2 });
  const own = await model.predict(x);
  return { refused, own: [...own.data], threads: await threadsOf(model.engine) };
}

/** Threads of a worker's engine when all have come, or the last that is heard of them. */
async function threadsOf(engine: EngineWorker): Promise<number> {
  for (let looks = 0; looks < LOOKS && (await engine.info()).threads < 2; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return (await engine.info()).threads;
}

run()
  .catch((error: Error) => ({ error: `${error.stack ?? error}` }))
  .then((seen) => fetch("/report", { method: "POST", body: JSON.stringify(seen) }));
