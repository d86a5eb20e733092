// Images per second over the last second or so.

const WINDOW_MILLISECONDS = 1500;

export class Meter {
  private marks: { readonly time: number; readonly images: number }[] = [];

  /** So many images were done by now. */
  count(time: number, images: number): void {
    this.marks.push({ time, images });
    while (time - this.marks[0].time > WINDOW_MILLISECONDS) this.marks.shift();
  }

  get rate(): number {
    if (this.marks.length < 2) return 0;
    const milliseconds = this.marks[this.marks.length - 1].time - this.marks[0].time;
    const images = this.marks.slice(1).reduce((sum, mark) => sum + mark.images, 0);
    return milliseconds > 0 ? (1000 * images) / milliseconds : 0;
  }

  clear(): void {
    this.marks = [];
  }
}
