-- A code of the second factor is good for one sign-in: the newest one that each account has used. Run by migration 0008 as owner.
CREATE TABLE app.second_factor_use (
    account_id bigint PRIMARY KEY REFERENCES app.account ON DELETE CASCADE,
    counter bigint NOT NULL             -- half minutes since 1970
);
