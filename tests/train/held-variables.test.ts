// Variables that a model's call uses: those that training would have to change must be among its weights.
import { describe, expect, it } from "vitest";
import {
  type AnyTensor,
  add,
  Layer,
  layers,
  Model,
  mean,
  mul,
  noGrad,
  ones,
  Sequential,
  StateError,
  scope,
  square,
  stopGradient,
  sub,
  type Tensor,
  tensor,
  type Variable,
  variable,
} from "../../ts/index.ts";

const { dense, lambda } = layers;
const x = ones([2, 1]);
const y = tensor([[3], [3]]);

/** A model that makes something of what its only layer gives. */
function using(f: (x: Tensor) => Tensor): Model {
  class User extends Model {
    readonly first = dense({ units: 1 });
    override call(x: AnyTensor): Tensor {
      return f(this.first.apply(x));
    }
  }
  return new User({ name: "user" });
}

function train(model: Model, loss: "mse" | ((t: AnyTensor, p: Tensor) => Tensor) = "mse", runEagerly = false) {
  model.compile({ loss, optimizer: "sgd", runEagerly });
  return model.fit(x, y, { verbose: 0 });
}

describe("a trainable variable that a model uses and does not hold", () => {
  const secret = (): Variable => variable(ones([1]), { name: "secret" });
  class Scale extends Layer {
    readonly #scale = secret();
    override call(x: AnyTensor): Tensor {
      return mul(x as Tensor, this.#scale);
    }
  }
  const closed = secret();
  const message = "call used the variable secret, which is not among the weights of user; keep it in a property";

  it.each<[string, () => Model]>([
    ["in its call", () => using((x) => mul(x, closed))],
    ["among penalties", () => withPenalty(closed)],
    ["in a part", () => new Sequential([dense({ units: 1 }), new Scale("scale")], { name: "user" })],
    ["in a lambda", () => new Sequential([lambda({ function: (x: Tensor) => add(x, closed) })], { name: "user" })],
    ["in a scope", () => using((x) => scope(() => mul(x, closed)))],
  ])("is an error of training, %s", async (_, make) => {
    await expect(train(make())).rejects.toThrow(message);
    await expect(train(make(), "mse", true)).rejects.toThrow(StateError);
    const model = make();
    model.compile({ loss: "mse" });
    expect(() => model.trainOnBatch(x, y)).toThrow(message);
    expect((await model.predict(x)).shape).toEqual([2, 1]);
  });

  it("is none where it is frozen, cut off, or held by whoever trains", async () => {
    const frozen = variable(ones([1]), { trainable: false });
    await train(using((x) => mul(x, frozen)));
    await train(using((x) => mul(x, stopGradient(closed))));
    await train(
      using((x) =>
        mul(
          x,
          noGrad(() => square(closed)),
        ),
      ),
    );
    class Owner extends Model {
      readonly scale = secret();
      readonly inner = new Sequential([dense({ units: 1 }), lambda({ function: (x: Tensor) => mul(x, this.scale) })]);
      override call(x: AnyTensor): Tensor {
        return this.inner.apply(x);
      }
    }
    const owner = new Owner();
    await train(owner);
    expect(owner.scale.item()).not.toBe(1);
  });

  it("may be another model's in a loss, as an adversary is", async () => {
    const adversary = new Sequential([dense({ units: 1, inputShape: [1] })]);
    const before = adversary.exportWeights();
    const model = using((x) => x);
    await train(model, (t, p) => add(mean(square(sub(p, t as Tensor))), mean(adversary.apply(p))));
    expect(adversary.exportWeights()).toEqual(before);
  });
});

function withPenalty(v: Variable): Model {
  class Penal extends Model {
    readonly first = dense({ units: 1 });
    override call(x: AnyTensor, { addLoss }: { addLoss: (loss: Tensor) => void }): Tensor {
      addLoss(mean(square(v)));
      return this.first.apply(x);
    }
  }
  return new Penal({ name: "user" });
}
