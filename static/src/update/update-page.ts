/** The form of a weekly update on a phone: what is written is kept here first, always, and sent when there is a network. */

import { type Fix, type PositionState, PositionWatch } from "../camera/position-watch";
import { fillText } from "../lib/fill-text";
import { OutboxDatabase } from "../outbox/database";
import { fillFields, readFields, showProblems } from "../outbox/form-fields";
import { keptNote } from "../outbox/kept-note";
import { newUpdate } from "../outbox/new-update";
import { OutboxList } from "../outbox/outbox-list";
import { formatMoment, type OutboxPage } from "../outbox/outbox-texts";
import { keepSending, OutboxChannel, sendOnce } from "../outbox/sending";
import type { Entries, OutboxUpdate } from "../outbox/types";
import { isChanged } from "../outbox/update-body";
import { askForSync, installWorker, keepPages } from "../outbox/worker";
import { PhotoShelf } from "./photo-shelf";

const PAUSE_MS = 400; // in typing, after which what was typed is kept

export class UpdatePage {
  private readonly database = new OutboxDatabase();
  private readonly channel = new OutboxChannel();
  private readonly list: OutboxList;
  private readonly shelf: PhotoShelf;
  private readonly watch: PositionWatch;
  private readonly initial: Entries;
  private update: OutboxUpdate;
  private isKept = false;
  private saved: Promise<void> = Promise.resolve();
  private pause = 0;

  constructor(
    private readonly form: HTMLFormElement,
    private readonly page: OutboxPage,
    private readonly account: string,
  ) {
    const part = (name: string): HTMLElement => form.querySelector<HTMLElement>(`[data-part="${name}"]`)!;
    if (page.keptAt) this.beginToday();
    this.update = this.fresh();
    this.list = new OutboxList(
      part("outbox"),
      page,
      this.database,
      this.channel,
      { send: () => this.send(true), edit: (update) => this.openItem(update) },
      this.projectCode,
    );
    this.shelf = new PhotoShelf(part("photos"), page, this.database, {
      update: () => this.keep(),
      place: () => this.watch.now(),
      failed: (sentence) => this.list.say(sentence),
    });
    this.initial = readFields(form); // without the plain form's photo choices, which the shelf has taken away
    const position = part("position").querySelector<HTMLElement>('[data-part="position-text"]') ?? part("position");
    this.watch = new PositionWatch((state, fix) => this.showPosition(position, state, fix));
  }

