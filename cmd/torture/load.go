package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	siteKey  = "demo-japan"
	patience = 5 * time.Minute // with one request, over all its tries
)

// good is something that can be bought in any number.
type good struct {
	Offer    string `json:"offerId"`
	SKU      string `json:"skuId,omitempty"`
	Quantity int64  `json:"quantity"`
	seller   string
}

// money is an amount as the API shows it.
type money struct {
	Amount   int64
	Currency string
}

// placed is an order the API has acknowledged: from then on it must never be lost.
type placed struct {
	id      string
	token   string // of its member
	key     string
	groups  int
	total   money
	fen     int64
	lines   map[string]int64 // offer/SKU -> pieces
	payment string
}

// goods finds things with plenty of stock, before anything goes wrong.
func (w *world) goods(ctx context.Context) ([]good, error) {
	sh := &shopper{w: w, rnd: rand.New(rand.NewPCG(1, 1)), name: "finder"} //nolint:gosec // not a secret
	var out []good
	for page := 1; page <= 6 && len(out) < 24; page++ {
		var found struct{ Items []struct{ OfferID string } }
		if err := sh.get(ctx, "/v1/search?pageSize=50&beginPage="+strconv.Itoa(page)+"&keyword="+url.QueryEscape("バッグ"), &found); err != nil {
			return nil, err
		}
		for _, it := range found.Items {
			g, ok, err := sh.look(ctx, it.OfferID)
			if err != nil {
				return nil, err
			}
			if ok && len(out) < 24 {
				out = append(out, g)
			}
		}
	}
	if len(out) < 3 {
		return nil, errors.New("the catalogue has too few goods that can be bought")
	}
	return out, nil
}

func (sh *shopper) look(ctx context.Context, offer string) (good, bool, error) {
	var v struct {
		Available                                   bool
		SellerOpenID                                string
		MinOrderQuantity, BatchNumber, AmountOnSale int64
		Skus                                        []struct {
			SkuID        string
			AmountOnSale int64
		}
	}
	if err := sh.get(ctx, "/v1/products/"+offer, &v); err != nil {
		return good{}, false, err
	}
	batch := max(1, v.BatchNumber)
	g := good{Offer: offer, Quantity: (max(v.MinOrderQuantity, 1) + batch - 1) / batch * batch, seller: v.SellerOpenID}
	stock := v.AmountOnSale
	if len(v.Skus) > 0 {
		g.SKU, stock = v.Skus[0].SkuID, v.Skus[0].AmountOnSale
	}
	if !v.Available || stock < g.Quantity {
		return g, false, nil
	}
	// The simulated seller's stock must not run out: running out is another story.
	if err := sh.w.control(ctx, "/offers/"+offer+"/actions/stock", map[string]any{"skuId": g.SKU, "to": 1_000_000_000}); err != nil {
		return g, false, nil //nolint:nilerr // an offer whose stock cannot be set is not used
	}
	token, _, err := sh.preview(ctx, []good{g})
	return g, err == nil && token.PreviewToken != "", nil
}

// shopper is one member who orders one thing after another.
type shopper struct {
	w     *world
	rnd   *rand.Rand
	goods []good
	name  string
	token string
	until time.Time // when the token is renewed
}

// order plays one order up to its payment, repeating what was not answered as any careful client does.
func (sh *shopper) order(ctx context.Context, no int) (*placed, error) {
	wanted := sh.choose()
	p := &placed{key: sh.name + "-" + strconv.Itoa(no), payment: "pay-" + sh.name + "-" + strconv.Itoa(no), lines: map[string]int64{}}
	for _, g := range wanted {
		p.lines[g.Offer+"/"+g.SKU] = g.Quantity
	}
	quoted, groups, err := sh.preview(ctx, wanted)
	if err != nil {
		return nil, fmt.Errorf("preview: %w", err)
	}
	p.groups = groups
	if err := sh.place(ctx, p, quoted.PreviewToken); err != nil {
		return nil, fmt.Errorf("place: %w", err)
	}
	if p.total.Amount != quoted.Totals.Total.Local.Amount {
		return nil, fmt.Errorf("order %s costs %d, the preview said %d", p.id, p.total.Amount, quoted.Totals.Total.Local.Amount)
	}
	return p, sh.pay(ctx, p)
}

// choose takes goods of one, two or three sellers.
func (sh *shopper) choose() []good {
	var out []good
	sellers := map[string]bool{}
	for _, at := range sh.rnd.Perm(len(sh.goods))[:1+sh.rnd.IntN(3)] {
		g := sh.goods[at]
		if !sellers[g.seller] {
			sellers[g.seller] = true
			g.Quantity *= 1 + sh.rnd.Int64N(3)
			out = append(out, g)
		}
	}
	return out
}

type quote struct {
	PreviewToken string
	Groups       []struct{}
	Blockers     []struct{ Code, Pointer string }
	Totals       struct {
		Total struct{ Local, Original money }
	}
}

func (sh *shopper) preview(ctx context.Context, items []good) (q quote, groups int, err error) {
	err = sh.post(ctx, "/v1/orders/preview", map[string]any{"items": items}, "", http.StatusOK, &q)
	if err == nil && q.PreviewToken == "" {
		err = fmt.Errorf("blocked: %v", q.Blockers)
	}
	return q, len(q.Groups), err
}

