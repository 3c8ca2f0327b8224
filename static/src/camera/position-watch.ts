/** Knows where the phone is, from the moment the page is opened, so that each photo has its place beside it. */

export interface Fix {
  readonly lon: number;
  readonly lat: number;
  readonly accuracy_m: number;
  /** ISO 8601. */
  readonly at: string;
}

export type PositionState = "searching" | "known" | "denied" | "unavailable";

export class PositionWatch {
  private last: Fix | null = null;
  private state: PositionState = "searching";
  private watch: number | null = null;

  constructor(private readonly changed: (state: PositionState, fix: Fix | null) => void) {}

  start(): void {
    if (!("geolocation" in navigator)) return this.say("unavailable");
    if (this.watch !== null) navigator.geolocation.clearWatch(this.watch);
    this.say("searching");
    this.watch = navigator.geolocation.watchPosition(
      ({ coords, timestamp }) => {
        this.last = {
          lon: coords.longitude,
          lat: coords.latitude,
          accuracy_m: Math.round(coords.accuracy * 10) / 10,
          at: new Date(timestamp).toISOString(),
        };
        this.say("known");
      },
      (error) => this.say(error.code === error.PERMISSION_DENIED ? "denied" : this.last ? "known" : "unavailable"),
      { enableHighAccuracy: true, maximumAge: 5_000, timeout: 60_000 },
    );
  }

  /** The place at this moment; null when what is known is older than a person walks away from. */
  now(): Fix | null {
    return freshFix(this.last, Date.now());
  }

  private say(state: PositionState): void {
    this.state = state;
    this.changed(this.state, this.last);
  }
}

const OLDEST_MS = 120_000;

/** The fix, unless it is older than two minutes at the given moment (milliseconds since 1970). */
export function freshFix(fix: Fix | null, nowMs: number): Fix | null {
  return fix && nowMs - Date.parse(fix.at) <= OLDEST_MS ? fix : null;
}
