-- What people typed while their session ended, kept for them alone; and who last wrote an update. Run by migration 0006 as owner.

SET LOCAL lock_timeout = '30s';

-- A form that came after its session had ended: its text, for the account the form was made for, until it is sent or too old.
CREATE TABLE app.kept_form (
    account_id bigint NOT NULL REFERENCES app.account ON DELETE CASCADE,
    page text NOT NULL,                 -- address of the page that holds the form
    fields jsonb NOT NULL,              -- lists of values by name
    kept_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, page)
);
CREATE INDEX kept_form_time_idx ON app.kept_form (kept_at);

-- The person whose words an update holds, when it is not its author: neither may approve it.
ALTER TABLE app.progress_update ADD edited_by text;
ALTER TABLE history.progress_update ADD edited_by text;