func (sh *shopper) place(ctx context.Context, p *placed, token string) error {
	body := map[string]any{"previewToken": token, "address": map[string]any{
		"fullName": "Torture Test", "phone": "0312345678", "postCode": "1000001", "province": "東京都", "city": "千代田区", "address": "1-1"}}
	var o struct {
		ID     string
		Totals struct {
			Total struct{ Local, Original money }
		}
	}
	if err := sh.post(ctx, "/v1/orders", body, p.key, http.StatusCreated, &o); err != nil {
		return err
	}
	p.id, p.total, p.fen, p.token = o.ID, o.Totals.Total.Local, o.Totals.Total.Original.Amount, sh.token
	return nil
}

// pay reports the buyer's payment as the storefront's payment provider would, until it is taken.
func (sh *shopper) pay(ctx context.Context, p *placed) error {
	id := "msg-" + p.payment
	return sh.persist(ctx, func() (bool, error) {
		body, _ := json.Marshal(map[string]any{"type": "payment.succeeded", "data": map[string]any{ // plain values
			"orderId": p.id, "paymentId": p.payment, "amount": p.total.Amount, "currency": p.total.Currency}})
		at := strconv.FormatInt(time.Now().Unix(), 10)
		mac := hmac.New(sha256.New, sh.w.secret)
		fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
		status, answer, err := sh.w.send(ctx, http.MethodPost, sh.w.url+"/callbacks/payments", map[string]string{
			"webhook-id": id, "webhook-timestamp": at, "webhook-signature": "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))}, body)
		return settledBy(status, answer, err, http.StatusOK)
	})
}

// settledBy says whether an exchange is over: as wanted, or refused for good.
func settledBy(status int, answer []byte, err error, want int) (bool, error) {
	switch {
	case err != nil || status >= 500 || status == http.StatusTooManyRequests || status == http.StatusConflict && strings.Contains(string(answer), "IN_PROGRESS"):
		return false, fmt.Errorf("%d %s %w", status, answer, errors.Join(err, errAgain))
	case status != want:
		return true, fmt.Errorf("%d %s", status, answer)
	}
	return true, nil
}

var errAgain = errors.New("to be repeated")

// persist repeats try until it is over or the patience is.
func (sh *shopper) persist(ctx context.Context, try func() (over bool, err error)) error {
	for until := time.Now().Add(patience); ; {
		over, err := try()
		if over {
			return err
		}
		if time.Now().After(until) {
			return fmt.Errorf("no patience left: %w", err)
		}
		if !pause(ctx, time.Duration(20+sh.rnd.IntN(200))*time.Millisecond) {
			return context.Cause(ctx)
		}
	}
}

func (sh *shopper) head(key string) map[string]string {
	h := map[string]string{"X-Site-Key": siteKey, "Accept-Language": "en"}
	if sh.token != "" {
		h["Authorization"] = "Bearer " + sh.token
	}
	if key != "" {
		h["Idempotency-Key"] = key
	}
	return h
}

func (sh *shopper) get(ctx context.Context, path string, into any) error {
	return sh.persist(ctx, func() (bool, error) {
		status, answer, err := sh.w.send(ctx, http.MethodGet, sh.w.url+path, sh.head(""), nil)
		if over, err := settledBy(status, answer, err, http.StatusOK); err != nil {
			return over, err
		}
		return true, json.Unmarshal(answer, into)
	})
}

func (sh *shopper) post(ctx context.Context, path string, body any, key string, want int, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return sh.persist(ctx, func() (bool, error) {
		if err := sh.signIn(ctx); err != nil {
			return false, err
		}
		status, answer, err := sh.w.send(ctx, http.MethodPost, sh.w.url+path, sh.head(key), text)
		if over, err := settledBy(status, answer, err, want); err != nil {
			return over, err
		}
		return true, json.Unmarshal(answer, into)
	})
}

// signIn makes the member, or gets a new token for him before the old one ends.
func (sh *shopper) signIn(ctx context.Context) error {
	if time.Now().Before(sh.until) {
		return nil
	}
	sh.token = ""
	text, _ := json.Marshal(map[string]any{"loginName": sh.name, "password": "a torture password", "email": sh.name + "@example.com"})
	var t struct {
		AccessToken string
		Tokens      struct{ AccessToken string }
	}
	status, answer, err := sh.w.send(ctx, http.MethodPost, sh.w.url+"/v1/accounts", sh.head(""), text)
	if err == nil && status != http.StatusCreated {
		text, _ = json.Marshal(map[string]any{"loginName": sh.name, "password": "a torture password"})
		status, answer, err = sh.w.send(ctx, http.MethodPost, sh.w.url+"/v1/sessions", sh.head(""), text)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, &t); err != nil || t.AccessToken+t.Tokens.AccessToken == "" {
		return fmt.Errorf("signing in: %d %s", status, answer)
	}
	sh.token, sh.until = t.AccessToken+t.Tokens.AccessToken, time.Now().Add(10*time.Minute)
	return nil
}
