/** The photos of the update that is being written: taken here or picked, each kept on the phone at once. */

import type { Fix } from "../camera/position-watch";
import { preparePhoto } from "../camera/prepare-photo";
import { Shutter } from "../camera/shutter";
import { element } from "../dom/element";
import { fillText } from "../lib/fill-text";
import { formatBytes } from "../lib/format-bytes";
import type { OutboxDatabase } from "../outbox/database";
import { formatMoment, type OutboxPage } from "../outbox/outbox-texts";
import type { OutboxPhoto } from "../outbox/types";

const JUST_NOW_MS = 120_000; // a file that the phone's own camera has just made

const FIELDS = [
  ["moment", "photos.moment"],
  ["viewpoint", "photos.viewpoint_id"],
] as const;

interface Choice {
  readonly field: (typeof FIELDS)[number][0];
  readonly select: HTMLSelectElement;
  readonly label: string;
}

interface Owner {
  /** Id of the update, which is on the phone when the promise resolves. */
  update(): Promise<string>;
  /** Where the phone is now. */
  place(): Fix | null;
  failed(sentence: string): void;
}

export class PhotoShelf {
  private readonly list = element("ul", { class: "shelf" });
  private readonly status = element("p", { class: "quiet", role: "status" });
  private adding: Promise<void> = Promise.resolve();
  private pictures: string[] = [];
  /** The plain form's choices of moment and spot; each photo gets its own, which the next one begins with. */
  private readonly choices: readonly Choice[];

  constructor(
    part: HTMLElement,
    private readonly page: OutboxPage,
    private readonly database: OutboxDatabase,
    private readonly owner: Owner,
  ) {
    const { texts } = page;
    const text = (name: string): string => texts[name] ?? "";
    const shutter = new Shutter(
      {
        open: text("outbox.camera_open"),
        take: text("outbox.camera_take"),
        close: text("outbox.camera_close"),
        failed: text("outbox.camera_failed"),
        view: text("outbox.camera_view"),
      },
      (photo) => void this.add(photo, Date.now()),
    );
    const picker = element("input", { type: "file", accept: "image/*", multiple: true, "data-part": "pick-photo" });
    picker.addEventListener("change", () => {
      for (const file of picker.files ?? []) void this.add(file, file.lastModified, file.name);
      picker.value = "";
    });
    this.choices = FIELDS.flatMap(([field, name]) => {
      const select = part.querySelector<HTMLSelectElement>(`.update-files select[name="${name}"]`);
      if (!select) return [];
      return [{ field, select, label: select.closest("label")?.querySelector("span")?.textContent ?? "" }];
    });
    for (const plain of part.querySelectorAll<HTMLElement>(".update-files")) plain.remove();
    part.append(
      shutter.root,
      element("label", { class: "field" }, element("span", {}, text("outbox.pick")), picker),
      element("p", { class: "field-hint" }, text("outbox.photo_hint")),
      this.status,
      this.list,
    );
  }

  /** Show the photos of an update. */
  async show(update: string | null): Promise<readonly OutboxPhoto[]> {
    const photos = update ? await this.database.photos(update) : [];
    for (const address of this.pictures) URL.revokeObjectURL(address);
    this.pictures = [];
    this.list.replaceChildren(...photos.map((photo) => this.frame(photo)));
    return photos;
  }

  /** Resolves when every photo that was taken is on the phone. */
  settled(): Promise<void> {
    return this.adding;
  }

