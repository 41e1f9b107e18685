-- Buying at 1688: what was agreed per purchase, price approvals, shortages, what members are owed or owe.
-- Only new tables: a binary that does not know them runs on as before.

-- +goose Up

-- One row per purchase: quoted_minor is what the member agreed to pay for it, freight included (quoted_fen is on the
-- purchase). priced_at: when 1688 last said that price. hold: why it is neither created nor paid now; empty = go on.
-- requotes: how often 1688's refusal made us ask for prices again.
CREATE TABLE IF NOT EXISTS purchase_terms (
  purchase_id BIGINT NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL,
  quoted_minor BIGINT NOT NULL DEFAULT 0,
  priced_at DATETIME(3) NULL,
  hold VARCHAR(16) NOT NULL DEFAULT '',
  requotes INT NOT NULL DEFAULT 0,
  updated_at DATETIME(3) NOT NULL,
  KEY ix_purchase_terms_order_id (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- A price that moved too far for the member not to be asked. pending_for: the purchase while the question is open, so
-- that there is one question at a time.
CREATE TABLE IF NOT EXISTS price_approvals (
  id BIGINT NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL,
  purchase_id BIGINT NOT NULL,
  pending_for BIGINT NULL,
  state VARCHAR(12) NOT NULL,
  old_fen BIGINT NOT NULL,
  new_fen BIGINT NOT NULL,
  old_minor BIGINT NOT NULL,
  new_minor BIGINT NOT NULL,
  currency CHAR(3) NOT NULL,
  lines_json MEDIUMTEXT NOT NULL DEFAULT (''),
  decided_by VARCHAR(60) NOT NULL DEFAULT '',
  expires_at DATETIME(3) NOT NULL,
  decided_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_price_approvals_pending_for (pending_for),
  KEY ix_price_approvals_order_id (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Pieces of a line that a purchase will not bring. amount_*: their share of what the purchase was quoted at.
CREATE TABLE IF NOT EXISTS shortages (
  id BIGINT NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL,
  purchase_id BIGINT NOT NULL,
  line_id BIGINT NOT NULL,
  quantity BIGINT NOT NULL,
  amount_fen BIGINT NOT NULL DEFAULT 0,
  amount_minor BIGINT NOT NULL DEFAULT 0,
  cause VARCHAR(60) NOT NULL DEFAULT '',
  code VARCHAR(100) NOT NULL DEFAULT '',
  state VARCHAR(12) NOT NULL,
  decided_by VARCHAR(60) NOT NULL DEFAULT '',
  reason VARCHAR(500) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL,
  decided_at DATETIME(3) NULL,
  UNIQUE KEY uq_shortages_purchase_id_line_id (purchase_id, line_id),
  KEY ix_shortages_order_id_line_id (order_id, line_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What a site owes its member, and what was paid back. line_id 0: for the order as a whole. source_key names the fact
-- that made it, so that one fact is owed once.
CREATE TABLE IF NOT EXISTS member_refunds (
  id BIGINT NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL,
  line_id BIGINT NOT NULL DEFAULT 0,
  quantity BIGINT NOT NULL DEFAULT 0,
  amount_minor BIGINT NOT NULL,
  currency CHAR(3) NOT NULL,
  cause VARCHAR(60) NOT NULL DEFAULT '',
  state VARCHAR(12) NOT NULL,
  source_key VARCHAR(100) NOT NULL,
  decided_by VARCHAR(60) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL,
  paid_at DATETIME(3) NULL,
  UNIQUE KEY uq_member_refunds_source_key (source_key),
  KEY ix_member_refunds_order_id (order_id),
  KEY ix_member_refunds_state_id (state, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- How an order's account with its member moved after it was placed: extra_minor is added to what is due (may be
-- negative), owed_minor is the sum of its member_refunds and never more than was paid.
CREATE TABLE IF NOT EXISTS order_accounts (
  order_id BIGINT NOT NULL PRIMARY KEY,
  extra_minor BIGINT NOT NULL DEFAULT 0,
  owed_minor BIGINT NOT NULL DEFAULT 0,
  updated_at DATETIME(3) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down

DROP TABLE IF EXISTS order_accounts;
DROP TABLE IF EXISTS member_refunds;
DROP TABLE IF EXISTS shortages;
DROP TABLE IF EXISTS price_approvals;
DROP TABLE IF EXISTS purchase_terms;
