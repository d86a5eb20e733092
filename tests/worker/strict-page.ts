// What runs in the browser for browser.test.ts under a strict content security policy.
import { ArrayData } from "../../ts/data/array.ts";
import { RemoteModel } from "../../ts/worker/index.ts";

const x = new ArrayData(Float32Array.of(1, 2), [2, 1], "f32");

async function run(): Promise<object> {
  const triple = [{ kind: "triple" }];
  const refused = await new RemoteModel(triple).predict(x).catch(({ message }: Error) => message);
  const worker = (): Worker => new Worker("/own-worker.js", { type: "module" });
  const own = await new RemoteModel(triple, { worker }).predict(x);
  return { refused, own: [...own.data] };
}

run()
  .catch((error: Error) => ({ error: `${error.stack ?? error}` }))
  .then((seen) => fetch("/report", { method: "POST", body: JSON.stringify(seen) }));
