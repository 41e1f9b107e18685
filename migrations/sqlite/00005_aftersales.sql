-- After-sales: refunds of members, their side at 1688, evidence and history.
-- Only new tables: a binary that does not know them runs on as before.

-- +goose Up

-- A member's wish for money back. state is the site's side of it; what 1688 says is in refund_parts. amount_minor holds
-- freight_minor. untold: pieces that 1688 cannot be asked about. ending: what a refund becomes once 1688's side has ended.
CREATE TABLE IF NOT EXISTS refunds (
  id INTEGER NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL,
  site TEXT NOT NULL,
  member_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  ending TEXT NOT NULL DEFAULT '',
  reason_id BIGINT NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '',
  description TEXT NOT NULL DEFAULT '',
  evidence_wanted INT NOT NULL DEFAULT 0,
  evidence_count INT NOT NULL DEFAULT 0,
  currency TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  freight_minor BIGINT NOT NULL DEFAULT 0,
  amount_fen BIGINT NOT NULL DEFAULT 0,
  untold BIGINT NOT NULL DEFAULT 0,
  first_approver BIGINT NOT NULL DEFAULT 0,
  approved_by TEXT NOT NULL DEFAULT '',
  decision TEXT NOT NULL DEFAULT '',
  pay_reference TEXT NOT NULL DEFAULT '',
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  owed_at DATETIME NULL,
  paid_at DATETIME NULL,
  ended_at DATETIME NULL
);
CREATE INDEX IF NOT EXISTS ix_refunds_order_id_id ON refunds (order_id, id);
CREATE INDEX IF NOT EXISTS ix_refunds_state_id ON refunds (state, id);
CREATE INDEX IF NOT EXISTS ix_refunds_site_state_id ON refunds (site, state, id);

-- What a refund takes of a line. live: 0 once the refund was rejected or withdrawn.
CREATE TABLE IF NOT EXISTS refund_lines (
  id INTEGER NOT NULL PRIMARY KEY,
  refund_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  line_id BIGINT NOT NULL,
  quantity BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL,
  freight_minor BIGINT NOT NULL DEFAULT 0,
  amount_fen BIGINT NOT NULL DEFAULT 0,
  live INT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_refund_lines_refund_id_line_id ON refund_lines (refund_id, line_id);
CREATE INDEX IF NOT EXISTS ix_refund_lines_line_id ON refund_lines (line_id);

-- A refund at 1688: one per purchase order and place of its goods. state: ours until it exists there, then theirs (word
-- verbatim). send_count: how often it was asked for; an answer that was lost is looked for before the next try.
CREATE TABLE IF NOT EXISTS refund_parts (
  id INTEGER NOT NULL PRIMARY KEY,
  refund_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  purchase_id BIGINT NOT NULL,
  alibaba_order_id TEXT NOT NULL,
  goods_status TEXT NOT NULL,
  request TEXT NOT NULL,
  items_json TEXT NOT NULL DEFAULT (''),
  whole INT NOT NULL DEFAULT 0,
  ask_fen BIGINT NOT NULL DEFAULT 0,
  carriage_fen BIGINT NOT NULL DEFAULT 0,
  want_carriage INT NOT NULL DEFAULT 0,
  state TEXT NOT NULL,
  word TEXT NOT NULL DEFAULT '',
  alibaba_refund_id TEXT NULL,
  send_count INT NOT NULL DEFAULT 0,
  sent_at DATETIME NULL,
  got_fen BIGINT NOT NULL DEFAULT 0,
  got_carriage_fen BIGINT NOT NULL DEFAULT 0,
  reject_reason TEXT NOT NULL DEFAULT '',
  last_error TEXT NOT NULL DEFAULT '',
  carrier TEXT NOT NULL DEFAULT '',
  waybill TEXT NOT NULL DEFAULT '',
  return_state TEXT NOT NULL DEFAULT '',
  service_state TEXT NOT NULL DEFAULT '',
  service_text TEXT NOT NULL DEFAULT '',
  complaint_id TEXT NOT NULL DEFAULT '',
  modified_at DATETIME NULL,
  read_at DATETIME NULL,
  final_at DATETIME NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_refund_parts_alibaba_refund_id ON refund_parts (alibaba_refund_id);
CREATE INDEX IF NOT EXISTS ix_refund_parts_refund_id ON refund_parts (refund_id);
CREATE INDEX IF NOT EXISTS ix_refund_parts_alibaba_order_id ON refund_parts (alibaba_order_id);

-- Pictures the member handed in, by their address at 1688.
CREATE TABLE IF NOT EXISTS refund_vouchers (
  id INTEGER NOT NULL PRIMARY KEY,
  refund_id BIGINT NOT NULL,
  url TEXT NOT NULL,
  digest TEXT NOT NULL,
  created_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_refund_vouchers_refund_id_digest ON refund_vouchers (refund_id, digest);

-- The history of a refund: 1688's operations and our own, each once.
CREATE TABLE IF NOT EXISTS refund_entries (
  id INTEGER NOT NULL PRIMARY KEY,
  refund_id BIGINT NOT NULL,
  part_id BIGINT NOT NULL DEFAULT 0,
  actor TEXT NOT NULL,
  actor_name TEXT NOT NULL DEFAULT '',
  action TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '',
  original TEXT NOT NULL DEFAULT '',
  happened_at DATETIME NOT NULL,
  dedupe TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_refund_entries_refund_id_dedupe ON refund_entries (refund_id, dedupe);

-- What running refunds of an order would bring its member: beside what is owed already never more than was paid.
CREATE TABLE IF NOT EXISTS refund_accounts (
  order_id INTEGER NOT NULL PRIMARY KEY,
  reserved_minor BIGINT NOT NULL DEFAULT 0,
  updated_at DATETIME NOT NULL
);

-- +goose Down

DROP TABLE IF EXISTS refund_accounts;
DROP TABLE IF EXISTS refund_entries;
DROP TABLE IF EXISTS refund_vouchers;
DROP TABLE IF EXISTS refund_parts;
DROP TABLE IF EXISTS refund_lines;
DROP TABLE IF EXISTS refunds;
