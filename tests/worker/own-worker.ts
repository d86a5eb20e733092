// A worker file of a user's own: Heddle with a layer, a loss, an optimizer, a metric, a callback and methods beside it.
import { add, Layer, type layers, losses, metrics, mul, optimizers, type Tensor } from "../../ts/index.ts";
import { spawning } from "../../ts/runtime/threads.ts";
import { serve } from "../../ts/worker/index.ts";

const { make } = spawning;

class Triple extends Layer {
  constructor(options: layers.LayerOptions = {}) {
    super("triple", options);
  }

  call(x: Tensor): Tensor {
    return mul(x, 3);
  }
}

class Stop {
  private readonly epochs: number;

  constructor({ epochs }: { epochs: number }) {
    this.epochs = epochs;
  }

  onEpochEnd(epoch: number, logs: Record<string, number>): void {
    logs.left = this.epochs - epoch;
  }
}

serve({
  layers: { triple: Triple },
  optimizers: { still: () => optimizers.sgd({ learningRate: 0 }) },
  losses: { shifted: (yTrue, yPred) => add(losses.meanSquaredError(yTrue, yPred), 1) },
  metrics: { distance: ({ name }: { name: string }) => new metrics.MeanMetric(name, losses.meanAbsoluteError) },
  callbacks: { Stop: (config: { epochs: number }) => new Stop(config) },
  methods: {
    names: (model, prefix: string) => model.sublayers().map(({ name }) => prefix + name),
    wait: () => new Promise(() => {}),
    allowThreads: (_model, are: boolean) => {
      spawning.make = are ? make : undefined;
    },
  },
});