  async start(): Promise<void> {
    const { form } = this;
    keptNote(this.text("outbox.kept_page"), this.page.keptAt, this.page.language);
    form.addEventListener("input", () => this.keepSoon());
    form.addEventListener("submit", (event) => this.onSubmit(event));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden" && this.isWorthKeeping()) void this.keep();
    });
    window.addEventListener("hashchange", () => void this.openNamed());
    this.channel.listen(() => void this.followList());
    this.watch.start();
    installWorker();
    await this.openNamed();
    await this.list.draw();
    keepSending((force) => this.send(force));
    await keepPages([location.pathname]);
  }

  private get projectCode(): string {
    return this.form.dataset.projectCode ?? "";
  }

  /** A kept page holds the day it was kept on. */
  private beginToday(): void {
    const day = this.form.elements.namedItem("day");
    const now = new Date();
    const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
    if (day instanceof HTMLInputElement) day.value = day.defaultValue = local.toISOString().slice(0, 10);
  }

  private fresh(): OutboxUpdate {
    return newUpdate({
      client_id: crypto.randomUUID(),
      account: this.account,
      project_code: this.projectCode,
      project_name: this.form.dataset.projectName ?? document.querySelector("h1")?.textContent?.trim() ?? "",
      now: Date.now(),
    });
  }

  /** Open the update that the address names, else one of this package that was left unfinished. */
  private async openNamed(): Promise<void> {
    const named = location.hash.slice(1);
    const editable = (await this.database.updates()).filter(
      (one) =>
        one.account === this.account &&
        one.project_code === this.projectCode &&
        !one.received &&
        (one.state === "writing" || one.state === "refused"),
    );
    const found =
      editable.find((one) => one.client_id === named) ??
      editable.filter((one) => one.state === "writing").sort((one, other) => other.created_at - one.created_at)[0];
    if (!found) return;
    await this.open(found);
    if (found.state === "writing" && found.client_id !== named) this.list.say(this.text("outbox.continued"));
  }

  private openItem(update: OutboxUpdate): void {
    if (location.hash === `#${update.client_id}`) void this.openNamed();
    else location.hash = update.client_id;
    this.form.scrollIntoView();
  }

  private async open(update: OutboxUpdate): Promise<void> {
    this.update = update;
    this.isKept = true;
    fillFields(this.form, update.entries);
    showProblems(this.form, update.problem?.fields ?? {});
    await this.shelf.show(update.client_id);
  }

  private keepSoon(): void {
    window.clearTimeout(this.pause);
    this.pause = window.setTimeout(() => {
      if (this.isWorthKeeping()) void this.keep();
    }, PAUSE_MS);
  }

  private isWorthKeeping(): boolean {
    return this.isKept || isChanged(readFields(this.form), this.initial);
  }

  /** Put what is written on the phone, as it stands; returns the update's id. */
  private async keep(change: Partial<OutboxUpdate> = {}): Promise<string> {
    window.clearTimeout(this.pause);
    const entries = readFields(this.form);
    const update: OutboxUpdate = {
      ...this.update,
      entries,
      position: this.watch.now() ?? this.update.position,
      ...change,
    };
    this.update = update;
    const first = !this.isKept;
    this.isKept = true;
    this.saved = this.saved.catch(() => undefined).then(() => this.put(update));
    await this.saved;
    if (first) void navigator.storage?.persist?.();
    return this.update.client_id;
  }

  /** What another tab has handed over stays as it is; what is on this page becomes an update of its own. */
  private async put(update: OutboxUpdate): Promise<void> {
    if (await this.database.putUpdate(update)) return;
    this.update = { ...update, ...this.fresh(), entries: update.entries, submit: update.submit, state: update.state };
    await this.database.putUpdate(this.update);
  }

  /** Begin anew when what is written here was thrown away in the list. */
  private async followList(): Promise<void> {
    await this.saved.catch(() => undefined);
    if (this.isKept && !(await this.database.update(this.update.client_id))) await this.beginAnother();
  }

  private onSubmit(event: SubmitEvent): void {
    event.preventDefault();
    const { submitter } = event;
    const chosen = new FormData(this.form, submitter).get("submit");
    void this.handOver(["true", "1", "on"].includes(String(chosen)));
  }

  private async handOver(submit: boolean): Promise<void> {
    try {
      await this.shelf.settled();
      const { state, revision } = this.update;
      await this.keep({
        submit,
        state: "waiting",
        revision: state === "refused" ? revision + 1 : revision,
        problem: null,
        attempts: 0,
        next_at: 0,
        written_at: new Date().toISOString(),
      });
    } catch {
      this.list.say(this.text("outbox.broken"));
      return;
    }
    await this.beginAnother();
    this.list.say(this.text(navigator.onLine ? "outbox.handed_over" : "outbox.handed_over_offline"));
    await this.list.draw();
    this.list.focus();
    this.channel.tell({ kind: "changed" });
    void askForSync();
    this.send(true);
  }

  private async beginAnother(): Promise<void> {
    this.form.reset();
    showProblems(this.form, {});
    history.replaceState(null, "", location.pathname + location.search);
    this.update = this.fresh();
    this.isKept = false;
    await this.shelf.show(null);
  }

  private send(force: boolean): void {
    sendOnce(this.database, this.channel, force).catch(() => this.list.say(this.text("outbox.broken")));
  }

  private showPosition(part: HTMLElement, state: PositionState, fix: Fix | null): void {
    part.textContent =
      state === "known" && fix
        ? fillText(this.text("outbox.position_known"), {
            lat: fix.lat.toLocaleString(this.page.language, { maximumFractionDigits: 5 }),
            lon: fix.lon.toLocaleString(this.page.language, { maximumFractionDigits: 5 }),
            m: Math.ceil(fix.accuracy_m),
            time: formatMoment(fix.at, this.page.language),
          })
        : this.text(
            state === "searching"
              ? "outbox.position_searching"
              : state === "denied"
                ? "outbox.position_denied"
                : "outbox.position_unavailable",
          );
  }

  private text(name: string): string {
    return this.page.texts[name] ?? "";
  }
}
