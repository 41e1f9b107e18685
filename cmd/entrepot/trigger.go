package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"entrepot/internal/app"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func trigger(ctx context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("trigger", flag.ContinueOnError)
	fs.SetOutput(e.stderr)
	url := fs.String("url", "http://127.0.0.1:8080", "the API's address")
	order := fs.String("order", "", "our order id")
	amount := fs.Int64("amount", 0, "minor units, as totals.total.local.amount says")
	currency := fs.String("currency", "JPY", "the order's currency")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *order == "" || *amount <= 0 {
		return errors.New("needs -order and -amount")
	}
	cfg, err := app.Load(e.getenv)
	if err != nil {
		return err
	}
	answer, err := sendPayment(ctx, *url, cfg.PaymentSecret, *order, *amount, *currency)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s\n", answer)
	return nil
}

// sendPayment reports a buyer's payment the way a payment provider does: Standard Webhooks over the raw body.
func sendPayment(ctx context.Context, base, secret, order string, amount int64, currency string) ([]byte, error) {
	now := time.Now()
	id := "msg_" + strconv.FormatInt(now.UnixNano(), 36)
	body, err := json.Marshal(map[string]any{
		"type": "payment.succeeded", "timestamp": now.UTC().Format(time.RFC3339),
		"data": map[string]any{"orderId": order, "paymentId": "pay-" + order, "amount": amount, "currency": currency},
	})
	if err != nil {
		return nil, err
	}
	wh, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return nil, errors.New("ENTREPOT_PAYMENT_WEBHOOK_SECRET is not a Standard Webhooks secret")
	}
	sig, err := wh.Sign(id, now, body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/callbacks/payments", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(standardwebhooks.HeaderWebhookID, id)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, sig)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end below
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("HTTP %d: %s", resp.StatusCode, answer)
	}
	return answer, err
}
