// The smallest app: a result, and, again and again, how many threads work.
import { engineInfo, tensor } from "heddle";

console.log(
  "result:",
  ...tensor([1, 2, 3])
    .mul(tensor([4, 5, 6]))
    .data(),
);
setInterval(() => console.log("threads:", engineInfo().threads), 100);
