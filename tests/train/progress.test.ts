// The progress line, written to a recorded output under a clock that the test moves.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ArgumentError } from "../../ts/runtime/errors.ts";
import { ProgressBar, ProgressLine, type Verbosity } from "../../ts/train/progress.ts";

const CLEAR = "\x1b[K";

let milliseconds = 0;
let written: string[] = [];

/** An output of this kind that is recorded, and the clock. */
function recorded({ isTTY = true, columns = 80 }: { isTTY?: boolean; columns?: number } = {}) {
  const output = { isTTY, columns, write: (text: string) => written.push(text) };
  return { output, now: () => milliseconds };
}

/** Trains for `epochs` of `steps` that take `stepTime` each; `validation` is added at the end of an epoch. */
function train(line: ProgressLine, epochs: number, steps: number, stepTime: number, validation = {}): void {
  line.onTrainBegin({ epochs, steps });
  for (let epoch = 0; epoch < epochs; epoch++) {
    line.onEpochBegin(epoch);
    const logs = { loss: 0.1634, accuracy: 0.95121 };
    for (let batch = 0; batch < steps; batch++) {
      milliseconds += stepTime;
      line.onBatchEnd(batch, logs);
    }
    line.onEpochEnd(epoch, { ...logs, ...validation });
  }
  line.onTrainEnd();
}

/** What a terminal shows in the end: every redraw begins its line anew. */
function screen(): string[] {
  const lines = written.join("").replaceAll(CLEAR, "").split("\n");
  return lines.map((line) => line.slice(line.lastIndexOf("\r") + 1));
}

