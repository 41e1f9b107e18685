-- What staff decide about the catalogue of a site: filters, what must not appear, exchange rates.
-- Only new tables: a binary that does not know them runs on as before.

-- +goose Up

-- One row per site, and one named * for what concerns all sites (exchange rates). version is another number after every
-- change, so that processes see it and no answer made before it is served after it. filter_version: in force, 0 = none.
CREATE TABLE IF NOT EXISTS site_settings (
  site TEXT NOT NULL,
  version BIGINT NOT NULL DEFAULT 0,
  filter_version INT NOT NULL DEFAULT 0,
  filter_revision INT NOT NULL DEFAULT 0,
  updated_at DATETIME NOT NULL,
  PRIMARY KEY (site)
);

-- Published filter configurations; append-only.
CREATE TABLE IF NOT EXISTS filter_versions (
  id INTEGER NOT NULL PRIMARY KEY,
  site TEXT NOT NULL,
  version INT NOT NULL,
  groups_json TEXT NOT NULL DEFAULT (''),
  content_hash TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  staff TEXT NOT NULL DEFAULT '',
  created_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_filter_versions_site_version ON filter_versions (site, version);

-- What must not appear on a site. value_key is the value in its one spelling (words folded). reach_due_at: when to look
-- again what belongs to it (a seller's offers, the categories below a category).
CREATE TABLE IF NOT EXISTS blocks (
  id INTEGER NOT NULL PRIMARY KEY,
  site TEXT NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  value_key TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  staff TEXT NOT NULL DEFAULT '',
  reach_due_at DATETIME NULL,
  created_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_blocks_site_kind_value_key ON blocks (site, kind, value_key);
CREATE INDEX IF NOT EXISTS ix_blocks_site_id ON blocks (site, id);
CREATE INDEX IF NOT EXISTS ix_blocks_reach_due_at ON blocks (reach_due_at);

-- What a block reaches beyond its own value: offers of a blocked seller, categories below a blocked one.
CREATE TABLE IF NOT EXISTS block_reach (
  id INTEGER NOT NULL PRIMARY KEY,
  block_id BIGINT NOT NULL,
  object_id BIGINT NOT NULL,
  created_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_block_reach_block_id_object_id ON block_reach (block_id, object_id);

-- Exchange rates set by staff; append-only. The newest one that is still valid is in force.
CREATE TABLE IF NOT EXISTS exchange_rates (
  id INTEGER NOT NULL PRIMARY KEY,
  currency TEXT NOT NULL,
  rate TEXT NOT NULL,
  source TEXT NOT NULL DEFAULT '',
  as_of DATETIME NOT NULL,
  valid_until DATETIME NULL,
  reason TEXT NOT NULL DEFAULT '',
  staff TEXT NOT NULL DEFAULT '',
  request_id TEXT NOT NULL DEFAULT '',
  created_at DATETIME NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_exchange_rates_currency_id ON exchange_rates (currency, id);
CREATE INDEX IF NOT EXISTS ix_exchange_rates_valid_until ON exchange_rates (valid_until);

-- +goose Down

DROP TABLE IF EXISTS exchange_rates;
DROP TABLE IF EXISTS block_reach;
DROP TABLE IF EXISTS blocks;
DROP TABLE IF EXISTS filter_versions;
DROP TABLE IF EXISTS site_settings;
