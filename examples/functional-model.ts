// A model drawn from two inputs to two outputs: how long a way takes and whether it is slow, from where it leads and by what.
import { ArrayData, layers, Model, seed } from "heddle";

const VEHICLES = ["on foot", "by bicycle", "by train"];
const SPEEDS = [5, 18, 80];
const COUNT = 1000;

const way = layers.input({ shape: [2], name: "way" });
const vehicle = layers.input({ shape: [1], dtype: "i32", name: "vehicle" });
const known = layers.flatten().apply(layers.embedding({ inputDim: VEHICLES.length, outputDim: 4 }).apply(vehicle));
const joined = layers.concatenate().apply([way, known]);
const hidden = layers
  .dense({ units: 64, activation: "relu" })
  .apply(layers.dense({ units: 64, activation: "relu" }).apply(joined));
const hours = layers.dense({ units: 1, name: "hours" }).apply(hidden);
const slow = layers.dense({ units: 1, activation: "sigmoid", name: "slow" }).apply(hidden);
const model = new Model({ inputs: [way, vehicle], outputs: [hours, slow] });

// Made-up ways, in tens of kilometres east and north.
seed(3);
const place = (i: number): number => Math.sin(i * i + i);
const ways = new ArrayData(
  Float32Array.from({ length: 2 * COUNT }, (_, i) => place(i + 1)),
  [COUNT, 2],
);
const vehicles = new ArrayData(
  Int32Array.from({ length: COUNT }, (_, i) => i % VEHICLES.length),
  [COUNT, 1],
);
const took = Array.from(ways, ([east, north], i) => (10 * Math.hypot(east, north)) / SPEEDS[i % VEHICLES.length]);

model.compile({
  optimizer: "adam",
  loss: { hours: "mse", slow: "binaryCrossentropy" },
  metrics: { hours: ["mae"], slow: ["binaryAccuracy"] },
});
// Targets go by the outputs' names.
const y = { hours: took.map((time) => [time]), slow: took.map((time) => [Number(time > 1)]) };
await model.fit([ways, vehicles], y, { epochs: 40, verbose: 0 });

// With several outputs each figure has its output's name before it.
const figures = await model.evaluate<"hours_mae" | "slow_binaryAccuracy">([ways, vehicles], y);
const right = (100 * figures.slow_binaryAccuracy).toFixed(1);
console.log(`off by ${(60 * figures.hours_mae).toFixed(0)} minutes on average, ${right} % of the slow ways known`);
const north = new ArrayData(Float32Array.of(0, 1, 0, 1, 0, 1), [3, 2]);
const [predicted] = await model.predictAll([north, new ArrayData(Int32Array.of(0, 1, 2), [3, 1])]);
for (const [i, time] of predicted.data().entries()) console.log(`10 km ${VEHICLES[i]}: ${time.toFixed(1)} h`);
