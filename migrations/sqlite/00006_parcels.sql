-- Cancelling orders.
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

-- +goose Down

DROP TABLE IF EXISTS order_cancels;
