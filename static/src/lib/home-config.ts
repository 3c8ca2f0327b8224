/** What the server tells the home page's script. */

export interface HomeConfig {
  readonly language: "id" | "en";
  readonly region: string;
  readonly demonstration: boolean;
  readonly bounds: readonly [number, number, number, number];
  readonly versions: Readonly<Record<string, number>>;
  readonly font: string;
  /** Addresses of MapLibre and of its worker. */
  readonly library: string;
  readonly worker: string;
  readonly mapStyles: string;
  readonly light: string;
  readonly texts: Readonly<Record<string, string>>;
}
