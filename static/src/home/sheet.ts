/** On a phone the list is a sheet over the map that rests at three stops; its handle is dragged, or pressed. */

export type SheetStop = "map" | "half" | "full";

const STOPS: readonly SheetStop[] = ["map", "half", "full"];
const FLICK_PX = 24;

export class Sheet {
  private stop: SheetStop = "half";

  constructor(
    private readonly sheet: HTMLElement,
    private readonly handle: HTMLElement,
    label: string,
  ) {
    handle.hidden = false;
    handle.setAttribute("role", "slider");
    handle.setAttribute("tabindex", "0");
    handle.setAttribute("aria-label", label);
    handle.setAttribute("aria-orientation", "vertical");
    handle.setAttribute("aria-valuemin", "0");
    handle.setAttribute("aria-valuemax", "2");
    handle.addEventListener("pointerdown", (event) => this.onPointer(event));
    handle.addEventListener("keydown", (event) => this.onKey(event));
    this.rest("half");
  }

  rest(stop: SheetStop): void {
    this.stop = stop;
    this.sheet.dataset.stop = stop;
    this.sheet.style.removeProperty("transform");
    this.handle.setAttribute("aria-valuenow", String(STOPS.indexOf(stop)));
  }

  /** How many pixels of an element's foot lie under the sheet; none where the list stands beside the map. */
  covers(other: HTMLElement): number {
    const [sheet, below] = [this.sheet.getBoundingClientRect(), other.getBoundingClientRect()];
    return sheet.left < below.right && sheet.right > below.left
      ? Math.max(0, below.bottom - Math.max(sheet.top, below.top))
      : 0;
  }

  isLowest(): boolean {
    return this.stop === "map";
  }

  private onKey(event: KeyboardEvent): void {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (step !== undefined) this.rest(neighbour(this.stop, step));
    else if (event.key === "Enter" || event.key === " ")
      this.rest(this.stop === "full" ? "map" : neighbour(this.stop, 1));
    else return;
    event.preventDefault();
  }

  private onPointer(event: PointerEvent): void {
    this.handle.setPointerCapture(event.pointerId);
    const start = event.clientY;
    let moved = 0;
    const drag = (now: PointerEvent): void => {
      moved = now.clientY - start;
      this.sheet.style.transform = `translateY(${moved}px)`;
    };
    const end = (): void => {
      this.handle.removeEventListener("pointermove", drag);
      if (Math.abs(moved) < 6) this.rest(this.stop === "full" ? "map" : neighbour(this.stop, 1));
      else this.rest(Math.abs(moved) < FLICK_PX ? this.stop : this.nearest());
    };
    this.handle.addEventListener("pointermove", drag);
    this.handle.addEventListener("pointerup", end, { once: true });
    this.handle.addEventListener("pointercancel", end, { once: true });
  }

  /** The stop nearest to where the sheet was let go. */
  private nearest(): SheetStop {
    const top = this.sheet.getBoundingClientRect().top;
    const tops = STOPS.map((stop) => {
      this.sheet.style.removeProperty("transform");
      this.sheet.dataset.stop = stop;
      return {
        stop,
        distance: Math.abs(this.sheet.offsetTop + (this.sheet.offsetParent?.getBoundingClientRect().top ?? 0) - top),
      };
    });
    return tops.reduce((best, one) => (one.distance < best.distance ? one : best)).stop;
  }
}

function neighbour(stop: SheetStop, step: number): SheetStop {
  return STOPS[Math.min(STOPS.length - 1, Math.max(0, STOPS.indexOf(stop) + step))]!;
}
