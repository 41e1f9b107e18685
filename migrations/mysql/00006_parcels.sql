-- Cancelling orders; what is in parcels, under which numbers, and how much of it arrived.
-- Only new tables: a binary that does not know them runs on as before.

-- +goose Up

-- The wish to cancel an order while its purchases are being closed at 1688, and what became of it.
CREATE TABLE IF NOT EXISTS order_cancels (
  order_id BIGINT NOT NULL PRIMARY KEY,
  state VARCHAR(12) NOT NULL,
  asked_by VARCHAR(60) NOT NULL,
  cause VARCHAR(30) NOT NULL,
  close_reason VARCHAR(30) NOT NULL,
  reason VARCHAR(500) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  ended_at DATETIME(3) NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What is in a parcel, as 1688 or staff say; signed_qty: how much of it the member has signed for (national leg).
CREATE TABLE IF NOT EXISTS parcel_lines (
  id BIGINT NOT NULL PRIMARY KEY,
  parcel_id BIGINT NOT NULL,
  line_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  quantity BIGINT NOT NULL,
  signed_qty BIGINT NOT NULL DEFAULT 0,
  UNIQUE KEY uq_parcel_lines_parcel_id_line_id (parcel_id, line_id),
  KEY ix_parcel_lines_order_id (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Every number a parcel was known under; carriers change them.
CREATE TABLE IF NOT EXISTS parcel_numbers (
  id BIGINT NOT NULL PRIMARY KEY,
  parcel_id BIGINT NOT NULL,
  number VARCHAR(100) NOT NULL,
  first_seen DATETIME(3) NOT NULL,
  last_seen DATETIME(3) NOT NULL,
  UNIQUE KEY uq_parcel_numbers_parcel_id_number (parcel_id, number),
  KEY ix_parcel_numbers_number (number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- How much of a line is in national parcels, and how much of that was signed for.
CREATE TABLE IF NOT EXISTS national_lines (
  line_id BIGINT NOT NULL PRIMARY KEY,
  order_id BIGINT NOT NULL,
  sent_qty BIGINT NOT NULL DEFAULT 0,
  signed_qty BIGINT NOT NULL DEFAULT 0,
  KEY ix_national_lines_order_id (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down

DROP TABLE IF EXISTS national_lines;
DROP TABLE IF EXISTS parcel_numbers;
DROP TABLE IF EXISTS parcel_lines;
DROP TABLE IF EXISTS order_cancels;
