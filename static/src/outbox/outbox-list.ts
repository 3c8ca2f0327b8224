/** Shows what waits on the phone and what has been sent, with what can be done about each. */

import { element } from "../dom/element";
import { fillText } from "../lib/fill-text";
import { formatBytes } from "../lib/format-bytes";
import type { OutboxDatabase } from "./database";
import { formatDay, formatMoment, type OutboxPage } from "./outbox-texts";
import { isSending, type OutboxChannel, whileNobodySends } from "./sending";
import { type Shown, summarise, type Summary } from "./summary";
import type { OutboxPhoto, OutboxUpdate, Problem } from "./types";
import { keptEntries } from "./update-body";

interface Actions {
  /** Try to send everything now. */
  send(): void;
  /** Open an update in its form again. */
  edit(update: OutboxUpdate): void;
}

const MARKS: Readonly<Record<Shown, string>> = { writing: "✎", waiting: "◷", sending: "↑", refused: "!", sent: "✓" };
const STATES: Readonly<Record<Shown, string>> = {
  writing: "outbox.state_writing",
  waiting: "outbox.state_waiting",
  sending: "outbox.state_sending",
  refused: "outbox.state_refused",
  sent: "outbox.state_sent",
};

export class OutboxList {
  private readonly items = element("ul", { class: "outbox-items" });
  private readonly notice = element("p", { class: "outbox-notice", role: "status" });
  private readonly others = element("p", { class: "quiet", hidden: true });
  private readonly heading: HTMLElement;
  private asksToSignIn = false;
  private drawn: Promise<void> = Promise.resolve();

  constructor(
    private readonly root: HTMLElement,
    private readonly page: OutboxPage,
    private readonly database: OutboxDatabase,
    private readonly channel: OutboxChannel,
    private readonly actions: Actions,
    /** Only updates of this package; null: all. */
    private readonly project: string | null = null,
  ) {
    this.heading = element("h2", { tabindex: -1 }, this.text("outbox.title"));
    root.classList.add("outbox");
    root.append(this.heading, this.notice, this.items, this.others);
    channel.listen((notice) => {
      if (notice.outcome?.signedOut) this.askToSignIn();
      else if (notice.outcome && (notice.outcome.sent > 0 || this.asksToSignIn)) this.say("");
      void this.draw();
    });
  }

  focus(): void {
    this.heading.focus();
  }

  say(sentence: string): void {
    this.asksToSignIn = false;
    this.notice.textContent = sentence;
  }

  /** Draw it anew; drawings wait for each other. */
  draw(): Promise<void> {
    this.drawn = this.drawn.then(() => this.drawNow()).catch(() => this.say(this.text("outbox.broken")));
    return this.drawn;
  }

  private async drawNow(): Promise<void> {
    const all = await this.database.updates();
    const own = all.filter((one) => one.account === this.page.account);
    const shown = own
      .filter((one) => this.project === null || one.project_code === this.project)
      .sort((one, other) => other.created_at - one.created_at);
    const senderAtWork = await isSending();
    const rows = [];
    for (const update of shown) rows.push(this.row(update, await this.database.photos(update.client_id), senderAtWork));
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : undefined;
    this.items.replaceChildren(...rows);
    if (focused) this.items.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    this.root.hidden = this.project !== null && rows.length === 0 && !this.notice.textContent;
    if (this.project === null && rows.length === 0) {
      this.items.append(element("li", { class: "quiet" }, this.text("outbox.empty")));
    }
    const foreign = all.filter((one) => one.account !== this.page.account && one.state !== "sent").length;
    this.others.hidden = foreign === 0;
    this.others.textContent = fillText(this.text("outbox.others"), { n: foreign });
  }

  private row(update: OutboxUpdate, photos: readonly OutboxPhoto[], senderAtWork: boolean): HTMLElement {
    const summary = summarise(update, photos, senderAtWork);
    const name = update.project_name || update.project_code;
    return element(
      "li",
      { class: `outbox-item outbox-${summary.shown}`, "data-client-id": update.client_id, "data-state": summary.shown },
      element(
        "p",
        { class: "outbox-state" },
        element("span", { class: "outbox-mark", "aria-hidden": "true" }, MARKS[summary.shown]),
        element("strong", {}, this.text(STATES[summary.shown])),
      ),
      element("p", {}, fillText(this.text("outbox.about"), { name, day: dayOf(update, this.page.language) })),
      element("p", { class: "quiet" }, this.amount(update, summary)),
      update.problem ? this.problem(update.problem) : null,
      ...photos.filter((photo) => photo.problem).map((photo) => this.refusedPhoto(update, photo)),
      this.ownText(update),
      this.buttons(update, photos, summary.shown),
    );
  }

