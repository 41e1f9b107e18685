-- After-sales: refunds of members, their side at 1688, evidence and history.
-- Only new tables: a binary that does not know them runs on as before.

-- +goose Up

-- A member's wish for money back. state is the site's side of it; what 1688 says is in refund_parts. amount_minor holds
-- freight_minor. untold: pieces that 1688 cannot be asked about. ending: what a refund becomes once 1688's side has ended.
CREATE TABLE IF NOT EXISTS refunds (
  id BIGINT NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL,
  site VARCHAR(32) NOT NULL,
  member_id BIGINT NOT NULL,
  kind VARCHAR(12) NOT NULL,
  state VARCHAR(12) NOT NULL,
  ending VARCHAR(12) NOT NULL DEFAULT '',
  reason_id BIGINT NOT NULL DEFAULT 0,
  reason VARCHAR(200) NOT NULL DEFAULT '',
  description VARCHAR(600) NOT NULL DEFAULT '',
  evidence_wanted INT NOT NULL DEFAULT 0,
  evidence_count INT NOT NULL DEFAULT 0,
  currency CHAR(3) NOT NULL,
  amount_minor BIGINT NOT NULL,
  freight_minor BIGINT NOT NULL DEFAULT 0,
  amount_fen BIGINT NOT NULL DEFAULT 0,
  untold BIGINT NOT NULL DEFAULT 0,
  first_approver BIGINT NOT NULL DEFAULT 0,
  approved_by VARCHAR(120) NOT NULL DEFAULT '',
  decision VARCHAR(500) NOT NULL DEFAULT '',
  pay_reference VARCHAR(120) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  owed_at DATETIME(3) NULL,
  paid_at DATETIME(3) NULL,
  ended_at DATETIME(3) NULL,
  KEY ix_refunds_order_id_id (order_id, id),
  KEY ix_refunds_state_id (state, id),
  KEY ix_refunds_site_state_id (site, state, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What a refund takes of a line. live: 0 once the refund was rejected or withdrawn.
CREATE TABLE IF NOT EXISTS refund_lines (
  id BIGINT NOT NULL PRIMARY KEY,
  refund_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  line_id BIGINT NOT NULL,
  quantity BIGINT NOT NULL,
  amount_minor BIGINT NOT NULL,
  freight_minor BIGINT NOT NULL DEFAULT 0,
  amount_fen BIGINT NOT NULL DEFAULT 0,
  live INT NOT NULL DEFAULT 0,
  UNIQUE KEY uq_refund_lines_refund_id_line_id (refund_id, line_id),
  KEY ix_refund_lines_line_id (line_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- A refund at 1688: one per purchase order and place of its goods. state: ours until it exists there, then theirs (word
-- verbatim). send_count: how often it was asked for; an answer that was lost is looked for before the next try.
CREATE TABLE IF NOT EXISTS refund_parts (
  id BIGINT NOT NULL PRIMARY KEY,
  refund_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  purchase_id BIGINT NOT NULL,
  alibaba_order_id VARCHAR(40) NOT NULL,
  goods_status VARCHAR(40) NOT NULL,
  request VARCHAR(16) NOT NULL,
  items_json MEDIUMTEXT NOT NULL DEFAULT (''),
  whole INT NOT NULL DEFAULT 0,
  ask_fen BIGINT NOT NULL DEFAULT 0,
  carriage_fen BIGINT NOT NULL DEFAULT 0,
  want_carriage INT NOT NULL DEFAULT 0,
  state VARCHAR(20) NOT NULL,
  word VARCHAR(40) NOT NULL DEFAULT '',
  alibaba_refund_id VARCHAR(40) NULL,
  send_count INT NOT NULL DEFAULT 0,
  sent_at DATETIME(3) NULL,
  got_fen BIGINT NOT NULL DEFAULT 0,
  got_carriage_fen BIGINT NOT NULL DEFAULT 0,
  reject_reason VARCHAR(500) NOT NULL DEFAULT '',
  last_error VARCHAR(500) NOT NULL DEFAULT '',
  carrier VARCHAR(60) NOT NULL DEFAULT '',
  waybill VARCHAR(60) NOT NULL DEFAULT '',
  return_state VARCHAR(12) NOT NULL DEFAULT '',
  service_state VARCHAR(12) NOT NULL DEFAULT '',
  service_text VARCHAR(500) NOT NULL DEFAULT '',
  complaint_id VARCHAR(40) NOT NULL DEFAULT '',
  modified_at DATETIME(3) NULL,
  read_at DATETIME(3) NULL,
  final_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_refund_parts_alibaba_refund_id (alibaba_refund_id),
  KEY ix_refund_parts_refund_id (refund_id),
  KEY ix_refund_parts_alibaba_order_id (alibaba_order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Pictures the member handed in, by their address at 1688.
CREATE TABLE IF NOT EXISTS refund_vouchers (
  id BIGINT NOT NULL PRIMARY KEY,
  refund_id BIGINT NOT NULL,
  url VARCHAR(500) NOT NULL,
  digest VARCHAR(64) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_refund_vouchers_refund_id_digest (refund_id, digest)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The history of a refund: 1688's operations and our own, each once.
CREATE TABLE IF NOT EXISTS refund_entries (
  id BIGINT NOT NULL PRIMARY KEY,
  refund_id BIGINT NOT NULL,
  part_id BIGINT NOT NULL DEFAULT 0,
  actor VARCHAR(12) NOT NULL,
  actor_name VARCHAR(120) NOT NULL DEFAULT '',
  action VARCHAR(40) NOT NULL,
  detail VARCHAR(600) NOT NULL DEFAULT '',
  original VARCHAR(600) NOT NULL DEFAULT '',
  happened_at DATETIME(3) NOT NULL,
  dedupe VARCHAR(80) NOT NULL,
  UNIQUE KEY uq_refund_entries_refund_id_dedupe (refund_id, dedupe)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What running refunds of an order would bring its member: beside what is owed already never more than was paid.
CREATE TABLE IF NOT EXISTS refund_accounts (
  order_id BIGINT NOT NULL PRIMARY KEY,
  reserved_minor BIGINT NOT NULL DEFAULT 0,
  updated_at DATETIME(3) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down

DROP TABLE IF EXISTS refund_accounts;
DROP TABLE IF EXISTS refund_entries;
DROP TABLE IF EXISTS refund_vouchers;
DROP TABLE IF EXISTS refund_parts;
DROP TABLE IF EXISTS refund_lines;
DROP TABLE IF EXISTS refunds;
