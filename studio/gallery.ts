// Digits in a row, with what was made of them; a click puts one on the pad.
import { picture, type Ramp, ramp, show } from "./canvas.ts";
import { SIDE, type Task } from "./catalogue.ts";
import { cardOf, make, setText } from "./elements.ts";
import { decimal, percent } from "./format.ts";
import { later } from "./frames.ts";
import { colour } from "./theme.ts";

/** A digit and what the model said to it. */
export interface Shown {
  readonly pixels: Uint8Array;
  /** What it is, if that is known. */
  readonly label: number | undefined;
  readonly output: Float32Array;
}

/** So many are drawn in a frame. */
const AT_ONCE = 6;

export class Gallery {
  private readonly list: HTMLUListElement;
  private readonly chosen: (pixels: Float32Array) => void;
  private readonly card: Element;
  private readonly items: Item[] = [];

  /** `chosen` gets the pixels of the digit that is clicked. */
  constructor(list: HTMLUListElement, chosen: (pixels: Float32Array) => void) {
    this.list = list;
    this.card = cardOf(list);
    this.chosen = chosen;
  }

  clear(): void {
    this.list.replaceChildren();
  }

  show(task: Task, digits: readonly Shown[]): void {
    while (this.items.length < digits.length) this.items.push(new Item(this.chosen));
    const wanted = this.items.slice(0, digits.length).map(({ element }) => element);
    if (this.list.children.length !== wanted.length) this.list.replaceChildren(...wanted);
    for (let begin = 0; begin < digits.length; begin += AT_ONCE) {
      const work = (): void => {
        const tint = ramp(colour("paper"), colour("ink"));
        for (const [i, digit] of digits.slice(begin, begin + AT_ONCE).entries()) {
          this.items[begin + i].show(task, digit, tint);
        }
      };
      later(`${this.list.id} ${begin}`, work, this.card);
    }
  }
}

/** One digit of a gallery: its picture, perhaps another beside it, and two lines. */
class Item {
  readonly element: HTMLLIElement;
  private readonly button = make("button", { type: "button" });
  private readonly picture = make("canvas");
  private readonly other = make("canvas");
  private readonly pictures = make("span", { className: "pictures" }, this.picture, this.other);
  private readonly lines = [0, 1].map(() => make("p", {}, make("span"), make("span")));
  private pixels = new Float32Array(0);

  constructor(chosen: (pixels: Float32Array) => void) {
    this.button.append(this.pictures, ...this.lines);
    this.button.addEventListener("click", () => chosen(this.pixels));
    this.element = make("li", {}, this.button);
  }

  show(task: Task, { pixels, label, output }: Shown, tint: Ramp): void {
    this.pixels = Float32Array.from(pixels, (byte) => byte / 255);
    show(this.picture, picture(this.pixels, SIDE, SIDE, tint));
    this.other.hidden = task === "classify";
    this.pictures.classList.toggle("two", task === "reconstruct");
    if (task === "classify") {
      const said = output.indexOf(Math.max(...output));
      this.say(0, label === undefined ? "" : said === label ? "right" : "wrong", `read ${said}`, percent(output[said]));
      const isWrong = label !== undefined && said !== label;
      this.say(1, "soft", isWrong ? `is ${label}` : "", isWrong ? percent(output[label]) : "");
      const what = label === undefined ? "A digit" : `A ${label}`;
      this.button.ariaLabel = `${what}, read as ${said}, ${percent(output[said])} sure`;
    } else {
      show(this.other, picture(output, SIDE, SIDE, tint));
      const error = this.pixels.reduce((sum, value, i) => sum + Math.abs(value - output[i]), 0) / pixels.length;
      this.say(0, "soft", "error", decimal(error));
      this.say(1, "soft", "", "");
      this.button.ariaLabel = `A digit drawn again, mean absolute error ${decimal(error)}`;
    }
  }

  private say(line: number, kind: string, word: string, number: string): void {
    const place = this.lines[line];
    place.hidden = word === "";
    place.className = kind;
    setText(place.children[0], word);
    setText(place.children[1], number);
  }
}
