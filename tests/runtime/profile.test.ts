// What a profile counts: eager launches and those of captured steps, with their arithmetic and bytes.
import { describe, expect, it } from "vitest";
import { capture } from "../../ts/autograd/capture.ts";
import { relu } from "../../ts/ops/elementwise.ts";
import { conv2d, matmul } from "../../ts/ops/public.ts";
import { StateError } from "../../ts/runtime/errors.ts";
import { profile } from "../../ts/runtime/profile.ts";
import { ones } from "../../ts/tensor/create.ts";
import type { AnyTensor, Tensor } from "../../ts/tensor/tensor.ts";

describe("profile", () => {
  it("counts calls, floating-point operations and bytes by kernel and shapes", () => {
    const a = ones([20, 30]);
    const b = ones([30, 40]);
    const { result, rows } = profile(() => {
      matmul(a, b).dispose();
      matmul(a, b).dispose();
      return matmul(b, ones([40, 8])).shape;
    });
    expect(result).toEqual([30, 8]);
    const products = rows.filter(({ kernel }) => kernel === "matmul_f32");
    const larger = products.find(({ shapes }) => shapes.startsWith("[20, 40]"));
    expect(larger).toMatchObject({ calls: 2, flops: 2 * 2 * 20 * 30 * 40, shapes: "[20, 40] <- [20, 30] [30, 40]" });
    expect(larger?.bytes).toBe(2 * 4 * (20 * 40 + 20 * 30 + 30 * 40));
    expect(products.find(({ shapes }) => shapes.startsWith("[30, 8]"))?.calls).toBe(1);
    expect(rows.every(({ seconds }) => seconds >= 0)).toBe(true);
  });

  it("takes captured steps apart, and they compute the same meanwhile", () => {
    const filters = ones([3, 3, 4, 8]);
    const step = capture((x: AnyTensor) => relu(conv2d(x as Tensor, filters)));
    const x = ones([2, 6, 6, 4]);
    step(x).dispose();
    const expected = step(x).data();
    const { result, rows } = profile(() => step(x).data());
    expect(result).toEqual(expected);
    const convolution = rows.find(({ kernel }) => kernel === "conv2d_f32");
    expect(convolution).toMatchObject({ calls: 1, flops: 2 * (2 * 4 * 4 * 8) * (3 * 3 * 4) });
    expect(rows.find(({ kernel }) => kernel === "relu_f32")?.calls).toBe(1);
  });

  it("waits for what is asynchronous, and shows a table", async () => {
    const found = await profile(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      relu(ones([100])).dispose();
      return "done";
    });
    expect(found.result).toBe("done");
    expect(found.seconds).toBeGreaterThan(0.004);
    const [head, ...lines] = found.toString().split("\n");
    expect(head).toMatch(/^kernel +calls +ms +share +us\/call +GFLOP\/s +GB\/s +shapes$/);
    expect(lines.some((line) => line.startsWith("relu_f32") && line.endsWith("[100] <- [100]"))).toBe(true);
    expect(lines.at(-1)).toMatch(/^all kernels/);
  });

  it("cannot run inside another, and ends when the function throws", async () => {
    expect(() => profile(() => profile(() => 1))).toThrow(StateError);
    expect(() =>
      profile(() => {
        throw new RangeError("mine");
      }),
    ).toThrow(RangeError);
    await expect(profile(() => Promise.reject(new RangeError("mine")))).rejects.toThrow(RangeError);
    expect(profile(() => 2).result).toBe(2);
  });
});
