// The curves of loss and accuracy, by steps or by epochs, and the figures above them.
import uPlot from "uplot";
import { figureNames, type ModelId, models, type Task } from "./catalogue.ts";
import { element, setText } from "./elements.ts";
import { decimal, figure, percent, short } from "./format.ts";
import { later } from "./frames.ts";
import { recall, remember } from "./memory.ts";
import { byEpoch, byStep, type Columns, rangeOf, type Which } from "./plot-data.ts";
import type { CheckFigures, EpochFigures, History, Steps } from "./protocol.ts";
import { Series } from "./series.ts";
import { css } from "./theme.ts";

type Axis = "step" | "epoch";

const RECENT = 50;

export class LearningPlots {
  private readonly places: Record<Which, HTMLDivElement> = {
    figure: element("figure-plot", HTMLDivElement),
    loss: element("loss-plot", HTMLDivElement),
  };
  private readonly title = element("figure-title", HTMLHeadingElement);
  private readonly welcome = element("welcome", HTMLDivElement);
  private readonly log = element("log", HTMLInputElement);
  private readonly plots = new Map<Which, uPlot>();
  private readonly series: Record<Which, Series> = { loss: new Series(), figure: new Series() };
  private checks: CheckFigures[] = [];
  private epochs: EpochFigures[] = [];
  private axis: Axis = recall("browser", "axis") === "epoch" ? "epoch" : "step";
  private task: Task = "classify";

  constructor() {
    for (const input of document.querySelectorAll<HTMLInputElement>("input[name=axis]")) {
      input.checked = input.value === this.axis;
      input.addEventListener("change", () => {
        this.axis = input.value as Axis;
        remember("browser", "axis", this.axis);
        this.redraw();
      });
    }
    this.log.checked = recall("browser", "loss") !== "linear";
    this.log.addEventListener("change", () => {
      remember("browser", "loss", this.log.checked ? "log" : "linear");
      this.redraw();
    });
    new ResizeObserver(() => later("resize", () => this.resize())).observe(this.places.loss);
    this.redraw();
  }

  setModel(model: ModelId): void {
    const { task } = models[model];
    if (task === this.task) return;
    this.task = task;
    const { full, short } = figureNames[task];
    for (const name of document.querySelectorAll(".figure-name")) setText(name, short);
    setText(this.title, `${full[0].toUpperCase()}${full.slice(1)}`);
    this.redraw();
  }

  replace({ loss, figure, checks, epochs }: History): void {
    this.series.loss.replace(loss);
    this.series.figure.replace(figure);
    this.checks = [...checks];
    this.epochs = [...epochs];
    this.welcome.hidden = loss.length > 0 || checks.length > 0;
    this.draw();
  }

  addSteps({ loss, figure }: Steps): void {
    this.series.loss.append(loss);
    this.series.figure.append(figure);
    this.welcome.hidden = true;
    this.draw();
  }

  addCheck({ step, loss, figure }: CheckFigures): void {
    if (this.checks.at(-1)?.step !== step) this.checks.push({ step, loss, figure });
    this.draw();
  }

  addEpoch(figures: EpochFigures): void {
    this.epochs.push(figures);
    this.draw();
  }

  /** Makes the plots anew: for other colours, axes, or figures. */
  redraw(): void {
    for (const plot of this.plots.values()) plot.destroy();
    this.plots.clear();
    this.draw();
  }

  private draw(): void {
    later("figures", () => this.showFigures());
    for (const which of ["figure", "loss"] as const) later(`plot ${which}`, () => this.plot(which));
  }

  private resize(): void {
    for (const [which, plot] of this.plots) plot.setSize(this.sizeOf(which));
  }

  private sizeOf(which: Which): { width: number; height: number } {
    const { clientWidth, clientHeight } = this.places[which];
    return { width: clientWidth, height: clientHeight };
  }

  private plot(which: Which): void {
    const columns =
      this.axis === "step" ? byStep(this.series[which].numbers, this.checks, which) : byEpoch(this.epochs, which);
    const plot = this.plots.get(which);
    // uPlot's columns may hold undefined; its types say null alone.
    const data = columns as unknown as uPlot.AlignedData;
    if (plot) plot.setData(data);
    else this.plots.set(which, new uPlot(this.optionsOf(which), data, this.places[which]));
    this.describe(which, columns);
  }

