// Functions of one tensor, element by element, and their gradients.
import { defineOp, requireTensor } from "../autograd/op.ts";
import { launch } from "../runtime/program.ts";
import { requireDtype } from "../tensor/dtype.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";

/** relu(x) = max(x, 0), element by element. The gradient at 0 is 0. */
export const relu = defineOp("relu", {
  forward(x: Tensor) {
    requireTensor("relu", "x", x);
    requireDtype("relu", "x", x.dtype, "f32");
    const y = empty(x.shape);
    launch("relu_f32", y.size, 0.2, y, x);
    return y;
  },
  gradients: [(dy, y) => reluGrad(dy, y)],
});

/** dx = dy where y > 0, else 0: the gradient of relu. */
export const reluGrad = defineOp("reluGrad", {
  forward(dy: Tensor, y: Tensor) {
    const dx = empty(dy.shape);
    launch("relu_grad_f32", dx.size, 0.3, dx, dy, y);
    return dx;
  },
  gradients: [(ddx, _dx, _dy, y): Tensor => reluGrad(ddx, y)],
});
