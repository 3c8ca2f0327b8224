/** Asks the server for documents of reports, which a worker makes when they are not there yet. */

export interface ReportJob {
  readonly state: "waiting" | "running" | "done" | "failed" | "cancelled";
  readonly percent: number;
  readonly doing: string;
  readonly error: string | null;
  readonly job_url: string;
  readonly cancel_url: string;
  readonly result_url: string | null;
}

export const reportsClient = {
  /** The job that makes what is at an address, or "ready" when it is there; an error holds the server's sentence. */
  async ask(address: string): Promise<ReportJob | "ready"> {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!(answer.headers.get("Content-Type") ?? "").startsWith("application/json")) {
      if (answer.ok) return "ready";
      throw new Error(((await answer.json().catch(() => null)) as { detail?: string } | null)?.detail ?? "");
    }
    return (await answer.json()) as ReportJob;
  },

  async cancel(job: ReportJob): Promise<void> {
    await fetch(job.cancel_url, { method: "POST", headers: { Accept: "application/json" } });
  },
};
