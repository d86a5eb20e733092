// Figures are gathered in the engine's memory, and read when somebody looks at them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  BackupAndRestore,
  type Callback,
  type Logs,
  layers,
  ModelCheckpoint,
  ProgressLine,
  Sequential,
  TensorBoard,
  TerminateOnNaN,
} from "../../ts/index.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-logs-"));
afterAll(() => rmSync(folder, { recursive: true }));

const x = Array.from({ length: 32 }, (_, i) => [i / 32, 1 - i / 32]);
const y = x.map(([a]) => [3 * a]);

/** A model, and how often its figures have been read. */
function watched(): { model: Sequential; reads: () => number } {
  const model = new Sequential([layers.dense({ units: 1, inputShape: [2], kernelInitializer: "ones" })]);
  model.compile({ optimizer: "sgd", loss: "mse", metrics: ["mae"] });
  const { objective } = model.compilation;
  const { logs } = objective;
  let count = 0;
  objective.logs = function (this: typeof objective): Logs {
    count++;
    return logs.call(this);
  };
  return { model, reads: () => count };
}

describe("figures", () => {
  const run = async (...callbacks: Callback[]): Promise<number> => {
    const { model, reads } = watched();
    await model.fit(x, y, { batchSize: 4, epochs: 2, verbose: 0, callbacks });
    return reads();
  };

  it("are read once an epoch where nobody looks at batches", async () => {
    expect(await run()).toBe(2);
    const now = { now: () => 0, output: { write: () => {}, isTTY: true } };
    expect(await run(new ProgressLine({ verbose: 1, ...now }))).toBe(2);
    expect(
      await run(
        new ModelCheckpoint({ filepath: join(folder, "weights") }),
        new BackupAndRestore({ backupDir: folder, saveFreq: 3 }),
        new TensorBoard({ logDir: folder }),
      ),
    ).toBe(2);
  });

  it("are read after each batch where somebody does", async () => {
    expect(await run(new TerminateOnNaN())).toBe(2 + 2 * 8);
    expect(await run(new TensorBoard({ logDir: folder, updateFreq: 4 }))).toBe(2 + 2 * 8);
    const seen: Logs[] = [];
    class Own extends BackupAndRestore {
      override async onBatchEnd(_batch?: number, logs?: Logs): Promise<void> {
        if (logs) seen.push(logs);
      }
    }
    expect(await run(new Own({ backupDir: folder }))).toBe(2 + 2 * 8);
    expect(seen.length).toBe(16);
    for (const { loss, mae } of seen) expect([loss > 0, mae > 0]).toEqual([true, true]);
  });

  it("are drawn when the line is", async () => {
    let time = 0;
    const lines: string[] = [];
    const output = { write: (text: string) => void lines.push(text), isTTY: true, columns: 200 };
    expect(await run(new ProgressLine({ verbose: 1, output, now: () => (time += 30) }))).toBeGreaterThan(2);
    const drawn = lines.filter((line) => /[1-7]\/8/.test(line));
    expect(drawn.length).toBeGreaterThan(0);
    for (const line of drawn) expect(line).toContain("loss: ");
  });

  it("are the means of the batches' own, and exactly so", async () => {
    const { model } = watched();
    const losses: number[] = [];
    const logs = model.copy();
    logs.compile({ optimizer: "sgd", loss: "mse" });
    logs.copyWeightsFrom(model);
    for (let begin = 0; begin < 32; begin += 5) {
      const rows = [begin, begin + 5] as const;
      losses.push(logs.trainOnBatch(x.slice(...rows), y.slice(...rows)).loss);
    }
    const { history } = await model.fit(x, y, { batchSize: 5, shuffle: false, verbose: 0 });
    const counts = [5, 5, 5, 5, 5, 5, 2];
    const sum = losses.reduce((sum, loss, i) => sum + loss * counts[i], 0);
    expect(history.loss[0]).toBe(sum / 32);
  });
});
