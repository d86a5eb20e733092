// A worker file of a user's own: Heddle with a layer, a loss, an optimizer, a metric, a callback and methods beside it.
import {
  abs,
  add,
  type CallContext,
  defineCallback,
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

/** Takes no steps. */
class Still extends optimizers.SGD {
  constructor(options: optimizers.SGDOptions = {}) {
    super({ ...options, learningRate: 0 });
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

layers.defineLayer("triple", Triple);
layers.defineLayer("shrink", Shrink);
layers.defineLayer("spy", Spy);
optimizers.defineOptimizer("still", Still);
losses.defineLoss("shifted", (yTrue, yPred) => add(losses.meanSquaredError.perExample(yTrue, yPred), 1), {
  optionNames: [],
});
metrics.defineFigure("distance", (yTrue, yPred) => losses.meanAbsoluteError.perExample(yTrue, yPred));
defineCallback("stop", Stop);

serve({
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
