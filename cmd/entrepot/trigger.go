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
	"strings"
	"time"

	"entrepot/internal/app"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// trigger makes something happen: a scenario of the table against a simulated 1688, or a buyer's payment against our API.
// Flags without a scenario's name mean the payment, as they always did.
func trigger(ctx context.Context, e env, args []string) error {
	switch {
	case len(args) == 0 || args[0] == "-list" || args[0] == "--list" || args[0] == "list":
		listScenarios(e.stdout)
		return nil
	case args[0] == "payment":
		return triggerPayment(ctx, e, args[1:])
	case strings.HasPrefix(args[0], "-"):
		return triggerPayment(ctx, e, args)
	}
	return triggerScenario(ctx, e, args[0], args[1:])
}

func listScenarios(out io.Writer) {
	fmt.Fprintln(out, "usage: entrepot trigger <scenario> [-sandbox URL] [-order ID]")
	fmt.Fprintln(out, "\nAgainst a simulated 1688 (-order is its number or your outOrderId; without it the newest order that fits, or a new one):")
	for _, s := range scenarios {
		fmt.Fprintf(out, "  %-26s %s\n", s.name, s.help)
	}
	fmt.Fprintf(out, "\nAgainst our own API:\n  %-26s %s\n", "payment", "a buyer pays: -order ID -amount MINOR [-currency JPY] [-url URL]")
}

func triggerScenario(ctx context.Context, e env, name string, args []string) error {
	fs := flag.NewFlagSet("trigger "+name, flag.ContinueOnError)
	fs.SetOutput(e.stderr)
	st := &stage{ctx: ctx, out: e.stdout}
	fs.StringVar(&st.url, "sandbox", or(e.getenv("ENTREPOT_SANDBOX_PUBLIC_URL"), "http://127.0.0.1:8688"), "the simulated 1688's address")
	fs.StringVar(&st.order, "order", "", "its order number or your outOrderId; default: the newest that fits, or a new one")
	fs.StringVar(&st.key, "key", "8816880", "app key, for scenarios that call the gateway")
	fs.StringVar(&st.secret, "secret", "sandbox-demo-secret", "app secret")
	fs.StringVar(&st.token, "token", "5e1c0de0-1688-4688-8688-0000000d3e30", "access token")
	if err := fs.Parse(args); err != nil {
		return err
	}
	st.url = strings.TrimRight(st.url, "/")
	for _, s := range scenarios {
		if s.name == name {
			return st.play(s)
		}
	}
	return fmt.Errorf("no scenario %q; entrepot trigger lists them", name)
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func triggerPayment(ctx context.Context, e env, args []string) error {
	fs := flag.NewFlagSet("trigger payment", flag.ContinueOnError)
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
