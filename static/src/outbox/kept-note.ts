/** Says above a page that was opened without network how old it is. */

import { element } from "../dom/element";
import { fillText } from "../lib/fill-text";
import { formatMoment } from "./outbox-texts";

export function keptNote(text: string, keptAt: string | null, language: string): void {
  if (!keptAt) return;
  const sentence = fillText(text, { time: formatMoment(keptAt, language) });
  const note = element("p", { class: "message kept-note", role: "status" }, sentence);
  document.getElementById("main")?.prepend(note);
}
