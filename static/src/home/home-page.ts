/** Puts list, card, search and map together: what one says, the others hear; the address keeps all of it. */

import { client, type SearchResult, type Theme } from "../api/client";
import { type Expression, needsIds, projectFilter, readCriteria } from "../lib/map-filter";
import type { HomeConfig } from "../lib/home-config";
import { fillText } from "../lib/fill-text";
import { type FeatureKey, formatHash, type MapState, parseHash } from "../lib/map-state";
import { FeatureCard } from "../project/feature-card";
import { ProjectList } from "../project/project-list";
import { keepMap } from "../outbox/keep-map";
import { SearchBox } from "../search/search-box";
import { askEarly } from "./ask-early";
import { canDrawMaps } from "./can-draw-maps";
import { lightMap } from "./light-map";
import { loadStyles } from "./load-styles";
import type { MapStage } from "./map-stage";
import { Notices } from "./notices";
import { pictureFirst } from "./picture-first";
import { readNear, whereAmI } from "./near-me";
import { Sheet } from "./sheet";
import { TimePlayer } from "./time-player";

const POLL_MS = 15_000;
const SLOW_MS = 6_000;
const MOVED_MS = 350;
const FILTERS = [
  ...["stage", "status", "sector", "delay", "year", "q", "district", "village", "fund", "unit", "value"],
  ...["near", "radius", "as_of", "sort"],
];

export class HomePage {
  private readonly notices = new Notices();
  private readonly list: ProjectList;
  private readonly player: TimePlayer;
  private readonly card: FeatureCard;
  private readonly search: SearchBox;
  private readonly sheet: Sheet;
  private stage: MapStage | null = null;
  private state: MapState = parseHash(location.hash);
  private versions: Readonly<Record<string, number>>;
  private moved = 0;
  private filtering: AbortController | null = null;

  constructor(private readonly config: HomeConfig) {
    const find = (id: string): HTMLElement => document.getElementById(id)!;
    const listView = find("list-view");
    this.versions = config.versions;
    this.list = new ProjectList(listView, config.texts, {
      filter: (query) => void this.filter(query),
      point: (id) => this.stage?.point(id === null ? null : { layer: "projects", id }),
      pick: (id) => void this.select({ layer: "projects", id }),
      inView: (on) => this.setInView(on),
      nearMe: (radius) => void this.nearMe(radius),
      shown: () => this.player.prepare(),
    });
    this.player = new TimePlayer(listView, config.texts, (year) => this.showYear(year));
    this.player.prepare();
    this.card = new FeatureCard(find("card"), listView, config.texts, () => this.back());
    this.search = new SearchBox(
      find("search") as HTMLFormElement,
      find("search-input") as HTMLInputElement,
      config.texts,
      {
        pick: (result) => void this.take(result),
        filter: (text) => this.filterText(text),
      },
    );
    this.sheet = new Sheet(find("column"), find("sheet-handle"), config.texts["sheet.handle"] ?? "");
    find("map-area").append(this.notices.root);
  }

  async start(): Promise<void> {
    document.body.classList.add("with-script");
    window.addEventListener("popstate", () => void this.restore());
    window.addEventListener("offline", () => this.notices.say("network", this.config.texts["map.offline"]));
    window.addEventListener("kept", (event) => this.sayKept((event as CustomEvent<string>).detail));
    const kept = document.documentElement.dataset.keptAt;
    if (kept) this.sayKept(kept);
    window.addEventListener("online", () =>
      this.notices.say("network", this.config.texts["map.online"], { seconds: 4 }),
    );
    window.setInterval(() => void this.poll(), POLL_MS);
    document.addEventListener("keydown", (event) => this.onKey(event));
    if (this.state.feature) void this.showCard(this.state.feature, false);
    if (!canDrawMaps()) return lightMap(document.getElementById("map-area")!, this.config);
    await this.startMap();
  }

