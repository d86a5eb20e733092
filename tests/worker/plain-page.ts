// What runs in the browser for browser.test.ts on a page without cross-origin isolation: trains in the default worker and at
// hand, and tells what each ran on.
import { configure, engineInfo, layers, Sequential, seed } from "../../ts/index.ts";
import { RemoteModel } from "../../ts/worker/index.ts";
import { bits, classifierLayers, judgement, x, y } from "./quadrants.ts";

const options = { epochs: 3, batchSize: 16, verbose: 0 } as const;

async function run(): Promise<object> {
  const far = new RemoteModel(classifierLayers(), { deterministic: true, threads: 2, seed: 5 });
  await far.compile({ optimizer: "adam", ...judgement });
  const { history } = await far.fit(x, y, options);
  const { threads, isolated, reason } = await far.engine.info();
  const remote = (await far.getWeights()).map(({ data }) => bits(data));
  far.dispose();

  configure({ deterministic: true, threads: 2 });
  seed(5);
  layers.resetLayerNames();
  const near = new Sequential(classifierLayers());
  near.compile({ optimizer: "adam", ...judgement });
  await near.fit(x, y, options);
  const here = near.weights.map((weight) => bits(weight.data()));
  return {
    page: { isolated: crossOriginIsolated, reason: engineInfo().reason },
    worker: { threads, isolated, reason },
    losses: history.loss.length,
    sameBits: JSON.stringify(remote) === JSON.stringify(here),
  };
}

run()
  .catch((error: Error) => ({ error: `${error.stack ?? error}` }))
  .then((seen) => fetch("/report", { method: "POST", body: JSON.stringify(seen) }));
