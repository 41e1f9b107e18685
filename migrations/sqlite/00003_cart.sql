-- Carts of members and of guests.
-- Only new tables: a binary that does not know them runs on as before.

-- +goose Up

-- One per member, one per guest: member_id or token_hash (SHA-256 of the guest's token, hex). expires_at: guests only,
-- moves on with every use. version counts writes; writing it is what keeps two changes of a cart apart.
CREATE TABLE IF NOT EXISTS carts (
  id INTEGER NOT NULL PRIMARY KEY,
  site TEXT NOT NULL,
  member_id BIGINT NULL,
  token_hash TEXT NULL,
  version BIGINT NOT NULL DEFAULT 0,
  expires_at DATETIME NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_carts_member_id ON carts (member_id);
CREATE UNIQUE INDEX IF NOT EXISTS uq_carts_token_hash ON carts (token_hash);
CREATE INDEX IF NOT EXISTS ix_carts_expires_at ON carts (expires_at);

-- seen_*: what the shopper was shown when the line was added: the price of a piece when seen_pieces of the offer are bought,
-- in 1/100 CNY and in the site's minor unit (0 = 1688 told none), and the rate between them.
CREATE TABLE IF NOT EXISTS cart_items (
  id INTEGER NOT NULL PRIMARY KEY,
  cart_id BIGINT NOT NULL,
  offer_id BIGINT NOT NULL,
  sku_id BIGINT NOT NULL DEFAULT 0,
  spec_id TEXT NOT NULL DEFAULT '',
  quantity BIGINT NOT NULL,
  selected INT NOT NULL DEFAULT 1,
  version BIGINT NOT NULL DEFAULT 1,
  seller_open_id TEXT NOT NULL DEFAULT '',
  seller_name TEXT NOT NULL DEFAULT '',
  lang TEXT NOT NULL DEFAULT '',
  subject TEXT NOT NULL DEFAULT '',
  subject_trans TEXT NOT NULL DEFAULT '',
  sku_name TEXT NOT NULL DEFAULT '',
  image_url TEXT NOT NULL DEFAULT '',
  seen_pieces BIGINT NOT NULL DEFAULT 0,
  seen_fen BIGINT NOT NULL DEFAULT 0,
  seen_minor BIGINT NOT NULL DEFAULT 0,
  seen_currency TEXT NOT NULL DEFAULT '',
  seen_fx_json TEXT NOT NULL DEFAULT (''),
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_cart_items_cart_id_offer_id_sku_id_spec_id ON cart_items (cart_id, offer_id, sku_id, spec_id);

-- +goose Down

DROP TABLE IF EXISTS cart_items;
DROP TABLE IF EXISTS carts;