beforeEach(() => {
  milliseconds = 0;
  written = [];
  vi.stubEnv("NO_COLOR", "1");
  vi.stubEnv("FORCE_COLOR", "");
  vi.stubEnv("TERM", "xterm-256color");
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("in a terminal", () => {
  it("each epoch has a title and a bar that stays, with all figures, validation last", () => {
    const validation = { val_loss: 0.05, val_accuracy: 0.984 };
    train(new ProgressLine(recorded({ columns: 130 })), 2, 1875, 6, validation);
    const figures = "accuracy: 0.9512 - loss: 0.1634 - val_accuracy: 0.9840 - val_loss: 0.0500";
    const bar = `1875/1875 ━━━━━━━━━━━━━━━━━━━━ 11s 6ms/step - ${figures}`;
    expect(screen()).toEqual(["Epoch 1/2", bar, "Epoch 2/2", bar, ""]);
  });

  it("the running line tells the time that is left", () => {
    const bar = new ProgressBar(200, recorded());
    expect(written.pop()).toBe(`\r  0/200 ────────────────────${CLEAR}`);
    milliseconds = 5000;
    bar.update(1, { loss: 2 });
    expect(written.pop()).toBe(`\r  1/200 ──────────────────── 16:35 5s/step - loss: 2.0000${CLEAR}`);
    milliseconds += 9900;
    bar.update(100, { loss: 1 });
    expect(written.pop()).toBe(`\r100/200 ━━━━━━━━━━────────── 10s 100ms/step - loss: 1.0000${CLEAR}`);
  });

  it("has no end where nobody knows how many steps there are, until they are done", () => {
    const line = new ProgressLine(recorded());
    line.onTrainBegin({ epochs: 1, steps: undefined });
    line.onEpochBegin(0);
    expect(written.pop()).toBe(`\r0/Unknown${CLEAR}`);
    for (let batch = 0; batch < 12; batch++) {
      milliseconds += 500;
      line.onBatchEnd(batch, { loss: 1 });
    }
    expect(written.pop()).toBe(`\r12/Unknown 6s 500ms/step - loss: 1.0000${CLEAR}`);
    line.onEpochEnd(0, { loss: 1 });
    expect(screen().slice(-2)).toEqual(["12/12 ━━━━━━━━━━━━━━━━━━━━ 6s 500ms/step - loss: 1.0000", ""]);
    const once = new ProgressBar(undefined, { ...recorded(), verbose: 2 });
    once.update(3);
    once.finish({ loss: 1 });
    expect(written.pop()).toMatch(/^3\/3 - 0s - .* - loss: 1.0000\n$/);
  });

  it("is redrawn at most ten times a second, and reads the figures only then", () => {
    const line = new ProgressLine(recorded());
    line.onTrainBegin({ epochs: 1, steps: 10_000 });
    line.onEpochBegin(0);
    let read = 0;
    const logs = {
      get loss() {
        read++;
        return 1;
      },
    };
    for (let batch = 0; batch < 1000; batch++) {
      milliseconds += 1;
      line.onBatchEnd(batch, logs);
    }
    expect(read).toBe(10);
    expect(written.filter((text) => text.startsWith("\r"))).toHaveLength(11);
  });

  it("leaves an interrupted line as it is", () => {
    const line = new ProgressLine(recorded());
    line.onTrainBegin({ epochs: 3, steps: 10 });
    line.onEpochBegin(0);
    milliseconds = 150;
    line.onBatchEnd(0, { loss: 1 });
    line.onTrainEnd();
    line.onTrainEnd();
    expect(screen()).toEqual(["Epoch 1/3", " 1/10 ━━────────────────── 1s 150ms/step - loss: 1.0000", ""]);
  });

  it.each([
    [0.5, "500us/step"],
    [12.4, "12ms/step"],
    [2500, "3s/step"],
  ])("a step of %d ms reads as %s", (stepTime, text) => {
    train(new ProgressLine(recorded()), 1, 100, stepTime);
    expect(screen()[1]).toContain(` ${text} - `);
  });

  it.each([
    [400, "0s"],
    [59_600, "1:00"],
    [7_205_000, "2:00:05"],
  ])("%d ms in all read as %s", (duration, text) => {
    const bar = new ProgressBar(1, recorded());
    milliseconds = duration;
    bar.update(1);
    bar.finish();
    expect(screen()[0]).toContain(`1/1 ━━━━━━━━━━━━━━━━━━━━ ${text} `);
  });

  it.each([
    [1e-5, "1.0000e-5"],
    [0, "0.0000"],
    [-12.34567, "-12.3457"],
    [Number.NaN, "NaN"],
  ])("a figure of %d reads as %s", (value, text) => {
    new ProgressBar(1, recorded()).finish({ loss: value });
    expect(screen()[0]).toMatch(new RegExp(`loss: ${text}$`));
  });

  it("works without any step", () => {
    new ProgressBar(0, recorded()).finish();
    expect(screen()[0]).toBe("0/0 ━━━━━━━━━━━━━━━━━━━━ 0s 0us/step");
  });
});

describe("a narrow terminal", () => {
  it.each([79, 60, 45, 30, 20, 10, 5])(
    "is never wrapped at %d columns, and every figure stands at the end",
    (columns) => {
      train(new ProgressLine(recorded({ columns })), 1, 1875, 6, { val_accuracy: 0.98, val_loss: 0.05 });
      const redraws = written
        .join("")
        .replaceAll(CLEAR, "")
        .split(/[\r\n]/);
      const widest = columns >= 30 ? columns - 1 : Number.POSITIVE_INFINITY;
      const running = redraws.filter((text) => /^ *\d+\/1875/.test(text)).slice(0, -1);
      for (const text of running) expect(text.length).toBeLessThan(columns);
      for (const text of screen()) expect(text.length).toBeLessThanOrEqual(widest);
      const end = screen().join(" ");
      for (const figure of ["accuracy: 0.9512", "loss: 0.1634", "val_accuracy: 0.9800", "val_loss: 0.0500"]) {
        expect(end).toContain(figure);
      }
    },
  );

  it("continues the figures under the bar", () => {
    train(new ProgressLine(recorded()), 1, 1875, 6, { val_accuracy: 0.98, val_loss: 0.05 });
    expect(screen()).toEqual([
      "Epoch 1/1",
      "1875/1875 ━━━━━━━━━━━━━━━━━━━━ 11s 6ms/step - accuracy: 0.9512 - loss: 0.1634",
      "          val_accuracy: 0.9800 - val_loss: 0.0500",
      "",
    ]);
  });

  it("is taken for one of 80 columns when it does not know its width", () => {
    train(new ProgressLine(recorded({ columns: 0 })), 1, 1875, 6);
    expect(screen()[1]).toBe("1875/1875 ━━━━━━━━━━━━━━━━━━━━ 11s 6ms/step - accuracy: 0.9512 - loss: 0.1634");
  });
});

describe("where a line cannot be redrawn", () => {
  const lines = [1, 2].map((epoch) => `Epoch ${epoch}/2 - 11s - 6ms/step - accuracy: 0.9512 - loss: 0.1634\n`);

  it("there is one line per epoch", () => {
    train(new ProgressLine(recorded({ isTTY: false })), 2, 1875, 6);
    expect(written).toEqual(lines);
  });

  it("a terminal that calls itself dumb is such a place", () => {
    vi.stubEnv("TERM", "dumb");
    train(new ProgressLine(recorded()), 2, 1875, 6);
    expect(written).toEqual(lines);
  });

  it("verbose 2 asks for the same anywhere", () => {
    train(new ProgressLine({ ...recorded(), verbose: 2 }), 2, 1875, 6);
    expect(written).toEqual(lines);
  });

  it("an evaluation is one line", () => {
    const bar = new ProgressBar(313, recorded({ isTTY: false }));
    milliseconds = 940;
    bar.update(313, { loss: 0.5 });
    bar.finish({ loss: 0.25 });
    expect(written).toEqual(["313/313 - 1s - 3ms/step - loss: 0.2500\n"]);
  });
});

describe("verbose", () => {
  it("0 is silence", () => {
    train(new ProgressLine({ ...recorded(), verbose: 0 }), 2, 100, 6);
    expect(written).toEqual([]);
  });

  it("knows 0, 1, 2 and auto only", () => {
    const wrong = () => new ProgressLine({ verbose: 3 as Verbosity });
    expect(wrong).toThrow(ArgumentError);
    expect(wrong).toThrow('progress: verbose must be 0, 1, 2 or "auto", got 3');
  });
});

describe("colours", () => {
  const finish = (isTTY: boolean): string => {
    const bar = new ProgressBar(2, recorded({ isTTY }));
    bar.finish({ loss: 1 });
    return written.join("");
  };

  it("are modest", () => {
    vi.stubEnv("NO_COLOR", "");
    new ProgressBar(2, recorded()).finish({ loss: 1 });
    const count = "\x1b[1m0/2\x1b[0m";
    expect(written[0]).toBe(`\r${count} \x1b[2m━━━━━━━━━━━━━━━━━━━━\x1b[0m${CLEAR}`);
    const end = "\x1b[1m2/2\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 0us/step - loss: 1.0000";
    expect(written[1]).toBe(`\r${end}${CLEAR}\n`);
  });

  it.each([
    { NO_COLOR: "", FORCE_COLOR: "", isTTY: true, colored: true },
    { NO_COLOR: "1", FORCE_COLOR: "", isTTY: true, colored: false },
    { NO_COLOR: "1", FORCE_COLOR: "1", isTTY: true, colored: false },
    { NO_COLOR: "", FORCE_COLOR: "0", isTTY: true, colored: false },
    { NO_COLOR: "", FORCE_COLOR: "1", isTTY: false, colored: false },
  ])(
    "NO_COLOR=$NO_COLOR FORCE_COLOR=$FORCE_COLOR in a terminal: $isTTY",
    ({ NO_COLOR, FORCE_COLOR, isTTY, colored }) => {
      vi.stubEnv("NO_COLOR", NO_COLOR);
      vi.stubEnv("FORCE_COLOR", FORCE_COLOR);
      expect(finish(isTTY).includes("\x1b[1m")).toBe(colored);
    },
  );
});

describe("the default output", () => {
  it("is the process's standard output", () => {
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    new ProgressBar(1, { verbose: 2, now: () => 0 }).finish({ loss: 1 });
    expect(write).toHaveBeenCalledWith("1/1 - 0s - 0us/step - loss: 1.0000\n");
  });

  it("is the console where there is no process", () => {
    const log = vi.spyOn(console, "log").mockReturnValue();
    vi.stubGlobal("process", undefined);
    try {
      new ProgressBar(1, { now: () => 0 }).finish({ loss: 1 });
    } finally {
      vi.unstubAllGlobals();
    }
    expect(log).toHaveBeenCalledWith("1/1 - 0s - 0us/step - loss: 1.0000");
  });
});