  private async startMap(): Promise<void> {
    const { texts } = this.config;
    const slow = window.setTimeout(() => this.notices.say("loading", texts["map.slow"]), SLOW_MS);
    await pictureFirst(document.querySelector("#plate img"));
    askEarly({ [this.config.library]: "modulepreload", [this.config.worker]: "prefetch" });
    try {
      const [{ MapStage }] = await Promise.all([import("./map-stage"), loadStyles(this.config.mapStyles)]);
      this.stage = await MapStage.start(
        document.getElementById("map-area")!,
        this.config,
        this.notices,
        {
          theme: theme(),
          covered: () => this.sheet.covers(document.getElementById("map-area")!),
          state: this.state,
          asOf: this.query().get("as_of"),
          projects: await this.projects(),
        },
        {
          change: (state) => this.setState(state),
          pick: (feature) => (feature ? void this.select(feature) : this.deselect()),
          point: (feature) => this.list.mark(feature?.layer === "projects" ? feature.id : null),
          moved: () => this.onMoved(),
          hideStages: (codes) => this.hideStages(codes),
        },
      );
      this.stage.setProjects(await this.projects(), readCriteria(this.query()).stage);
      this.stage.showNear(readNear(this.query()), this.state.camera === null);
      this.stage.select(this.state.feature);
      keepMap();
      matchMedia("(prefers-color-scheme: dark)").addEventListener(
        "change",
        () => void this.stage?.redraw(theme(), this.query().get("as_of")),
      );
    } catch (error) {
      console.error(error);
      this.notices.say("failed", texts["map.failed"], {
        action: { label: texts["map.retry"] ?? "", act: () => location.reload() },
      });
    } finally {
      window.clearTimeout(slow);
      this.notices.withdraw("loading");
    }
  }

  /** What is shown was kept earlier: say when it was fetched, until the network is back. */
  private sayKept(moment: string): void {
    const language = this.config.language === "en" ? "en-GB" : "id-ID";
    const date = new Date(moment).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
    const sentence = fillText(this.config.texts["map.kept"] ?? "", { date });
    this.notices.say("network", sentence, {
      action: { label: this.config.texts["map.retry"] ?? "", act: () => location.reload() },
    });
  }

  // Filters

  private query(): URLSearchParams {
    const all = new URLSearchParams(location.search);
    for (const name of [...all.keys()]) if (!FILTERS.includes(name)) all.delete(name);
    return all;
  }

  /** The time bar plays: the list and the map of one year, without a step in the browser's history for each. */
  private async showYear(year: string): Promise<void> {
    const query = this.query();
    query.set("year", year);
    history.replaceState(null, "", `${location.pathname}?${query}${formatHash(this.state)}`);
    await this.showFilter(query);
  }

  /** Works around the visitor, whose position is asked for only here and goes rounded into the address. */
  private async nearMe(radius: string): Promise<void> {
    const { texts } = this.config;
    this.notices.say("near", texts["near.asking"]);
    const near = await whereAmI();
    if (!near) return this.notices.say("near", texts["near.failed"], { seconds: 8 });
    this.notices.withdraw("near");
    const query = this.query();
    query.delete("sort");
    query.set("near", near);
    query.set("radius", radius);
    await this.filter(query);
  }

  private async filter(query: URLSearchParams): Promise<void> {
    this.player.stop();
    const kept = new URLSearchParams(query);
    kept.delete("after");
    const text = kept.toString();
    const next = query.get("after") ? new URLSearchParams(query) : kept;
    history.pushState(null, "", `${location.pathname}${text ? `?${text}` : ""}${formatHash(this.state)}`);
    await this.showFilter(next);
  }

  private async showFilter(query: URLSearchParams): Promise<void> {
    this.search.set(query.get("q") ?? "");
    await Promise.all([this.showList(query), this.showOnMap()]);
  }

  private async showList(query = this.query()): Promise<void> {
    const asked = new URLSearchParams(query);
    const box = this.state.inView ? this.stage?.box() : null;
    if (box) asked.set("bbox", box.map((number) => number.toFixed(5)).join(","));
    await this.list.show(asked, this.state.inView);
  }

  private async showOnMap(): Promise<void> {
    if (!this.stage) return;
    this.filtering?.abort();
    const running = new AbortController();
    this.filtering = running;
    try {
      const projects = await this.projects(running.signal);
      if (running.signal.aborted) return;
      this.stage.setProjects(projects, readCriteria(this.query()).stage);
      this.stage.showNear(readNear(this.query()), true);
      await this.stage.redraw(theme(), this.query().get("as_of"));
    } catch (error) {
      if (!running.signal.aborted) this.notices.say("failed", this.config.texts["map.tiles_failed"], { seconds: 8 });
    }
  }

