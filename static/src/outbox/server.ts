/** What the sender asks of the server, in the API's words. */

import { outboxClient } from "../api/outbox-client";
import type { Server } from "./sender";
import type { OutboxPhoto } from "./types";
import { updateBody } from "./update-body";

export const server: Server = {
  session: () => outboxClient.session(),
  create: (update, key) => outboxClient.createUpdate(update.project_code, updateBody(update), key),
  putPhoto: (photo) => outboxClient.putPhoto(photo.update, photo.client_id, photoForm(photo)),
  submit: (update, key) => outboxClient.submitUpdate(update.client_id, key),
};

function photoForm(photo: OutboxPhoto): FormData {
  const form = new FormData();
  form.set("taken_at", photo.taken_at);
  if (photo.position) {
    for (const name of ["lon", "lat", "accuracy_m"] as const) form.set(name, String(photo.position[name]));
  }
  if (photo.moment) form.set("moment", photo.moment);
  if (photo.viewpoint) form.set("viewpoint_id", photo.viewpoint);
  if (photo.caption) form.set("caption", photo.caption);
  form.set("file", photo.content ?? new Blob(), photo.name);
  return form;
}
