// A field for a number. What is not allowed is said below it and goes no further.
import { element, setText } from "./elements.ts";

/** What is allowed, both ends included. */
export interface Limits {
  readonly least: number;
  readonly most: number;
  readonly isWhole: boolean;
}

const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export class NumberField {
  private readonly input: HTMLInputElement;
  private readonly fault: HTMLParagraphElement;
  private number = Number.NaN;

  /** The field of that id, with a paragraph `<id>-fault`; `taken` gets each number that a person enters and that fits. */
  constructor(id: string, limits: Limits, taken: (number: number) => void) {
    this.input = element(id, HTMLInputElement);
    this.fault = element(`${id}-fault`, HTMLParagraphElement);
    this.input.addEventListener("change", () => {
      const text = this.input.value.trim();
      // Some write 0,01.
      const number = text === "" ? Number.NaN : Number(text.replace(",", "."));
      const fault = faultOf(number, limits);
      if (fault === undefined) {
        this.show(number);
        taken(number);
      } else this.say(`${fault}. It stays ${this.number}.`);
    });
    this.input.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.show(this.number);
    });
  }

  show(number: number): void {
    this.number = number;
    this.input.value = String(number);
    this.say("");
  }

  private say(words: string): void {
    this.input.ariaInvalid = String(words !== "");
    setText(this.fault, words);
    this.fault.hidden = words === "";
  }
}

/** Why a number is not allowed, or undefined where it is. */
export function faultOf(number: number, { least, most, isWhole }: Limits): string | undefined {
  if (number >= least && number <= most && !(isWhole && !Number.isInteger(number))) return undefined;
  return `It takes a ${isWhole ? "whole " : ""}number from ${plain.format(least)} to ${plain.format(most)}`;
}