  /** Keep a photo; where and when it was taken stand beside it, since browsers take both out of files. */
  private add(original: Blob, takenMs: number, name = "foto.jpg"): Promise<void> {
    const isNew = Date.now() - takenMs <= JUST_NOW_MS;
    const position = isNew ? this.owner.place() : null;
    this.status.textContent = this.text("outbox.keeping");
    this.adding = this.adding
      .then(async () => {
        const update = await this.owner.update();
        const prepared = await preparePhoto(original);
        await this.database.addPhoto({
          ...prepared,
          client_id: crypto.randomUUID(),
          update,
          taken_at: new Date(takenMs).toISOString(),
          position,
          caption: "",
          ...Object.fromEntries(this.choices.map(({ field, select }) => [field, select.value])),
          name: prepared.shrunk_from ? `${name.replace(/\.\w+$/, "")}.jpg` : name,
          receipt: null,
          problem: null,
          added_at: Date.now(),
        });
        await this.show(update);
        this.status.textContent = this.text("outbox.kept");
      })
      .catch((error: unknown) => {
        this.status.textContent = "";
        const full = error instanceof DOMException && error.name === "QuotaExceededError";
        this.owner.failed(this.text(full ? "outbox.full" : "outbox.broken"));
      });
    return this.adding;
  }

  private frame(photo: OutboxPhoto): HTMLElement {
    const { language } = this.page;
    const time = formatMoment(photo.taken_at, language);
    const place = photo.position
      ? fillText(this.text("outbox.photo_place"), { m: Math.ceil(photo.position.accuracy_m) })
      : this.text("outbox.photo_no_place");
    const [width, height] = photo.shrunk_from ?? [0, 0];
    const size = fillText(this.text(photo.shrunk_from ? "outbox.photo_shrunk" : "outbox.photo_as_taken"), {
      size: formatBytes(photo.bytes, language),
      width,
      height,
    });
    const caption = element("input", {
      value: photo.caption,
      maxlength: 300,
      placeholder: this.text("outbox.caption"),
      "aria-label": fillText(this.text("outbox.caption_of"), { time }),
    });
    caption.addEventListener("change", () => {
      void this.database.changePhoto(photo.client_id, { caption: caption.value.trim() });
    });
    return element(
      "li",
      { class: "shelf-photo", "data-photo": photo.client_id },
      this.picture(photo, time),
      element(
        "div",
        { class: "shelf-facts" },
        element("p", {}, time),
        element("p", { class: "quiet" }, `${place} ${size}`),
        photo.problem ? element("p", { class: "field-error" }, photo.problem.sentence) : null,
        photo.receipt ? null : element("div", { class: "shelf-choices" }, ...this.selects(photo, time)),
        photo.receipt ? null : element("div", { class: "field" }, caption),
        photo.receipt
          ? element("p", { class: "quiet" }, this.text("outbox.photo_arrived"))
          : this.removeButton(photo, time),
      ),
    );
  }

  private picture(photo: OutboxPhoto, time: string): HTMLElement | null {
    if (!photo.content) return null;
    const address = URL.createObjectURL(photo.content);
    this.pictures.push(address);
    return element("img", {
      src: address,
      alt: fillText(this.text("outbox.photo_of"), { time }),
      class: "shelf-picture",
    });
  }

  private selects(photo: OutboxPhoto, time: string): HTMLElement[] {
    return this.choices.map(({ field, select, label }) => {
      const own = select.cloneNode(true) as HTMLSelectElement;
      own.removeAttribute("name");
      own.value = photo[field] ?? select.value;
      own.setAttribute("aria-label", `${label}: ${time}`);
      own.addEventListener("change", () => {
        select.value = own.value;
        void this.database.changePhoto(photo.client_id, { [field]: own.value });
      });
      return own;
    });
  }

  private removeButton(photo: OutboxPhoto, time: string): HTMLElement {
    const remove = async (): Promise<void> => {
      if (!window.confirm(this.text("outbox.remove_photo_sure"))) return;
      await this.database.removePhoto(photo.client_id);
      await this.show(photo.update);
    };
    const name = `${this.text("outbox.remove_photo")}: ${time}`;
    const button = element("button", { type: "button", class: "button button-quiet", "aria-label": name });
    button.textContent = this.text("outbox.remove_photo");
    button.addEventListener("click", () => void remove());
    return button;
  }

  private text(name: string): string {
    return this.page.texts[name] ?? "";
  }
}
