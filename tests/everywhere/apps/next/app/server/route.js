// A route that computes on the server.
import { tensor } from "heddle";

export const dynamic = "force-dynamic";

export const GET = () =>
  new Response(
    `result: ${tensor([1, 2, 3])
      .mul(tensor([4, 5, 6]))
      .data()
      .join(" ")}`,
  );
