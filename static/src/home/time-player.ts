/** Plays the years of the time bar one after another; where less motion is asked for, each press goes one year on. */

export class TimePlayer {
  private timer = 0;
  private playing = false;

  constructor(
    private readonly root: HTMLElement,
    private readonly texts: Readonly<Record<string, string>>,
    private readonly show: (year: string) => Promise<void>,
  ) {
    root.addEventListener("click", (event) => {
      if ((event.target as Element).closest("#play")) this.press();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.stop();
    });
  }

  /** Fit the button to what is going on, after the bar was rendered anew. */
  prepare(): void {
    const bar = this.root.querySelector<HTMLElement>("#months-play");
    const button = this.root.querySelector<HTMLElement>("#play");
    if (!bar || !button) return;
    bar.hidden = this.years().length < 2;
    button.setAttribute("aria-pressed", String(this.playing));
    const label = this.playing ? "time.stop" : calm() ? "time.next" : "time.play";
    button.title = this.texts[label] ?? "";
    button.querySelector(".visually-hidden")!.textContent = button.title;
    const speed = this.root.querySelector<HTMLSelectElement>("#play-speed");
    if (speed) {
      speed.hidden = calm();
      if (this.speed) speed.value = this.speed;
    }
  }

  stop(): void {
    if (!this.playing) return;
    this.playing = false;
    window.clearTimeout(this.timer);
    this.prepare();
  }

  private speed = "";

  private press(): void {
    if (this.playing) return this.stop();
    this.playing = !calm();
    void this.step(true);
  }

  private async step(first: boolean): Promise<void> {
    this.speed = this.root.querySelector<HTMLSelectElement>("#play-speed")?.value ?? "";
    const years = this.years();
    const at = years.indexOf(this.chosen());
    const next = years[at + 1] ?? (first ? years[0] : undefined);
    if (next === undefined) return this.stop();
    await this.show(next);
    if (!this.playing) return;
    if (next === years.at(-1)) return this.stop();
    this.timer = window.setTimeout(() => void this.step(false), Number(this.speed) || 2_000);
  }

  private years(): string[] {
    return [...this.root.querySelectorAll<HTMLElement>("#months [data-year]")].map((one) => one.dataset.year ?? "");
  }

  private chosen(): string {
    return this.root.querySelector<HTMLElement>("#months [aria-current]")?.dataset.year ?? "";
  }
}

function calm(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
