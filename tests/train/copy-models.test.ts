// Copies of models: drawn, sequential, subclasses of both, with fields that were set later.
import { describe, expect, it } from "vitest";
import {
  ArgumentError,
  type CallContext,
  type FunctionalOptions,
  type LayerOptions,
  layers,
  Model,
  mean,
  ones,
  optimizers,
  Sequential,
  type StepBatch,
  type StepFigures,
  square,
  type Tensor,
  tensor,
  variable,
} from "../../ts/index.ts";

const drawn = (): FunctionalOptions => {
  const inputs = layers.input({ shape: [3] });
  const first = layers.dense({ units: 4 }).apply(inputs);
  return {
    inputs,
    outputs: layers.dense({ units: 2, name: "last" }).apply(first),
  };
};

class Stepping extends Model {
  override trainStep({ x }: StepBatch): StepFigures {
    return { loss: this.optimizer.minimize(this, () => mean(square(this.apply(x)))) };
  }
}

class Drawing extends Model {
  constructor() {
    super(drawn());
  }
}

class Handing extends Model {
  readonly scale: number;
  constructor({ scale, ...rest }: LayerOptions & { scale: number }) {
    super(rest);
    this.scale = scale;
  }
  override call(x: Tensor): Tensor {
    return x.mul(this.scale) as Tensor;
  }
}

class Composed extends Model {
  readonly first = layers.dense({ units: 4, activation: "relu" });
  readonly blocks = [layers.dense({ units: 3 }), layers.dense({ units: 2 })];
  readonly beta = variable(tensor(0.5), { trainable: false });
  readonly secondOptimizer = new optimizers.SGD();
  teacher: Model | undefined;
  again: layers.Dense | undefined;
  threshold: number | undefined;
  override call(x: Tensor, { training }: CallContext): Tensor {
    const y = this.blocks.reduce((y, block) => block.apply(y, { training }), this.first.apply(x, { training }));
    return y.mul(this.beta) as Tensor;
  }
}

/** The copy computes the same with the same weights, and shares none of them. */
function check<M extends Model>(model: M): M {
  const x = ones([2, 3]);
  const y = model.apply(x).array();
  const copy = model.copy();
  expect(copy).toBeInstanceOf(model.constructor);
  const own = new Set(model.weights);
  expect(copy.weights.filter((x) => own.has(x))).toEqual([]);
  expect(copy.weights.map(({ shape }) => shape)).toEqual(model.weights.map(({ shape }) => shape));
  copy.copyWeightsFrom(model);
  expect(copy.apply(x).array()).toEqual(y);
  return copy;
}

describe("copies", () => {
  it("of drawn models, and subclasses with steps of their own that are drawn", async () => {
    check(new Model(drawn()));
    const copy = check(new Stepping(drawn()));
    copy.compile({ optimizer: "sgd" });
    const { history } = await copy.fit(ones([4, 3]), undefined, { verbose: 0, epochs: 3 });
    expect(history.loss[2]).toBeLessThan(history.loss[0]);
    expect(copy.layers.map(({ name }) => name)).toContain("last");
    check(new Drawing());
  });

  it("of sequential models and their subclasses", () => {
    class Own extends Sequential {
      note = "";
    }
    const model = new Own([layers.dense({ units: 2, inputShape: [3] })]);
    model.note = "kept";
    check(model);
    check(new Sequential([layers.dense({ units: 2 })]));
  });

  it("of subclasses with layers, variables and optimizers in properties, and what was set later", () => {
    const model = new Composed();
    model.teacher = new Sequential([layers.dense({ units: 2, inputShape: [3] })]);
    model.again = model.first;
    model.threshold = 3;
    model.beta.assign([0.25]);
    model.teacher.trainable = false;
    const copy = check(model);
    expect(copy.beta).not.toBe(model.beta);
    expect(copy.teacher).not.toBe(model.teacher);
    expect(copy.teacher?.trainable).toBe(false);
    expect(copy.again).toBe(copy.first);
    expect(copy.threshold).toBe(3);
    expect(copy.secondOptimizer).not.toBe(model.secondOptimizer);
  });

  it("of subclasses that keep options for themselves, unless the weights follow from these", () => {
    expect(new Handing({ scale: 2 }).copy().scale).toBe(2);
    class Sized extends Model {
      readonly inner: layers.Dense;
      constructor({ units = 1 }: { units?: number } = {}) {
        super();
        this.inner = layers.dense({ units });
      }
      override call(x: Tensor): Tensor {
        return this.inner.apply(x);
      }
    }
    const sized = new Sized({ units: 4 });
    sized.apply(ones([2, 3]));
    expect(() => sized.copy()).toThrow(ArgumentError);
  });
});
