-- People look for a package by the number of its contract. Run by migration 0022 as owner.

SET LOCAL lock_timeout = '30s';

CREATE INDEX contract_number_search_idx ON app.contract USING gin (app.fold(number) gin_trgm_ops);
