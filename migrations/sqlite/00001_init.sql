-- The first schema. Equal table, column and key names in mysql/ and sqlite/; a test compares them.
-- Times are UTC text with milliseconds, written by the connection so that they sort as text.

-- +goose Up

-- Process numbers for ids: each start of a process takes the next one.
CREATE TABLE IF NOT EXISTS nodes (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  created_at DATETIME NOT NULL
);

-- Overseas shoppers of a national site.
CREATE TABLE IF NOT EXISTS members (
  id INTEGER NOT NULL PRIMARY KEY,
  site TEXT NOT NULL,
  out_member_id TEXT NOT NULL,
  login_name TEXT NOT NULL DEFAULT '',
  login_key TEXT NOT NULL,
  password_hash TEXT NOT NULL DEFAULT '',
  email TEXT NULL,
  mobile TEXT NULL,
  mobile_area TEXT NULL,
  language TEXT NOT NULL DEFAULT '',
  ip TEXT NOT NULL DEFAULT '',
  registration TEXT NOT NULL DEFAULT '',
  registration_message TEXT NOT NULL DEFAULT '',
  registered_at DATETIME NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_members_site_out_member_id ON members (site, out_member_id);
CREATE UNIQUE INDEX IF NOT EXISTS uq_members_site_login_key ON members (site, login_key);
CREATE INDEX IF NOT EXISTS ix_members_site_id ON members (site, id);

-- Refresh tokens, as hashes; a family is revoked as a whole when a rotated token comes back.
CREATE TABLE IF NOT EXISTS sessions (
  id INTEGER NOT NULL PRIMARY KEY,
  subject_kind TEXT NOT NULL DEFAULT '',
  subject_id BIGINT NOT NULL DEFAULT 0,
  site TEXT NOT NULL DEFAULT '',
  family BIGINT NOT NULL DEFAULT 0,
  refresh_hash TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT '',
  expires_at DATETIME NOT NULL,
  created_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_sessions_refresh_hash ON sessions (refresh_hash);
CREATE INDEX IF NOT EXISTS ix_sessions_family ON sessions (family);
CREATE INDEX IF NOT EXISTS ix_sessions_subject_kind_subject_id ON sessions (subject_kind, subject_id);

-- People who run the sites.
CREATE TABLE IF NOT EXISTS staff (
  id INTEGER NOT NULL PRIMARY KEY,
  login_name TEXT NOT NULL,
  password_hash TEXT NOT NULL DEFAULT '',
  role TEXT NOT NULL DEFAULT '',
  first_run_hash TEXT NULL,
  first_run_expires_at DATETIME NULL,
  disabled_at DATETIME NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_staff_login_name ON staff (login_name);

-- Append-only, each row chained to the one before by hash.
CREATE TABLE IF NOT EXISTS audit (
  id INTEGER NOT NULL PRIMARY KEY,
  actor_kind TEXT NOT NULL DEFAULT '',
  actor_id BIGINT NOT NULL DEFAULT 0,
  actor_name TEXT NOT NULL DEFAULT '',
  action TEXT NOT NULL DEFAULT '',
  object_kind TEXT NOT NULL DEFAULT '',
  object_id TEXT NOT NULL DEFAULT '',
  site TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  before_json TEXT NOT NULL DEFAULT (''),
  after_json TEXT NOT NULL DEFAULT (''),
  request_id TEXT NOT NULL DEFAULT '',
  prev_hash TEXT NOT NULL DEFAULT '',
  hash TEXT NOT NULL DEFAULT '',
  created_at DATETIME NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_audit_object_kind_object_id ON audit (object_kind, object_id);
CREATE INDEX IF NOT EXISTS ix_audit_created_at_id ON audit (created_at, id);

-- Stored answers of writes, by caller, route and Idempotency-Key.
CREATE TABLE IF NOT EXISTS idempotency (
  id INTEGER NOT NULL PRIMARY KEY,
  scope TEXT NOT NULL,
  idem_key TEXT NOT NULL,
  body_hash TEXT NOT NULL DEFAULT '',
  status INT NOT NULL DEFAULT 0,
  response BLOB NOT NULL DEFAULT (''),
  content_type TEXT NOT NULL DEFAULT '',
  object_id BIGINT NOT NULL DEFAULT 0,
  request_id TEXT NOT NULL DEFAULT '',
  created_at DATETIME NOT NULL,
  expires_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_idempotency_scope_idem_key ON idempotency (scope, idem_key);
CREATE INDEX IF NOT EXISTS ix_idempotency_expires_at ON idempotency (expires_at);

-- Accepted work; the row is the truth, the queue only delivers it. due_at of a claimed row is the end of its lease.
CREATE TABLE IF NOT EXISTS jobs (
  id INTEGER NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL DEFAULT '',
  aggregate TEXT NOT NULL DEFAULT '',
  payload TEXT NOT NULL DEFAULT (''),
  state TEXT NOT NULL DEFAULT '',
  due_at DATETIME NOT NULL,
  lease_until DATETIME NULL,
  claim TEXT NOT NULL DEFAULT '',
  generation INT NOT NULL DEFAULT 0,
  attempts INT NOT NULL DEFAULT 0,
  last_error TEXT NOT NULL DEFAULT '',
  request_id TEXT NOT NULL DEFAULT '',
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  done_at DATETIME NULL
);
CREATE INDEX IF NOT EXISTS ix_jobs_state_due_at_id ON jobs (state, due_at, id);
CREATE INDEX IF NOT EXISTS ix_jobs_aggregate_state_id ON jobs (aggregate, state, id);

-- Messages from 1688, exactly as received.
CREATE TABLE IF NOT EXISTS inbox (
  id INTEGER NOT NULL PRIMARY KEY,
  msg_id TEXT NOT NULL,
  topic TEXT NOT NULL DEFAULT '',
  biz_key TEXT NOT NULL DEFAULT '',
  gmt_born DATETIME NULL,
  raw TEXT NOT NULL DEFAULT (''),
  state TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  request_id TEXT NOT NULL DEFAULT '',
  received_at DATETIME NOT NULL,
  applied_at DATETIME NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_inbox_msg_id ON inbox (msg_id);
CREATE INDEX IF NOT EXISTS ix_inbox_state_received_at_id ON inbox (state, received_at, id);
CREATE INDEX IF NOT EXISTS ix_inbox_biz_key ON inbox (biz_key);

-- Prices 1688 quoted, kept until an order is placed on them.
CREATE TABLE IF NOT EXISTS previews (
  id INTEGER NOT NULL PRIMARY KEY,
  site TEXT NOT NULL DEFAULT '',
  member_id BIGINT NOT NULL DEFAULT 0,
  payload TEXT NOT NULL DEFAULT (''),
  expires_at DATETIME NOT NULL,
  created_at DATETIME NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_previews_expires_at ON previews (expires_at);

-- Shoppers' orders. Amounts: *_fen in 1/100 CNY, *_minor in the site's minor unit.
CREATE TABLE IF NOT EXISTS orders (
  id INTEGER NOT NULL PRIMARY KEY,
  site TEXT NOT NULL DEFAULT '',
  member_id BIGINT NOT NULL DEFAULT 0,
  out_member_id TEXT NOT NULL DEFAULT '',
  preview_id BIGINT NOT NULL,
  status TEXT NOT NULL DEFAULT '',
  status_group TEXT NOT NULL DEFAULT '',
  rank_no INT NOT NULL DEFAULT 0,
  version INT NOT NULL DEFAULT 0,
  order_type INT NOT NULL DEFAULT 0,
  trigger_mode TEXT NOT NULL DEFAULT '',
  currency TEXT NOT NULL DEFAULT '',
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
  note TEXT NOT NULL DEFAULT '',
  paid_minor BIGINT NOT NULL DEFAULT 0,
  paid_at DATETIME NULL,
  closed_at DATETIME NULL,
  close_reason TEXT NOT NULL DEFAULT '',
  completed_at DATETIME NULL,
  attention TEXT NOT NULL DEFAULT '',
  unpaid_deadline DATETIME NOT NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_orders_preview_id ON orders (preview_id);
CREATE INDEX IF NOT EXISTS ix_orders_site_member_id_id ON orders (site, member_id, id);
CREATE INDEX IF NOT EXISTS ix_orders_site_status_group_id ON orders (site, status_group, id);
CREATE INDEX IF NOT EXISTS ix_orders_site_id ON orders (site, id);

CREATE TABLE IF NOT EXISTS order_lines (
  id INTEGER NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL DEFAULT 0,
  line_no INT NOT NULL DEFAULT 0,
  group_no INT NOT NULL DEFAULT 0,
  offer_id BIGINT NOT NULL DEFAULT 0,
  sku_id BIGINT NOT NULL DEFAULT 0,
  spec_id TEXT NOT NULL DEFAULT '',
  seller_open_id TEXT NOT NULL DEFAULT '',
  quantity BIGINT NOT NULL DEFAULT 0,
  unit_fen BIGINT NOT NULL DEFAULT 0,
  amount_fen BIGINT NOT NULL DEFAULT 0,
  unit_minor BIGINT NOT NULL DEFAULT 0,
  amount_minor BIGINT NOT NULL DEFAULT 0,
  subject TEXT NOT NULL DEFAULT '',
  subject_trans TEXT NOT NULL DEFAULT '',
  sku_name TEXT NOT NULL DEFAULT '',
  image_url TEXT NOT NULL DEFAULT '',
  snapshot TEXT NOT NULL DEFAULT (''),
  received_qty BIGINT NOT NULL DEFAULT 0,
  shipped_qty BIGINT NOT NULL DEFAULT 0,
  created_at DATETIME NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_order_lines_order_id_line_no ON order_lines (order_id, line_no);
CREATE INDEX IF NOT EXISTS ix_order_lines_offer_id ON order_lines (offer_id);

-- Every change of an order, append-only.
CREATE TABLE IF NOT EXISTS order_events (
  id INTEGER NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL DEFAULT 0,
  purchase_id BIGINT NOT NULL DEFAULT 0,
  cause TEXT NOT NULL DEFAULT '',
  from_status TEXT NOT NULL DEFAULT '',
  to_status TEXT NOT NULL DEFAULT '',
  detail TEXT NOT NULL DEFAULT '',
  actor TEXT NOT NULL DEFAULT '',
  request_id TEXT NOT NULL DEFAULT '',
  created_at DATETIME NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_order_events_order_id_id ON order_events (order_id, id);

-- What we buy at 1688: one row per seller group of an order.
CREATE TABLE IF NOT EXISTS purchases (
  id INTEGER NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL DEFAULT 0,
  site TEXT NOT NULL DEFAULT '',
  group_no INT NOT NULL DEFAULT 0,
  seller_open_id TEXT NOT NULL DEFAULT '',
  out_order_id TEXT NOT NULL,
  parent_id BIGINT NOT NULL DEFAULT 0,
  alibaba_order_id TEXT NULL,
  state TEXT NOT NULL DEFAULT '',
  rank_no INT NOT NULL DEFAULT 0,
  version INT NOT NULL DEFAULT 0,
  flow TEXT NOT NULL DEFAULT '',
  trade_type TEXT NOT NULL DEFAULT '',
  send_count INT NOT NULL DEFAULT 0,
  sent_at DATETIME NULL,
  quoted_fen BIGINT NOT NULL DEFAULT 0,
  total_fen BIGINT NOT NULL DEFAULT 0,
  post_fee_fen BIGINT NOT NULL DEFAULT 0,
  refund_status TEXT NOT NULL DEFAULT '',
  pay_attempts INT NOT NULL DEFAULT 0,
  pay_started_at DATETIME NULL,
  paid_at DATETIME NULL,
  shipped_at DATETIME NULL,
  completed_at DATETIME NULL,
  closed_at DATETIME NULL,
  close_reason TEXT NOT NULL DEFAULT '',
  last_error TEXT NOT NULL DEFAULT '',
  upstream_status TEXT NOT NULL DEFAULT '',
  upstream_modified_at DATETIME NULL,
  read_at DATETIME NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_purchases_out_order_id ON purchases (out_order_id);
CREATE UNIQUE INDEX IF NOT EXISTS uq_purchases_alibaba_order_id ON purchases (alibaba_order_id);
CREATE INDEX IF NOT EXISTS ix_purchases_order_id ON purchases (order_id);
CREATE INDEX IF NOT EXISTS ix_purchases_state_read_at_id ON purchases (state, read_at, id);

CREATE TABLE IF NOT EXISTS purchase_lines (
  id INTEGER NOT NULL PRIMARY KEY,
  purchase_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL DEFAULT 0,
  line_id BIGINT NOT NULL,
  quantity BIGINT NOT NULL DEFAULT 0,
  sub_item_id TEXT NULL,
  upstream_status TEXT NOT NULL DEFAULT '',
  logistics_status INT NOT NULL DEFAULT 0,
  amount_fen BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_purchase_lines_purchase_id_line_id ON purchase_lines (purchase_id, line_id);
CREATE INDEX IF NOT EXISTS ix_purchase_lines_sub_item_id ON purchase_lines (sub_item_id);
CREATE INDEX IF NOT EXISTS ix_purchase_lines_order_id ON purchase_lines (order_id);

-- Shoppers' payments as reported by the payment provider.
CREATE TABLE IF NOT EXISTS payments (
  id INTEGER NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL DEFAULT 0,
  site TEXT NOT NULL DEFAULT '',
  provider_ref TEXT NOT NULL,
  amount_minor BIGINT NOT NULL DEFAULT 0,
  currency TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT '',
  webhook_id TEXT NOT NULL,
  paid_at DATETIME NOT NULL,
  created_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_payments_provider_ref ON payments (provider_ref);
CREATE UNIQUE INDEX IF NOT EXISTS uq_payments_webhook_id ON payments (webhook_id);
CREATE INDEX IF NOT EXISTS ix_payments_order_id ON payments (order_id);

-- Both legs: domestic (seller to warehouse) and national (warehouse to shopper).
CREATE TABLE IF NOT EXISTS parcels (
  id INTEGER NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL,
  purchase_id BIGINT NOT NULL DEFAULT 0,
  leg TEXT NOT NULL,
  parcel_no TEXT NOT NULL,
  carrier TEXT NOT NULL DEFAULT '',
  bill_no TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL DEFAULT '',
  rank_no INT NOT NULL DEFAULT 0,
  version INT NOT NULL DEFAULT 0,
  address_json TEXT NOT NULL DEFAULT (''),
  sent_at DATETIME NULL,
  signed_at DATETIME NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_parcels_leg_parcel_no_order_id ON parcels (leg, parcel_no, order_id);
CREATE INDEX IF NOT EXISTS ix_parcels_order_id_id ON parcels (order_id, id);
CREATE INDEX IF NOT EXISTS ix_parcels_bill_no ON parcels (bill_no);

CREATE TABLE IF NOT EXISTS parcel_events (
  id INTEGER NOT NULL PRIMARY KEY,
  parcel_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL DEFAULT 0,
  node TEXT NOT NULL DEFAULT '',
  detail TEXT NOT NULL DEFAULT '',
  happened_at DATETIME NOT NULL,
  dedupe TEXT NOT NULL,
  created_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_parcel_events_parcel_id_dedupe ON parcel_events (parcel_id, dedupe);
CREATE INDEX IF NOT EXISTS ix_parcel_events_order_id_happened_at ON parcel_events (order_id, happened_at);

-- One row per push owed to 1688 and what became of it.
CREATE TABLE IF NOT EXISTS ledger (
  id INTEGER NOT NULL PRIMARY KEY,
  site TEXT NOT NULL DEFAULT '',
  order_id BIGINT NOT NULL DEFAULT 0,
  kind TEXT NOT NULL,
  object_key TEXT NOT NULL,
  version TEXT NOT NULL,
  payload TEXT NOT NULL DEFAULT (''),
  payload_hash TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT '',
  attempts INT NOT NULL DEFAULT 0,
  code TEXT NOT NULL DEFAULT '',
  message TEXT NOT NULL DEFAULT '',
  upstream_request_id TEXT NOT NULL DEFAULT '',
  job_id BIGINT NOT NULL DEFAULT 0,
  request_id TEXT NOT NULL DEFAULT '',
  wanted_at DATETIME NOT NULL,
  sent_at DATETIME NULL,
  acknowledged_at DATETIME NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_ledger_kind_object_key_version ON ledger (kind, object_key, version);
CREATE INDEX IF NOT EXISTS ix_ledger_order_id_id ON ledger (order_id, id);
CREATE INDEX IF NOT EXISTS ix_ledger_state_kind_id ON ledger (state, kind, id);

-- Where a scheduled reader got to.
CREATE TABLE IF NOT EXISTS cursors (
  name TEXT NOT NULL,
  value TEXT NOT NULL DEFAULT '',
  updated_at DATETIME NOT NULL,
  PRIMARY KEY (name)
);

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