  private amount(update: OutboxUpdate, { photos, arrived, bytes }: Summary): string {
    const { language } = this.page;
    const text = photos === 0 ? "outbox.no_photos" : arrived === photos ? "outbox.all_photos" : "outbox.photos";
    const amount = fillText(this.text(text), { n: photos, arrived, size: formatBytes(bytes, language) });
    const moment =
      update.sent_at === null
        ? fillText(this.text("outbox.written_at"), { time: formatMoment(update.created_at, language) })
        : fillText(this.text("outbox.sent_at"), { time: formatMoment(update.sent_at, language) });
    return `${amount} ${moment}`;
  }

  private problem(problem: Problem): HTMLElement {
    const sentences = [problem.sentence || this.text("outbox.refused"), ...Object.values(problem.fields)];
    return element("p", { class: "field-error" }, [...new Set(sentences)].join(" "));
  }

  private refusedPhoto(update: OutboxUpdate, photo: OutboxPhoto): HTMLElement {
    const time = formatMoment(photo.taken_at, this.page.language);
    const remove = async (): Promise<void> => {
      if (!window.confirm(this.text("outbox.remove_photo_sure"))) return;
      await this.database.removePhoto(photo.client_id);
      await this.again(update);
    };
    return element(
      "div",
      { class: "outbox-photo" },
      element("p", {}, fillText(this.text("outbox.photo_of"), { time })),
      this.problem(photo.problem!),
      this.button(`remove-${photo.client_id}`, "outbox.remove_photo", () => void remove()),
    );
  }

  /** What was written, so that nothing of it is lost to sight while the server does not take it. */
  private ownText(update: OutboxUpdate): HTMLElement | null {
    if (update.state !== "refused") return null;
    const lines = keptEntries(update.entries).filter(([, value]) => value.trim());
    return element(
      "details",
      {},
      element("summary", {}, this.text("outbox.own_text")),
      element("ul", { class: "outbox-text" }, ...lines.map(([, value]) => element("li", {}, value))),
    );
  }

  private buttons(update: OutboxUpdate, photos: readonly OutboxPhoto[], shown: Shown): HTMLElement {
    const id = update.client_id;
    const made: (HTMLElement | null)[] = [];
    if (shown === "waiting") made.push(this.button(`send-${id}`, "outbox.send_now", () => this.actions.send()));
    if (shown === "refused" && update.received) {
      made.push(this.button(`again-${id}`, "outbox.send_again", () => void this.again(update)));
    }
    if (shown !== "sent" && shown !== "sending" && !update.received) {
      made.push(this.button(`edit-${id}`, "outbox.edit", () => void this.edit(update)));
    }
    if (update.received) {
      made.push(element("a", { class: "button button-quiet", href: `/updates/${id}` }, this.text("outbox.open")));
    }
    if (shown === "writing" || shown === "refused") {
      const unsent = photos.filter((photo) => photo.content).length;
      made.push(this.button(`discard-${id}`, "outbox.discard", () => void this.discard(update, unsent)));
    }
    return element("div", { class: "outbox-buttons" }, ...made);
  }

  private button(key: string, text: string, act: () => void): HTMLButtonElement {
    return element(
      "button",
      { type: "button", class: "button button-quiet", "data-key": key, click: act },
      this.text(text),
    );
  }

  private async edit(update: OutboxUpdate): Promise<void> {
    if (update.state === "waiting") {
      const free = await whileNobodySends(() => this.database.changeUpdate(update.client_id, { state: "writing" }));
      if (!free) return this.say(this.text("outbox.busy"));
    }
    this.actions.edit(update);
  }

  private async again(update: OutboxUpdate): Promise<void> {
    await this.database.changeUpdate(update.client_id, {
      state: "waiting",
      problem: null,
      next_at: 0,
      revision: update.revision + 1,
    });
    this.channel.tell({ kind: "changed" });
    this.actions.send();
  }

  private async discard(update: OutboxUpdate, photos: number): Promise<void> {
    if (!window.confirm(fillText(this.text("outbox.discard_sure"), { n: photos }))) return;
    await whileNobodySends(() => this.database.removeUpdate(update.client_id));
    this.channel.tell({ kind: "changed" });
  }

  private askToSignIn(): void {
    this.asksToSignIn = true;
    const href = `/login?next=${encodeURIComponent(location.pathname)}`;
    this.notice.replaceChildren(
      this.text("outbox.sign_in"),
      " ",
      element("a", { href }, this.text("outbox.sign_in_link")),
    );
  }

  private text(name: string): string {
    return this.page.texts[name] ?? "";
  }
}

/** The day that an update speaks of, as people write it. */
function dayOf(update: OutboxUpdate, language: string): string {
  const day = update.entries.find(([name]) => name === "day")?.[1] ?? "";
  return /^\d{4}-\d{2}-\d{2}$/.test(day) ? formatDay(day, language) : day;
}
