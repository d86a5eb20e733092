// A worker file of a user's own: Heddle with a layer, a loss, an optimizer, a metric, a callback and methods beside it.
import {
  abs,
  add,
  type CallContext,
  Layer,
  layers,
  losses,
  mean,
  metrics,
  mul,
  optimizers,
  square,
  type Tensor,
} from "../../ts/index.ts";
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

/** The loss of what it gives, and how large that is, without targets. */
class Shrink extends Layer {
  private readonly dense = new layers.Dense({ units: 1, kernelInitializer: "ones", name: "inner" });

  constructor(options: layers.LayerOptions = {}) {
    super("shrink", options);
  }

  call(x: Tensor, { addLoss, addMetric }: CallContext): Tensor {
    const y = this.dense.apply(x);
    addLoss(mean(square(y)));
    addMetric("size", mean(abs(y)));
    return y;
  }
}

/** Reads what it is given, as people do who look for an error. */
class Spy extends Layer {
  constructor(options: layers.LayerOptions = {}) {
    super("spy", options);
  }

  call(x: Tensor): Tensor {
    seen.push(x.data()[0]);
    return mul(x, 1);
  }
}

const seen: number[] = [];

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
  layers: { triple: Triple, shrink: Shrink, spy: Spy },
  optimizers: { still: () => optimizers.sgd({ learningRate: 0 }) },
  losses: { shifted: (yTrue, yPred) => add(losses.meanSquaredError(yTrue, yPred), 1) },
  metrics: { distance: ({ name }: { name: string }) => new metrics.MeanMetric(name, losses.meanAbsoluteError) },
  callbacks: { Stop: (config: { epochs: number }) => new Stop(config) },
  methods: {
    names: (model, prefix: string) => model.sublayers().map(({ name }) => prefix + name),
    seen: () => seen,
    uncloneable: () => () => 0,
    wait: () => new Promise(() => {}),
    allowThreads: (_model, are: boolean) => {
      spawning.make = are ? make : undefined;
    },
  },
});
