-- Carts of members and of guests.
-- Only new tables: a binary that does not know them runs on as before.

-- +goose Up

-- One per member, one per guest: member_id or token_hash (SHA-256 of the guest's token, hex). expires_at: guests only,
-- moves on with every use. version counts writes; writing it is what keeps two changes of a cart apart.
CREATE TABLE IF NOT EXISTS carts (
  id BIGINT NOT NULL PRIMARY KEY,
  site VARCHAR(32) NOT NULL,
  member_id BIGINT NULL,
  token_hash CHAR(64) NULL,
  version BIGINT NOT NULL DEFAULT 0,
  expires_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_carts_member_id (member_id),
  UNIQUE KEY uq_carts_token_hash (token_hash),
  KEY ix_carts_expires_at (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- seen_*: what the shopper was shown when the line was added: the price of a piece when seen_pieces of the offer are bought,
-- in 1/100 CNY and in the site's minor unit (0 = 1688 told none), and the rate between them.
CREATE TABLE IF NOT EXISTS cart_items (
  id BIGINT NOT NULL PRIMARY KEY,
  cart_id BIGINT NOT NULL,
  offer_id BIGINT NOT NULL,
  sku_id BIGINT NOT NULL DEFAULT 0,
  spec_id VARCHAR(64) NOT NULL DEFAULT '',
  quantity BIGINT NOT NULL,
  selected INT NOT NULL DEFAULT 1,
  version BIGINT NOT NULL DEFAULT 1,
  seller_open_id VARCHAR(100) NOT NULL DEFAULT '',
  seller_name VARCHAR(200) NOT NULL DEFAULT '',
  lang VARCHAR(16) NOT NULL DEFAULT '',
  subject VARCHAR(500) NOT NULL DEFAULT '',
  subject_trans VARCHAR(500) NOT NULL DEFAULT '',
  sku_name VARCHAR(300) NOT NULL DEFAULT '',
  image_url VARCHAR(500) NOT NULL DEFAULT '',
  seen_pieces BIGINT NOT NULL DEFAULT 0,
  seen_fen BIGINT NOT NULL DEFAULT 0,
  seen_minor BIGINT NOT NULL DEFAULT 0,
  seen_currency CHAR(3) NOT NULL DEFAULT '',
  seen_fx_json TEXT NOT NULL DEFAULT (''),
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  UNIQUE KEY uq_cart_items_cart_id_offer_id_sku_id_spec_id (cart_id, offer_id, sku_id, spec_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down

DROP TABLE IF EXISTS cart_items;
DROP TABLE IF EXISTS carts;
