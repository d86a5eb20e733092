// Digits in a row, with what was made of them; a click puts one on the pad.
import { type Ramp, picture, ramp, show } from "./canvas.ts";
import { type Task, SIDE } from "./catalogue.ts";
import { make } from "./elements.ts";
import { decimal, percent } from "./format.ts";
import { colour } from "./theme.ts";

/** A digit and what the model said to it. */
export interface Shown {
  readonly pixels: Uint8Array;
  /** What it is, if that is known. */
  readonly label: number | undefined;
  readonly output: Float32Array;
}

/** Fills a list with digits; `chosen` gets the pixels of the one that is clicked. */
export function fillGallery(
  list: HTMLUListElement,
  task: Task,
  digits: readonly Shown[],
  chosen: (pixels: Float32Array) => void,
): void {
  const tint = ramp(colour("paper"), colour("ink"));
  list.replaceChildren(
    ...digits.map((digit) => {
      const pixels = Float32Array.from(digit.pixels, (byte) => byte / 255);
      const button = task === "classify" ? classified(digit, pixels, tint) : reconstructed(digit, pixels, tint);
      button.addEventListener("click", () => chosen(pixels));
      return make("li", {}, button);
    }),
  );
}

function classified({ label, output }: Shown, pixels: Float32Array, tint: Ramp): HTMLButtonElement {
  const said = output.indexOf(Math.max(...output));
  const line = (word: string, digit: number, kind: string): HTMLParagraphElement =>
    make("p", { className: kind }, make("span", {}, `${word} ${digit}`), make("span", {}, percent(output[digit])));
  const verdict = label === undefined ? "" : said === label ? "right" : "wrong";
  const lines = [line("read", said, verdict)];
  if (label !== undefined && said !== label) lines.push(line("is", label, "soft"));
  const words = `${label === undefined ? "A digit" : `A ${label}`}, read as ${said}, ${percent(output[said])} sure`;
  return make("button", { type: "button", ariaLabel: words }, drawn(pixels, tint), ...lines);
}

function reconstructed({ output }: Shown, pixels: Float32Array, tint: Ramp): HTMLButtonElement {
  const error = pixels.reduce((sum, value, i) => sum + Math.abs(value - output[i]), 0) / pixels.length;
  return make(
    "button",
    { type: "button", ariaLabel: `A digit drawn again, mean absolute error ${decimal(error)}` },
    make("span", { className: "two" }, drawn(pixels, tint), drawn(output, tint)),
    make("p", { className: "soft" }, make("span", {}, "error"), make("span", {}, decimal(error))),
  );
}

function drawn(pixels: Float32Array, tint: Ramp): HTMLCanvasElement {
  const canvas = make("canvas");
  show(canvas, picture(pixels, SIDE, SIDE, tint));
  return canvas;
}