  /** The map's filter for the list's criteria. */
  private async projects(signal?: AbortSignal): Promise<Expression | null> {
    const query = this.query();
    const criteria = readCriteria(query);
    return projectFilter(needsIds(query) ? { ...criteria, ids: await client.ids(query, signal) } : criteria);
  }

  private filterText(text: string): void {
    const query = this.query();
    if ((query.get("q") ?? "") === text) return;
    query.delete("q");
    if (text) query.set("q", text);
    this.card.hide();
    void this.filter(query);
  }

  /** The legend's classes of projects are the list's stages: one filter, two places. */
  private hideStages(shown: readonly string[] | null): void {
    const query = this.query();
    query.delete("stage");
    for (const code of shown ?? []) query.append("stage", code);
    void this.filter(query);
  }

  // Features

  private async select(feature: FeatureKey): Promise<void> {
    if (this.state.feature?.layer === feature.layer && this.state.feature.id === feature.id) return;
    this.state = { ...this.state, feature };
    this.write("push");
    await this.showCard(feature, true);
  }

  private async showCard(feature: FeatureKey, ease: boolean): Promise<void> {
    this.stage?.select(feature);
    const box = await this.card.show(feature.layer, feature.id);
    if (this.sheet.isLowest()) this.sheet.rest("half");
    if (box && ease) this.stage?.show(box);
  }

  private back(): void {
    const last = this.state.feature;
    this.deselect();
    this.list.focus(last?.layer === "projects" ? last.id : null);
  }

  private deselect(): void {
    if (!this.state.feature) return;
    this.state = { ...this.state, feature: null };
    this.write("push");
    this.card.hide();
    this.stage?.select(null);
  }

  private async take(result: SearchResult): Promise<void> {
    if (result.kind === "contractor") return location.assign(result.href!);
    const named =
      result.layer !== null &&
      result.id !== null &&
      !["districts", "villages", "places", "streets"].includes(result.layer);
    const box =
      result.bbox ?? (result.point ? ([...result.point, ...result.point] as [number, number, number, number]) : null);
    if (named) {
      this.state = { ...this.state, feature: { layer: result.layer!, id: result.id! } };
      this.write("push");
      await this.showCard(this.state.feature!, false);
    } else {
      this.deselect();
      if (result.point) this.stage?.pin(result.point, result.label);
    }
    if (box) this.stage?.fit(box);
  }

  // The address

  private setState(state: MapState): void {
    this.state = { ...state, feature: this.state.feature, inView: this.state.inView };
    this.write("replace");
  }

  private setInView(on: boolean): void {
    this.state = { ...this.state, inView: on };
    this.write("replace");
    void this.showList();
  }

  private write(how: "push" | "replace"): void {
    const address = `${location.pathname}${location.search}${formatHash(this.state)}`;
    if (how === "push") history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  }

  /** The back button: list, card and map as the address says. */
  private async restore(): Promise<void> {
    const before = this.state;
    this.state = parseHash(location.hash);
    this.stage?.setState(this.state, before.camera !== null);
    if (this.state.feature) void this.showCard(this.state.feature, false);
    else this.card.hide();
    this.stage?.select(this.state.feature);
    await this.showFilter(this.query());
  }

  private onMoved(): void {
    if (!this.state.inView) return;
    window.clearTimeout(this.moved);
    this.moved = window.setTimeout(() => void this.showList(), MOVED_MS);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "/" || event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement)
      return;
    document.getElementById("search-input")?.focus();
    event.preventDefault();
  }

  private async poll(): Promise<void> {
    if (document.hidden || !navigator.onLine || this.query().get("as_of")) return;
    try {
      const versions = await client.versions();
      const changed = Object.keys(versions).filter((layer) => versions[layer] !== this.versions[layer]);
      if (!changed.length) return;
      this.versions = versions;
      this.stage?.setVersions(versions);
      if (changed.includes("projects")) await this.showList();
      this.notices.say("refreshed", this.config.texts["map.refreshed"], { seconds: 4 });
    } catch {
      // The next round asks again; an offline browser has said so itself.
    }
  }
}

function theme(): Theme {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
