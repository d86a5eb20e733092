// Saves a file again and again until it is killed: round n holds nothing but n.
import { writeFileAtomic } from "../../../ts/formats/files.ts";
import { encodeSafetensors } from "../../../ts/formats/safetensors.ts";

const [file, count] = process.argv.slice(2);
const data = new Float32Array(Number(count));
for (let round = 1; ; round++) {
  data.fill(round);
  const tensors = { "dense/kernel": { dtype: "f32", shape: [data.length], data } } as const;
  await writeFileAtomic(file, encodeSafetensors(tensors, { round: String(round) }));
  if (round === 1) process.stdout.write("saved\n");
}
