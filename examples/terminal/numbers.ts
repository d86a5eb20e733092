// Numbers as people read them.

/** 60,000 */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** "1 epoch", "5 epochs" */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** 0.99123 -> "99.12 %". What is not quite 100 % never reads so. */
export function percent(share: number, digits = 2): string {
  const unit = 10 ** digits;
  const rounded = share < 1 ? Math.min(Math.round(share * 100 * unit), 100 * unit - 1) : 100 * unit;
  return `${(rounded / unit).toFixed(digits)} %`;
}

/** 12.34 -> "12.3 s", 75 -> "1 min 15 s" */
export function duration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** 372804 -> "373 kB" */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 999_500 ? `${(bytes / 1000).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
