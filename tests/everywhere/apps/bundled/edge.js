// The smallest app of an edge runtime.
import { tensor } from "heddle";

export default {
  fetch: () =>
    new Response(
      `result: ${tensor([1, 2, 3])
        .mul(tensor([4, 5, 6]))
        .data()
        .join(" ")}`,
    ),
};
