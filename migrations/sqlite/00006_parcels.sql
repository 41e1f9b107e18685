-- Cancelling orders; what is in parcels, under which numbers, and how much of it arrived.
-- Only new tables: a binary that does not know them runs on as before.

-- +goose Up

-- The wish to cancel an order while its purchases are being closed at 1688, and what became of it.
CREATE TABLE IF NOT EXISTS order_cancels (
  order_id INTEGER NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  cause TEXT NOT NULL,
  close_reason TEXT NOT NULL,
  reason TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  ended_at DATETIME NULL
);

-- What is in a parcel, as 1688 or staff say; signed_qty: how much of it the member has signed for (national leg).
CREATE TABLE IF NOT EXISTS parcel_lines (
  id INTEGER NOT NULL PRIMARY KEY,
  parcel_id BIGINT NOT NULL,
  line_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  quantity BIGINT NOT NULL,
  signed_qty BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_parcel_lines_parcel_id_line_id ON parcel_lines (parcel_id, line_id);
CREATE INDEX IF NOT EXISTS ix_parcel_lines_order_id ON parcel_lines (order_id);

-- Every number a parcel was known under; carriers change them.
CREATE TABLE IF NOT EXISTS parcel_numbers (
  id INTEGER NOT NULL PRIMARY KEY,
  parcel_id BIGINT NOT NULL,
  number TEXT NOT NULL,
  first_seen DATETIME NOT NULL,
  last_seen DATETIME NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_parcel_numbers_parcel_id_number ON parcel_numbers (parcel_id, number);
CREATE INDEX IF NOT EXISTS ix_parcel_numbers_number ON parcel_numbers (number);

-- How much of a line is in national parcels, and how much of that was signed for.
CREATE TABLE IF NOT EXISTS national_lines (
  line_id INTEGER NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL,
  sent_qty BIGINT NOT NULL DEFAULT 0,
  signed_qty BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS ix_national_lines_order_id ON national_lines (order_id);

-- +goose Down

DROP TABLE IF EXISTS national_lines;
DROP TABLE IF EXISTS parcel_numbers;
DROP TABLE IF EXISTS parcel_lines;
DROP TABLE IF EXISTS order_cancels;
