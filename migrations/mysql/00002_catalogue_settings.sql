-- What staff decide about the catalogue of a site: filters, what must not appear, exchange rates.
-- Only new tables: a binary that does not know them runs on as before.

-- +goose Up

-- One row per site, and one named * for what concerns all sites (exchange rates). version is another number after every
-- change, so that processes see it and no answer made before it is served after it. filter_version: in force, 0 = none.
CREATE TABLE IF NOT EXISTS site_settings (
  site VARCHAR(32) NOT NULL,
  version BIGINT NOT NULL DEFAULT 0,
  filter_version INT NOT NULL DEFAULT 0,
  filter_revision INT NOT NULL DEFAULT 0,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (site)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Published filter configurations; append-only.
CREATE TABLE IF NOT EXISTS filter_versions (
  id BIGINT NOT NULL PRIMARY KEY,
  site VARCHAR(32) NOT NULL,
  version INT NOT NULL,
  groups_json MEDIUMTEXT NOT NULL DEFAULT (''),
  content_hash CHAR(64) NOT NULL DEFAULT '',
  reason VARCHAR(500) NOT NULL DEFAULT '',
  staff VARCHAR(60) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_filter_versions_site_version (site, version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What must not appear on a site. value_key is the value in its one spelling (words folded). reach_due_at: when to look
-- again what belongs to it (a seller's offers, the categories below a category).
CREATE TABLE IF NOT EXISTS blocks (
  id BIGINT NOT NULL PRIMARY KEY,
  site VARCHAR(32) NOT NULL,
  kind VARCHAR(16) NOT NULL,
  value VARCHAR(100) NOT NULL,
  value_key VARCHAR(200) NOT NULL,
  reason VARCHAR(500) NOT NULL DEFAULT '',
  staff VARCHAR(60) NOT NULL DEFAULT '',
  reach_due_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_blocks_site_kind_value_key (site, kind, value_key),
  KEY ix_blocks_site_id (site, id),
  KEY ix_blocks_reach_due_at (reach_due_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What a block reaches beyond its own value: offers of a blocked seller, categories below a blocked one.
CREATE TABLE IF NOT EXISTS block_reach (
  id BIGINT NOT NULL PRIMARY KEY,
  block_id BIGINT NOT NULL,
  object_id BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_block_reach_block_id_object_id (block_id, object_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Exchange rates set by staff; append-only. The newest one that is still valid is in force.
CREATE TABLE IF NOT EXISTS exchange_rates (
  id BIGINT NOT NULL PRIMARY KEY,
  currency CHAR(3) NOT NULL,
  rate VARCHAR(40) NOT NULL,
  source VARCHAR(40) NOT NULL DEFAULT '',
  as_of DATETIME(3) NOT NULL,
  valid_until DATETIME(3) NULL,
  reason VARCHAR(500) NOT NULL DEFAULT '',
  staff VARCHAR(60) NOT NULL DEFAULT '',
  request_id VARCHAR(64) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL,
  KEY ix_exchange_rates_currency_id (currency, id),
  KEY ix_exchange_rates_valid_until (valid_until)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down

DROP TABLE IF EXISTS exchange_rates;
DROP TABLE IF EXISTS block_reach;
DROP TABLE IF EXISTS blocks;
DROP TABLE IF EXISTS filter_versions;
DROP TABLE IF EXISTS site_settings;
