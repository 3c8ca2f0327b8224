/** The script of the page on which a new weekly update is written. */

import { readOutboxPage } from "./outbox/outbox-texts";
import { canKeepOutbox } from "./outbox/worker";
import { UpdatePage } from "./update/update-page";

const form = document.getElementById("update-form");
const page = readOutboxPage();
if (form instanceof HTMLFormElement && page.account && canKeepOutbox()) {
  void new UpdatePage(form, page, page.account).start();
}
