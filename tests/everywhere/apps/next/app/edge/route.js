// A route that computes in the edge runtime: a product of matrices, and a model's prediction.
import { engineInfo, layers, matmul, Sequential, tensor } from "heddle";

export const runtime = "edge";

export async function GET() {
  const a = tensor([1, 2, 3, 4], { shape: [2, 2] });
  const model = new Sequential([layers.dense({ units: 1, kernelInitializer: "ones", inputShape: [2] })]);
  const sums = await model.predict(a);
  const { runtime, threads } = engineInfo();
  return Response.json({ product: [...matmul(a, a).data()], sums: [...sums.data()], runtime, threads });
}
