/** The camera in the page: what it sees, a shutter, and a way to put it away. */

import { element } from "../dom/element";
import { drawJpeg } from "./prepare-photo";

interface ShutterTexts {
  readonly open: string;
  readonly take: string;
  readonly close: string;
  readonly failed: string;
  readonly view: string;
}

const WANTED: MediaStreamConstraints = {
  audio: false,
  video: { facingMode: { ideal: "environment" }, width: { ideal: 2560 }, height: { ideal: 1920 } },
};
const QUALITY = 0.92; // of what is kept as taken

export class Shutter {
  readonly root = element("div", { class: "shutter" });
  private readonly video = element("video", { class: "shutter-view", playsinline: true, muted: true, hidden: true });
  private readonly openButton: HTMLButtonElement;
  private readonly takeButton: HTMLButtonElement;
  private readonly closeButton: HTMLButtonElement;
  private readonly message = element("p", { class: "field-error", role: "status" });
  private stream: MediaStream | null = null;

  constructor(
    private readonly texts: ShutterTexts,
    private readonly taken: (photo: Blob) => void,
  ) {
    const button = (text: string, style: string, act: () => void): HTMLButtonElement =>
      element("button", { type: "button", class: style, click: act }, text);
    this.openButton = button(texts.open, "button", () => void this.open());
    this.takeButton = button(texts.take, "button shutter-take", () => void this.take());
    this.closeButton = button(texts.close, "button button-quiet", () => this.close());
    this.video.setAttribute("aria-label", texts.view);
    this.video.muted = true; // the attribute alone does not count for elements made by a script
    this.root.append(
      this.video,
      element("div", { class: "shutter-tools" }, this.openButton, this.takeButton, this.closeButton),
      this.message,
    );
    this.show(false);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.close(); // lets other apps have the camera, and spares the battery
    });
  }

  private async open(): Promise<void> {
    this.message.textContent = "";
    try {
      this.stream = await navigator.mediaDevices.getUserMedia(WANTED);
      this.video.srcObject = this.stream;
      this.show(true);
      await this.video.play();
      this.takeButton.focus();
    } catch {
      this.close();
      this.message.textContent = this.texts.failed;
    }
  }

  private async take(): Promise<void> {
    const { videoWidth, videoHeight } = this.video;
    if (!videoWidth) return;
    const photo = await drawJpeg(this.video, videoWidth, videoHeight, QUALITY);
    if (photo) this.taken(photo);
    else this.message.textContent = this.texts.failed;
  }

  private close(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    const had = this.takeButton.contains(document.activeElement) || this.closeButton.contains(document.activeElement);
    this.stream = null;
    this.video.srcObject = null;
    this.show(false);
    if (had) this.openButton.focus();
  }

  private show(open: boolean): void {
    this.video.hidden = this.takeButton.hidden = this.closeButton.hidden = !open;
    this.openButton.hidden = open;
  }
}
