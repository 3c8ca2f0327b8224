/** A report's page: the form remembers, documents come without leaving it, map and table light up together. */

import { DocumentRow } from "./reports/document-row";
import { lightUpTogether } from "./reports/light-up";
import { offerActions } from "./reports/page-actions";
import { rememberForm } from "./reports/remember-form";

const page = document.querySelector<HTMLElement>("[data-report]");
if (page) {
  const choices = page.querySelector<HTMLDetailsElement>("[data-part=choices]");
  if (choices && matchMedia("(max-width: 1023px)").matches) choices.open = false; // the result comes first on a phone
  const form = page.querySelector<HTMLFormElement>("form.report-form");
  if (form) rememberForm(form, page.dataset["report"] ?? "");
  const doing = page.querySelector<HTMLElement>("[data-part=doing]");
  if (doing) new DocumentRow(doing).listen(page.querySelectorAll("a[data-document]"));
  lightUpTogether(page);
  offerActions(page);
}