  private optionsOf(which: Which): uPlot.Options {
    const isLog = which === "loss" && this.log.checked;
    const isShare = which === "figure" && this.task === "classify";
    const line = { stroke: css("faint"), font: "11px system-ui, sans-serif" };
    const grid = { stroke: css("line"), width: 1 };
    const axis: uPlot.Axis = { ...line, grid, ticks: { show: false }, border: { show: false } };
    const value = (_: uPlot, number: number | null): string =>
      number === null || number === undefined ? "–" : which === "loss" ? decimal(number) : figure(this.task, number);
    const showPoints = this.axis === "epoch";
    return {
      ...this.sizeOf(which),
      legend: { show: true, live: true, markers: { show: false } },
      cursor: { y: false, points: { size: 6 }, drag: { setScale: false } },
      focus: { alpha: 1 },
      padding: [8, 10, 0, 0],
      scales: {
        x: {
          time: false,
          range: (_, least, most) => [this.axis === "step" ? 0 : Math.min(1, least ?? 0), Math.max(most ?? 1, 1)],
        },
        y: { distr: isLog ? 3 : 1, range: (plot) => this.rangeFor(plot.data as unknown as Columns, isLog, isShare) },
      },
      axes: [
        {
          ...axis,
          size: 26,
          gap: 6,
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000],
        },
        {
          ...axis,
          size: 52,
          gap: 8,
          ...(isLog ? { splits: (_: uPlot, __: number, least: number, most: number) => logMarks(least, most) } : {}),
          values: (_, marks) =>
            marks.map((mark) => (mark === null ? "" : isShare ? percent(mark, marksDigits(marks)) : short(mark))),
        },
      ],
      series: [
        { label: this.axis },
        { label: "batch", stroke: css("train-faint"), width: 1, points: { show: false }, value, spanGaps: true },
        {
          label: "training",
          stroke: css("train"),
          width: 2,
          points: { show: showPoints, size: 6 },
          value,
          spanGaps: true,
        },
        {
          label: "validation",
          stroke: css("accent"),
          width: 2,
          points: { show: true, size: 5, fill: css("accent") },
          value,
          spanGaps: true,
        },
      ],
    };
  }

  private rangeFor(columns: Columns, isLog: boolean, isShare: boolean): [number, number] {
    const [least, most] = rangeOf(columns) ?? (isShare ? [0, 1] : [0.1, 1]);
    if (isLog) return [Math.max(1e-6, least * 0.7), most * 1.3];
    const room = Math.max(0.08 * (most - least), isShare ? 0.01 : 0.001);
    return isShare ? [Math.max(0, least - room), Math.min(1, most + room)] : [Math.max(0, least - room), most + room];
  }

  private showFigures(): void {
    const check = this.checks.at(-1);
    const recent = (which: Which): number => {
      const last = this.series[which].numbers.subarray(-RECENT);
      return last.length === 0 ? Number.NaN : last.reduce((sum, number) => sum + number, 0) / last.length;
    };
    setText(element("validation-figure", HTMLElement), check ? figure(this.task, check.figure) : "–");
    setText(element("validation-loss", HTMLElement), check ? decimal(check.loss) : "–");
    setText(element("training-figure", HTMLElement), figure(this.task, recent("figure")));
    setText(element("training-loss", HTMLElement), decimal(recent("loss")));
  }

  private describe(which: Which, columns: Columns): void {
    const name = which === "loss" ? "Loss" : this.title.textContent;
    const last = this.checks.at(-1)?.[which];
    const value = last === undefined ? "nothing yet" : which === "loss" ? decimal(last) : figure(this.task, last);
    const [x] = columns;
    const text = `${name} over ${x.at(-1) ?? 0} ${this.axis}s; validation: ${value}`;
    if (this.places[which].ariaLabel !== text) this.places[which].ariaLabel = text;
  }
}

/** 1, 2 and 5 times powers of ten; over many decades the powers alone. */
function logMarks(least: number, most: number): number[] {
  const [from, to] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  const steps = to - from > 3 ? [1] : [1, 2, 5];
  const marks = Array.from({ length: to - from + 1 }, (_, i) => steps.map((step) => step * 10 ** (from + i))).flat();
  return marks.filter((mark) => mark >= least && mark <= most);
}

/** As many digits as tell the marks of an axis of shares apart. */
function marksDigits(marks: readonly (number | null)[]): number {
  const step = Math.abs((marks[1] ?? 1) - (marks[0] ?? 0));
  return step < 0.001 ? 2 : step < 0.01 ? 1 : 0;
}
