-- Cancelling orders.
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

-- +goose Down

DROP TABLE IF EXISTS order_cancels;
