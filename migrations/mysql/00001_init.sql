-- The first schema. Equal table, column and key names in mysql/ and sqlite/; a test compares them.
-- IF NOT EXISTS because MySQL cannot roll DDL back: a start killed half-way is finished by the next one.

-- +goose Up

-- Process numbers for ids: each start of a process takes the next one.
CREATE TABLE IF NOT EXISTS nodes (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  created_at DATETIME(3) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Overseas shoppers of a national site.
CREATE TABLE IF NOT EXISTS members (
  id BIGINT NOT NULL PRIMARY KEY,
  site VARCHAR(32) NOT NULL,
  out_member_id VARCHAR(60) NOT NULL,
  login_name VARCHAR(32) NOT NULL DEFAULT '',
  login_key VARCHAR(64) NOT NULL,
  password_hash VARCHAR(200) NOT NULL DEFAULT '',
  email VARCHAR(60) NULL,
  mobile VARCHAR(30) NULL,
  mobile_area VARCHAR(8) NULL,
  language VARCHAR(16) NOT NULL DEFAULT '',
  ip VARCHAR(64) NOT NULL DEFAULT '',
  registration VARCHAR(16) NOT NULL DEFAULT '',
  registration_message VARCHAR(500) NOT NULL DEFAULT '',
  registered_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_members_site_out_member_id (site, out_member_id),
  UNIQUE KEY uq_members_site_login_key (site, login_key),
  KEY ix_members_site_id (site, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Refresh tokens, as hashes; a family is revoked as a whole when a rotated token comes back.
CREATE TABLE IF NOT EXISTS sessions (
  id BIGINT NOT NULL PRIMARY KEY,
  subject_kind VARCHAR(8) NOT NULL DEFAULT '',
  subject_id BIGINT NOT NULL DEFAULT 0,
  site VARCHAR(32) NOT NULL DEFAULT '',
  family BIGINT NOT NULL DEFAULT 0,
  refresh_hash CHAR(64) NOT NULL,
  state VARCHAR(12) NOT NULL DEFAULT '',
  expires_at DATETIME(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_sessions_refresh_hash (refresh_hash),
  KEY ix_sessions_family (family),
  KEY ix_sessions_subject_kind_subject_id (subject_kind, subject_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- People who run the sites.
CREATE TABLE IF NOT EXISTS staff (
  id BIGINT NOT NULL PRIMARY KEY,
  login_name VARCHAR(60) NOT NULL,
  password_hash VARCHAR(200) NOT NULL DEFAULT '',
  role VARCHAR(16) NOT NULL DEFAULT '',
  first_run_hash VARCHAR(64) NULL,
  first_run_expires_at DATETIME(3) NULL,
  disabled_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_staff_login_name (login_name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Append-only, each row chained to the one before by hash.
CREATE TABLE IF NOT EXISTS audit (
  id BIGINT NOT NULL PRIMARY KEY,
  actor_kind VARCHAR(16) NOT NULL DEFAULT '',
  actor_id BIGINT NOT NULL DEFAULT 0,
  actor_name VARCHAR(60) NOT NULL DEFAULT '',
  action VARCHAR(60) NOT NULL DEFAULT '',
  object_kind VARCHAR(30) NOT NULL DEFAULT '',
  object_id VARCHAR(64) NOT NULL DEFAULT '',
  site VARCHAR(32) NOT NULL DEFAULT '',
  reason VARCHAR(500) NOT NULL DEFAULT '',
  before_json TEXT NOT NULL DEFAULT (''),
  after_json TEXT NOT NULL DEFAULT (''),
  request_id VARCHAR(64) NOT NULL DEFAULT '',
  prev_hash CHAR(64) NOT NULL DEFAULT '',
  hash CHAR(64) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL,
  KEY ix_audit_object_kind_object_id (object_kind, object_id),
  KEY ix_audit_created_at_id (created_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Stored answers of writes, by caller, route and Idempotency-Key.
CREATE TABLE IF NOT EXISTS idempotency (
  id BIGINT NOT NULL PRIMARY KEY,
  scope VARCHAR(100) NOT NULL,
  idem_key VARCHAR(255) NOT NULL,
  body_hash CHAR(64) NOT NULL DEFAULT '',
  status INT NOT NULL DEFAULT 0,
  response MEDIUMBLOB NOT NULL DEFAULT (''),
  content_type VARCHAR(100) NOT NULL DEFAULT '',
  object_id BIGINT NOT NULL DEFAULT 0,
  request_id VARCHAR(64) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_idempotency_scope_idem_key (scope, idem_key),
  KEY ix_idempotency_expires_at (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Accepted work; the row is the truth, the queue only delivers it. due_at of a claimed row is the end of its lease.
CREATE TABLE IF NOT EXISTS jobs (
  id BIGINT NOT NULL PRIMARY KEY,
  kind VARCHAR(60) NOT NULL DEFAULT '',
  aggregate VARCHAR(100) NOT NULL DEFAULT '',
  payload MEDIUMTEXT NOT NULL DEFAULT (''),
  state VARCHAR(10) NOT NULL DEFAULT '',
  due_at DATETIME(3) NOT NULL,
  lease_until DATETIME(3) NULL,
  claim VARCHAR(40) NOT NULL DEFAULT '',
  generation INT NOT NULL DEFAULT 0,
  attempts INT NOT NULL DEFAULT 0,
  last_error VARCHAR(500) NOT NULL DEFAULT '',
  request_id VARCHAR(64) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  done_at DATETIME(3) NULL,
  KEY ix_jobs_state_due_at_id (state, due_at, id),
  KEY ix_jobs_aggregate_state_id (aggregate, state, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Messages from 1688, exactly as received.
CREATE TABLE IF NOT EXISTS inbox (
  id BIGINT NOT NULL PRIMARY KEY,
  msg_id VARCHAR(40) NOT NULL,
  topic VARCHAR(80) NOT NULL DEFAULT '',
  biz_key VARCHAR(64) NOT NULL DEFAULT '',
  gmt_born DATETIME(3) NULL,
  raw MEDIUMTEXT NOT NULL DEFAULT (''),
  state VARCHAR(12) NOT NULL DEFAULT '',
  reason VARCHAR(300) NOT NULL DEFAULT '',
  request_id VARCHAR(64) NOT NULL DEFAULT '',
  received_at DATETIME(3) NOT NULL,
  applied_at DATETIME(3) NULL,
  UNIQUE KEY uq_inbox_msg_id (msg_id),
  KEY ix_inbox_state_received_at_id (state, received_at, id),
  KEY ix_inbox_biz_key (biz_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Prices 1688 quoted, kept until an order is placed on them.
CREATE TABLE IF NOT EXISTS previews (
  id BIGINT NOT NULL PRIMARY KEY,
  site VARCHAR(32) NOT NULL DEFAULT '',
  member_id BIGINT NOT NULL DEFAULT 0,
  payload MEDIUMTEXT NOT NULL DEFAULT (''),
  expires_at DATETIME(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  KEY ix_previews_expires_at (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Shoppers' orders. Amounts: *_fen in 1/100 CNY, *_minor in the site's minor unit.
CREATE TABLE IF NOT EXISTS orders (
  id BIGINT NOT NULL PRIMARY KEY,
  site VARCHAR(32) NOT NULL DEFAULT '',
  member_id BIGINT NOT NULL DEFAULT 0,
  out_member_id VARCHAR(60) NOT NULL DEFAULT '',
  preview_id BIGINT NOT NULL,
  status VARCHAR(24) NOT NULL DEFAULT '',
  status_group VARCHAR(12) NOT NULL DEFAULT '',
  rank_no INT NOT NULL DEFAULT 0,
  version INT NOT NULL DEFAULT 0,
  order_type INT NOT NULL DEFAULT 0,
  trigger_mode VARCHAR(12) NOT NULL DEFAULT '',
  currency CHAR(3) NOT NULL DEFAULT '',
  goods_fen BIGINT NOT NULL DEFAULT 0,
  freight_fen BIGINT NOT NULL DEFAULT 0,
  discount_fen BIGINT NOT NULL DEFAULT 0,
  total_fen BIGINT NOT NULL DEFAULT 0,
  goods_minor BIGINT NOT NULL DEFAULT 0,
  freight_minor BIGINT NOT NULL DEFAULT 0,
  discount_minor BIGINT NOT NULL DEFAULT 0,
  total_minor BIGINT NOT NULL DEFAULT 0,
  fx_json TEXT NOT NULL DEFAULT (''),
  address_json TEXT NOT NULL DEFAULT (''),
  note VARCHAR(500) NOT NULL DEFAULT '',
  paid_minor BIGINT NOT NULL DEFAULT 0,
  paid_at DATETIME(3) NULL,
  closed_at DATETIME(3) NULL,
  close_reason VARCHAR(60) NOT NULL DEFAULT '',
  completed_at DATETIME(3) NULL,
  attention VARCHAR(200) NOT NULL DEFAULT '',
  unpaid_deadline DATETIME(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_orders_preview_id (preview_id),
  KEY ix_orders_site_member_id_id (site, member_id, id),
  KEY ix_orders_site_status_group_id (site, status_group, id),
  KEY ix_orders_site_id (site, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS order_lines (
  id BIGINT NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL DEFAULT 0,
  line_no INT NOT NULL DEFAULT 0,
  group_no INT NOT NULL DEFAULT 0,
  offer_id BIGINT NOT NULL DEFAULT 0,
  sku_id BIGINT NOT NULL DEFAULT 0,
  spec_id VARCHAR(64) NOT NULL DEFAULT '',
  seller_open_id VARCHAR(100) NOT NULL DEFAULT '',
  quantity BIGINT NOT NULL DEFAULT 0,
  unit_fen BIGINT NOT NULL DEFAULT 0,
  amount_fen BIGINT NOT NULL DEFAULT 0,
  unit_minor BIGINT NOT NULL DEFAULT 0,
  amount_minor BIGINT NOT NULL DEFAULT 0,
  subject VARCHAR(500) NOT NULL DEFAULT '',
  subject_trans VARCHAR(500) NOT NULL DEFAULT '',
  sku_name VARCHAR(300) NOT NULL DEFAULT '',
  image_url VARCHAR(500) NOT NULL DEFAULT '',
  snapshot MEDIUMTEXT NOT NULL DEFAULT (''),
  received_qty BIGINT NOT NULL DEFAULT 0,
  shipped_qty BIGINT NOT NULL DEFAULT 0,
  created_at DATETIME(3) NOT NULL,
  KEY ix_order_lines_order_id_line_no (order_id, line_no),
  KEY ix_order_lines_offer_id (offer_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Every change of an order, append-only.
CREATE TABLE IF NOT EXISTS order_events (
  id BIGINT NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL DEFAULT 0,
  purchase_id BIGINT NOT NULL DEFAULT 0,
  cause VARCHAR(60) NOT NULL DEFAULT '',
  from_status VARCHAR(24) NOT NULL DEFAULT '',
  to_status VARCHAR(24) NOT NULL DEFAULT '',
  detail VARCHAR(500) NOT NULL DEFAULT '',
  actor VARCHAR(60) NOT NULL DEFAULT '',
  request_id VARCHAR(64) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL,
  KEY ix_order_events_order_id_id (order_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What we buy at 1688: one row per seller group of an order.
CREATE TABLE IF NOT EXISTS purchases (
  id BIGINT NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL DEFAULT 0,
  site VARCHAR(32) NOT NULL DEFAULT '',
  group_no INT NOT NULL DEFAULT 0,
  seller_open_id VARCHAR(100) NOT NULL DEFAULT '',
  out_order_id VARCHAR(64) NOT NULL,
  parent_id BIGINT NOT NULL DEFAULT 0,
  alibaba_order_id VARCHAR(32) NULL,
  state VARCHAR(20) NOT NULL DEFAULT '',
  rank_no INT NOT NULL DEFAULT 0,
  version INT NOT NULL DEFAULT 0,
  flow VARCHAR(40) NOT NULL DEFAULT '',
  trade_type VARCHAR(40) NOT NULL DEFAULT '',
  send_count INT NOT NULL DEFAULT 0,
  sent_at DATETIME(3) NULL,
  quoted_fen BIGINT NOT NULL DEFAULT 0,
  total_fen BIGINT NOT NULL DEFAULT 0,
  post_fee_fen BIGINT NOT NULL DEFAULT 0,
  refund_status VARCHAR(30) NOT NULL DEFAULT '',
  pay_attempts INT NOT NULL DEFAULT 0,
  pay_started_at DATETIME(3) NULL,
  paid_at DATETIME(3) NULL,
  shipped_at DATETIME(3) NULL,
  completed_at DATETIME(3) NULL,
  closed_at DATETIME(3) NULL,
  close_reason VARCHAR(60) NOT NULL DEFAULT '',
  last_error VARCHAR(500) NOT NULL DEFAULT '',
  upstream_status VARCHAR(40) NOT NULL DEFAULT '',
  upstream_modified_at DATETIME(3) NULL,
  read_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_purchases_out_order_id (out_order_id),
  UNIQUE KEY uq_purchases_alibaba_order_id (alibaba_order_id),
  KEY ix_purchases_order_id (order_id),
  KEY ix_purchases_state_read_at_id (state, read_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS purchase_lines (
  id BIGINT NOT NULL PRIMARY KEY,
  purchase_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL DEFAULT 0,
  line_id BIGINT NOT NULL,
  quantity BIGINT NOT NULL DEFAULT 0,
  sub_item_id VARCHAR(32) NULL,
  upstream_status VARCHAR(40) NOT NULL DEFAULT '',
  logistics_status INT NOT NULL DEFAULT 0,
  amount_fen BIGINT NOT NULL DEFAULT 0,
  UNIQUE KEY uq_purchase_lines_purchase_id_line_id (purchase_id, line_id),
  KEY ix_purchase_lines_sub_item_id (sub_item_id),
  KEY ix_purchase_lines_order_id (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Shoppers' payments as reported by the payment provider.
CREATE TABLE IF NOT EXISTS payments (
  id BIGINT NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL DEFAULT 0,
  site VARCHAR(32) NOT NULL DEFAULT '',
  provider_ref VARCHAR(100) NOT NULL,
  amount_minor BIGINT NOT NULL DEFAULT 0,
  currency CHAR(3) NOT NULL DEFAULT '',
  state VARCHAR(16) NOT NULL DEFAULT '',
  webhook_id VARCHAR(100) NOT NULL,
  paid_at DATETIME(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_payments_provider_ref (provider_ref),
  UNIQUE KEY uq_payments_webhook_id (webhook_id),
  KEY ix_payments_order_id (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Both legs: domestic (seller to warehouse) and national (warehouse to shopper).
CREATE TABLE IF NOT EXISTS parcels (
  id BIGINT NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL,
  purchase_id BIGINT NOT NULL DEFAULT 0,
  leg VARCHAR(10) NOT NULL,
  parcel_no VARCHAR(64) NOT NULL,
  carrier VARCHAR(100) NOT NULL DEFAULT '',
  bill_no VARCHAR(100) NOT NULL DEFAULT '',
  status VARCHAR(16) NOT NULL DEFAULT '',
  rank_no INT NOT NULL DEFAULT 0,
  version INT NOT NULL DEFAULT 0,
  address_json TEXT NOT NULL DEFAULT (''),
  sent_at DATETIME(3) NULL,
  signed_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_parcels_leg_parcel_no_order_id (leg, parcel_no, order_id),
  KEY ix_parcels_order_id_id (order_id, id),
  KEY ix_parcels_bill_no (bill_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS parcel_events (
  id BIGINT NOT NULL PRIMARY KEY,
  parcel_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL DEFAULT 0,
  node VARCHAR(30) NOT NULL DEFAULT '',
  detail VARCHAR(500) NOT NULL DEFAULT '',
  happened_at DATETIME(3) NOT NULL,
  dedupe CHAR(64) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_parcel_events_parcel_id_dedupe (parcel_id, dedupe),
  KEY ix_parcel_events_order_id_happened_at (order_id, happened_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row per push owed to 1688 and what became of it.
CREATE TABLE IF NOT EXISTS ledger (
  id BIGINT NOT NULL PRIMARY KEY,
  site VARCHAR(32) NOT NULL DEFAULT '',
  order_id BIGINT NOT NULL DEFAULT 0,
  kind VARCHAR(20) NOT NULL,
  object_key VARCHAR(100) NOT NULL,
  version VARCHAR(40) NOT NULL,
  payload MEDIUMTEXT NOT NULL DEFAULT (''),
  payload_hash CHAR(64) NOT NULL DEFAULT '',
  state VARCHAR(14) NOT NULL DEFAULT '',
  attempts INT NOT NULL DEFAULT 0,
  code VARCHAR(100) NOT NULL DEFAULT '',
  message VARCHAR(500) NOT NULL DEFAULT '',
  upstream_request_id VARCHAR(100) NOT NULL DEFAULT '',
  job_id BIGINT NOT NULL DEFAULT 0,
  request_id VARCHAR(64) NOT NULL DEFAULT '',
  wanted_at DATETIME(3) NOT NULL,
  sent_at DATETIME(3) NULL,
  acknowledged_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_ledger_kind_object_key_version (kind, object_key, version),
  KEY ix_ledger_order_id_id (order_id, id),
  KEY ix_ledger_state_kind_id (state, kind, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Where a scheduled reader got to.
CREATE TABLE IF NOT EXISTS cursors (
  name VARCHAR(60) NOT NULL,
  value VARCHAR(300) NOT NULL DEFAULT '',
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down

DROP TABLE IF EXISTS cursors;
DROP TABLE IF EXISTS ledger;
DROP TABLE IF EXISTS parcel_events;
DROP TABLE IF EXISTS parcels;
DROP TABLE IF EXISTS payments;
DROP TABLE IF EXISTS purchase_lines;
DROP TABLE IF EXISTS purchases;
DROP TABLE IF EXISTS order_events;
DROP TABLE IF EXISTS order_lines;
DROP TABLE IF EXISTS orders;
DROP TABLE IF EXISTS previews;
DROP TABLE IF EXISTS inbox;
DROP TABLE IF EXISTS jobs;
DROP TABLE IF EXISTS idempotency;
DROP TABLE IF EXISTS audit;
DROP TABLE IF EXISTS staff;
DROP TABLE IF EXISTS sessions;
DROP TABLE IF EXISTS members;
DROP TABLE IF EXISTS nodes;
