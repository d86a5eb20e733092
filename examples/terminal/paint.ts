// Colours for the terminal, where they are wanted: functions that wrap a text in escape codes, or leave it alone.

export interface Paint {
  /** Whether anything is coloured at all. */
  readonly colored: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  /** Text in one grey on another: 0 is black, 1 is white. */
  greys(text: string, foreground: number, background: number): string;
}

/** Where in the 256 colours the greys are. */
const DARKEST_GREY = 232;
const GREYS = 24;

export function makePaint(colored: boolean): Paint {
  const style = (code: string) => (text: string) => (colored && text !== "" ? `\x1b[${code}m${text}\x1b[0m` : text);
  const grey = (level: number): number => DARKEST_GREY + Math.round(Math.min(Math.max(level, 0), 1) * (GREYS - 1));
  return {
    colored,
    bold: style("1"),
    dim: style("2"),
    red: style("1;31"),
    green: style("32"),
    yellow: style("33"),
    greys: (text, foreground, background) => style(`38;5;${grey(foreground)};48;5;${grey(background)}`)(text),
  };
}

/** Whether an output takes colours: NO_COLOR (https://no-color.org) first, then FORCE_COLOR, else terminals do. */
export function mayColor(output: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv = process.env): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return output.isTTY === true && TERM !== "dumb";
}
