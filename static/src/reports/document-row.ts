/** Fetches a document of a report without leaving the page: says how far it is, and hands it over when it is there. */

import { reportsClient, type ReportJob } from "../api/reports-client";
import { element } from "../dom/element";

const WAIT_MS = 1000;

export class DocumentRow {
  private current = 0; // a newer request makes older ones fall silent

  constructor(private readonly doing: HTMLElement) {}

  listen(links: Iterable<HTMLAnchorElement>): void {
    for (const link of links) {
      if (new URL(link.href).pathname.endsWith(".json")) continue; // is there at once
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        void this.follow(link.href);
      });
    }
  }

  private async follow(address: string): Promise<void> {
    const turn = ++this.current;
    try {
      let job = await reportsClient.ask(address);
      while (job !== "ready" && turn === this.current) {
        if (job.state === "failed") throw new Error(job.error ?? "");
        if (job.state === "cancelled") return this.clear();
        if (job.state === "done" && job.result_url) return this.open(job.result_url);
        this.show(job);
        await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
        job = await reportsClient.ask(job.job_url);
      }
      if (job === "ready") this.open(address);
    } catch (error) {
      this.fail(error instanceof Error ? error.message : "");
    }
  }

  private open(address: string): void {
    this.clear();
    location.assign(address);
  }

  private show(job: ReportJob): void {
    this.doing.hidden = false;
    const words = this.doing.querySelector("span");
    const bar = this.doing.querySelector("progress");
    if (words && bar) {
      if (words.textContent !== job.doing) words.textContent = job.doing; // a screen reader says only what is new
      bar.value = job.percent;
      return;
    }
    this.doing.replaceChildren(
      element("span", {}, job.doing),
      element("progress", { class: "report-progress", max: 100, value: job.percent, "aria-label": job.doing }),
      element(
        "button",
        { type: "button", class: "button button-quiet", click: () => void reportsClient.cancel(job) },
        this.doing.dataset["cancel"],
      ),
    );
  }

  private clear(): void {
    this.doing.hidden = true;
    this.doing.replaceChildren();
  }

  private fail(message: string): void {
    this.doing.hidden = false;
    this.doing.textContent = message || (this.doing.dataset["failed"] ?? "");
  }
}
