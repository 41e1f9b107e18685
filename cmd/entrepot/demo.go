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
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"entrepot/internal/app"
)

// story plays a shopper, the site's staff and, through the sandbox's control API, the seller. It uses nothing but HTTP.
type story struct {
	*printer
	api, sandbox   string
	siteKey        string
	keyword        string
	paymentSecret  string
	login          string
	staffPassword  string
	member, staff  string // bearer tokens
	offer, sku     string
	quantity       int64
	previewToken   string
	order          string
	total          int64
	currency       string
	alibabaOrders  []string
	parcel         string
	patience       time.Duration
	idempotencyKey string
}

func demo(ctx context.Context, e env, args []string) error {
	cfg, err := app.Load(e.getenv)
	if err != nil {
		return err
	}
	s := &story{paymentSecret: cfg.PaymentSecret, login: "admin", staffPassword: cfg.FirstStaffPassword}
	fs := flag.NewFlagSet("demo", flag.ContinueOnError)
	fs.SetOutput(e.stderr)
	fs.StringVar(&s.api, "url", "http://127.0.0.1:8080", "the API's address")
	fs.StringVar(&s.sandbox, "sandbox", "http://"+cfg.Sandbox.Addr, "the simulated 1688's address")
	fs.StringVar(&s.siteKey, "site-key", "demo-japan", "publishable key of the site")
	fs.StringVar(&s.keyword, "keyword", "バッグ", "what the shopper looks for")
	fs.DurationVar(&s.patience, "patience", 60*time.Second, "how long to wait for each thing that happens in the background")
	colour := fs.String("color", "auto", "auto, always or never")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if s.staffPassword == "" {
		s.staffPassword = firstStaffPassword(cfg.DataDir)
	}
	s.printer = newPrinter(e.stdout, *colour)
	return s.play(ctx)
}

// firstStaffPassword reads what the embedded mode left for the demo in the data folder.
func firstStaffPassword(dir string) string {
	raw, err := os.ReadFile(filepath.Join(dir, app.FirstStaffFile))
	if err != nil {
		return ""
	}
	var v struct {
		Password string `json:"password"`
	}
	_ = json.Unmarshal(raw, &v) // an unreadable file is the same as none
	return v.Password
}

func (s *story) play(ctx context.Context) error {
	steps := []struct {
		title string
		run   func(context.Context) error
	}{
		{"The site", s.site},
		{"The shopper searches " + s.keyword, s.search},
		{"and looks at a product", s.detail},
		{"signs up; 1688 learns of the member", s.signUp},
		{"asks for the price", s.preview},
		{"places the order, twice by accident", s.place},
		{"and pays", s.pay},
		{"Entrepot buys at 1688 and pays there", s.bought},
		{"The seller ships to the warehouse", s.sellerShips},
		{"The parcel reaches the warehouse", s.warehouse},
		{"Staff send the national parcel", s.ship},
		{"The member signs for it", s.sign},
		{"1688 closes its side", s.success},
		{"Does 1688 know everything?", s.ledger},
	}
	s.begin(len(steps))
	for _, step := range steps {
		s.step(step.title)
		if err := step.run(ctx); err != nil {
			s.failed(err)
			return errors.New("the story did not come to its end")
		}
	}
	s.end()
	return nil
}

func (s *story) site(ctx context.Context) error {
	var v struct {
		Country, Currency, Language string
	}
	if err := s.get(ctx, "/v1/site", "", &v); err != nil {
		return fmt.Errorf("is the server running? %w", err)
	}
	s.say("country %s, currency %s, language %s", v.Country, v.Currency, v.Language)
	return nil
}

type price struct {
	Local, Original struct {
		Amount            int64
		Currency, Display string
	}
}

func (s *story) search(ctx context.Context) error {
	var v struct {
		TotalRecords int
		Items        []struct {
			OfferID string
			Subject struct{ Text string }
			Price   price
		}
	}
	if err := s.get(ctx, "/v1/search?pageSize=20&keyword="+url.QueryEscape(s.keyword), "", &v); err != nil {
		return err
	}
	s.say("%d products found", v.TotalRecords)
	for i, it := range v.Items {
		if i < 3 {
			s.say("  %s  %s  %s (%s)", it.OfferID, it.Subject.Text, it.Price.Local.Display, it.Price.Original.Display)
		}
	}
	for _, it := range v.Items {
		if s.choose(ctx, it.OfferID) {
			return nil
		}
	}
	return errors.New("no product of the first page can be bought")
}

// choose takes the first product with a variant in stock.
func (s *story) choose(ctx context.Context, offer string) bool {
	var v struct {
		Available                     bool
		MinOrderQuantity, BatchNumber int64
		AmountOnSale                  int64
		Skus                          []struct {
			SkuID        string
			AmountOnSale int64
		}
	}
	if err := s.get(ctx, "/v1/products/"+offer, "", &v); err != nil || !v.Available {
		return false
	}
	batch := max(1, v.BatchNumber)
	quantity := (max(v.MinOrderQuantity, 2) + batch - 1) / batch * batch
	for _, k := range v.Skus {
		if k.AmountOnSale >= quantity {
			s.offer, s.sku, s.quantity = offer, k.SkuID, quantity
			return true
		}
	}
	if len(v.Skus) == 0 && v.AmountOnSale >= quantity {
		s.offer, s.quantity = offer, quantity
		return true
	}
	return false
}

func (s *story) detail(ctx context.Context) error {
	var v struct {
		Subject struct{ Text, Original string }
		Skus    []struct {
			SkuID      string
			Attributes []struct{ Value struct{ Text string } }
		}
	}
	if err := s.get(ctx, "/v1/products/"+s.offer, "", &v); err != nil {
		return err
	}
	s.say("%s (%s)", v.Subject.Text, v.Subject.Original)
	for _, k := range v.Skus {
		if k.SkuID != s.sku {
			continue
		}
		var words []string
		for _, a := range k.Attributes {
			words = append(words, a.Value.Text)
		}
		s.say("variant %s: %s", k.SkuID, strings.Join(words, " / "))
	}
	return nil
}

func (s *story) signUp(ctx context.Context) error {
	login := "demo-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	var v struct {
		Member struct{ OutMemberID string }
		Tokens struct{ AccessToken string }
	}
	err := s.post(ctx, "/v1/accounts", "", map[string]any{
		"loginName": login, "password": "a long demo password", "email": login + "@example.com", "language": "ja",
	}, &v)
	if err != nil {
		return err
	}
	s.member = v.Tokens.AccessToken
	s.say("member %s, login %s", v.Member.OutMemberID, login)
	return s.wait(ctx, s.patience, "registration at 1688", func() (bool, string, error) {
		var me struct {
			Registration struct{ State, Message string }
		}
		err := s.get(ctx, "/v1/me", s.member, &me)
		if me.Registration.State == "failed" {
			err = errors.New("1688 refused the member: " + me.Registration.Message)
		}
		return me.Registration.State == "registered", me.Registration.State, err
	})
}

func (s *story) preview(ctx context.Context) error {
	item := map[string]any{"offerId": s.offer, "quantity": s.quantity}
	if s.sku != "" {
		item["skuId"] = s.sku
	}
	var v struct {
		PreviewToken string
		Totals       struct{ Goods, Freight, Total price }
		Blockers     []struct{ Code, Detail string }
	}
	if err := s.post(ctx, "/v1/orders/preview", s.member, map[string]any{"items": []any{item}}, &v); err != nil {
		return err
	}
	if len(v.Blockers) > 0 {
		return fmt.Errorf("blocked: %s: %s", v.Blockers[0].Code, v.Blockers[0].Detail)
	}
	s.previewToken = v.PreviewToken
	s.say("%d pieces: goods %s, freight %s, total %s (%s)", s.quantity, v.Totals.Goods.Local.Display, v.Totals.Freight.Local.Display,
		v.Totals.Total.Local.Display, v.Totals.Total.Original.Display)
	return nil
}

type orderView struct {
	ID, Status, StatusText, StatusGroup string
	Totals                              struct{ Total price }
}

func (s *story) place(ctx context.Context) error {
	s.idempotencyKey = "demo-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	body := map[string]any{"previewToken": s.previewToken, "address": map[string]any{
		"fullName": "Demo Member", "phone": "0300000000", "postCode": "1000001", "province": "Tokyo", "city": "Chiyoda", "area": "Chiyoda", "address": "Demo 1-1",
	}}
	var first, second orderView
	if err := s.post(ctx, "/v1/orders", s.member, body, &first); err != nil {
		return err
	}
	if err := s.post(ctx, "/v1/orders", s.member, body, &second); err != nil {
		return err
	}
	if first.ID != second.ID {
		return fmt.Errorf("one Idempotency-Key made two orders: %s and %s", first.ID, second.ID)
	}
	s.order, s.total, s.currency = first.ID, first.Totals.Total.Local.Amount, first.Totals.Total.Local.Currency
	s.say("order %s: %s; the second try answered the same order", s.order, first.StatusText)
	return nil
}

func (s *story) pay(ctx context.Context) error {
	if _, err := sendPayment(ctx, s.api, s.paymentSecret, s.order, s.total, s.currency); err != nil {
		return err
	}
	s.say("the payment provider reported %d %s, signed", s.total, s.currency)
	return nil
}

type adminOrder struct {
	Order     orderView
	Attention string
	Purchases []struct{ ID, AlibabaOrderID, State, UpstreamStatus string }
}

func (s *story) admin(ctx context.Context) (adminOrder, error) {
	var v adminOrder
	if err := s.get(ctx, "/admin/v1/orders/"+s.order, s.staff, &v); err != nil {
		return v, err
	}
	if v.Attention != "" {
		return v, errors.New("the order needs staff: " + v.Attention)
	}
	return v, nil
}

func (s *story) bought(ctx context.Context) error {
	if s.staffPassword == "" {
		return errors.New("no staff password: set ENTREPOT_FIRST_STAFF_PASSWORD as the server has it, or run in the folder of its data")
	}
	var session struct{ AccessToken, Role string }
	if err := s.post(ctx, "/admin/v1/sessions", "", map[string]any{"loginName": s.login, "password": s.staffPassword}, &session); err != nil {
		return err
	}
	s.staff = session.AccessToken
	err := s.wait(ctx, s.patience, "purchase at 1688", func() (bool, string, error) {
		v, err := s.admin(ctx)
		states, paid := []string{}, len(v.Purchases) > 0
		s.alibabaOrders = nil
		for _, p := range v.Purchases {
			states = append(states, p.State)
			paid = paid && p.State == "paid"
			s.alibabaOrders = append(s.alibabaOrders, p.AlibabaOrderID)
		}
		return paid, v.Order.Status + " " + strings.Join(states, ","), err
	})
	if err == nil {
		s.say("1688 order %s is paid", strings.Join(s.alibabaOrders, ", "))
	}
	return err
}

// seller lets the simulated seller or carrier act on each 1688 order.
func (s *story) seller(ctx context.Context, actions ...string) error {
	for _, o := range s.alibabaOrders {
		for _, a := range actions {
			if err := s.call(ctx, http.MethodPost, s.sandbox+"/sandbox/v1/orders/"+o+"/actions/"+a, "", map[string]any{}, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *story) status(ctx context.Context, want ...string) error {
	return s.wait(ctx, s.patience, "order status "+want[0], func() (bool, string, error) {
		var v orderView
		err := s.get(ctx, "/v1/orders/"+s.order, s.member, &v)
		for _, w := range want {
			if v.Status == w {
				return true, v.StatusText, err
			}
		}
		return false, v.StatusText, err
	})
}

func (s *story) sellerShips(ctx context.Context) error {
	if err := s.seller(ctx, "ship"); err != nil {
		return err
	}
	return s.status(ctx, "shipped", "arrived")
}

func (s *story) warehouse(ctx context.Context) error {
	if err := s.seller(ctx, "accept", "transport", "deliver", "sign"); err != nil {
		return err
	}
	if err := s.status(ctx, "arrived"); err != nil {
		return err
	}
	var v struct {
		Timeline []struct{ Text, HappenedAt string }
	}
	if err := s.get(ctx, "/v1/orders/"+s.order+"/parcels", s.member, &v); err != nil {
		return err
	}
	s.say("%d steps on the member's timeline", len(v.Timeline))
	return nil
}

func (s *story) ship(ctx context.Context) error {
	var v struct{ ID, StatusText string }
	err := s.post(ctx, "/admin/v1/orders/"+s.order+"/parcels", s.staff, map[string]any{
		"parcelNo": "EN" + s.order, "carrier": "Demo Express", "trackingNo": "JP" + s.order,
	}, &v)
	if err != nil {
		return err
	}
	s.parcel = v.ID
	s.say("parcel EN%s: %s", s.order, v.StatusText)
	return s.status(ctx, "dispatched")
}

func (s *story) sign(ctx context.Context) error {
	if err := s.post(ctx, "/admin/v1/parcels/"+s.parcel+"/events", s.staff, map[string]any{"event": "sign"}, nil); err != nil {
		return err
	}
	return s.status(ctx, "completed")
}

func (s *story) success(ctx context.Context) error {
	if err := s.seller(ctx, "confirm", "success"); err != nil {
		return err
	}
	return s.wait(ctx, s.patience, "success at 1688", func() (bool, string, error) {
		v, err := s.admin(ctx)
		done, states := true, []string{}
		for _, p := range v.Purchases {
			done = done && p.State == "success"
			states = append(states, p.State)
		}
		return done, strings.Join(states, ","), err
	})
}

func (s *story) ledger(ctx context.Context) error {
	var v struct {
		Complete bool
		Verdict  string
		Items    []struct{ Kind, ObjectKey, Version, State, UpstreamRequestID string }
	}
	err := s.wait(ctx, s.patience, "acknowledgements", func() (bool, string, error) {
		err := s.get(ctx, "/admin/v1/orders/"+s.order+"/ledger", s.staff, &v)
		open := 0
		for _, it := range v.Items {
			if it.State != "acknowledged" {
				open++
			}
		}
		return v.Complete && len(v.Items) >= 5 && open == 0, fmt.Sprintf("%d of %d", len(v.Items)-open, len(v.Items)), err
	})
	for _, it := range v.Items {
		s.say("  %-17s %-12s %-13s %s", it.Kind, it.Version, it.State, it.ObjectKey)
	}
	if err != nil {
		return err
	}
	s.say("%s", v.Verdict)
	return s.compare(ctx, len(v.Items))
}

// compare counts what 1688 itself says it was told about this order.
func (s *story) compare(ctx context.Context, want int) error {
	var v struct {
		Items []struct {
			Kind     string
			Key      string
			Accepted bool
			Body     json.RawMessage
		}
	}
	if err := s.call(ctx, http.MethodGet, s.sandbox+"/sandbox/v1/pushes?limit=1000", "", nil, &v); err != nil {
		return err
	}
	told := 0
	for _, p := range v.Items {
		if p.Accepted && strings.Contains(string(p.Body), s.order) {
			told++
		}
	}
	s.say("1688's own record: %d accepted calls about order %s", told, s.order)
	if told < want {
		return fmt.Errorf("our ledger says %d, 1688 says %d", want, told)
	}
	return nil
}

func (s *story) get(ctx context.Context, path, token string, v any) error {
	return s.call(ctx, http.MethodGet, s.api+path, token, nil, v)
}

func (s *story) post(ctx context.Context, path, token string, body, v any) error {
	return s.call(ctx, http.MethodPost, s.api+path, token, body, v)
}

func (s *story) call(ctx context.Context, method, target, token string, body, v any) error {
	var payload io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, payload)
	if err != nil {
		return err
	}
	req.Header.Set("X-Site-Key", s.siteKey)
	req.Header.Set("Accept-Language", "ja, en;q=0.5")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if s.idempotencyKey != "" && method == http.MethodPost {
		req.Header.Set("Idempotency-Key", s.idempotencyKey)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end below
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: HTTP %d %s", method, req.URL.Path, resp.StatusCode, raw)
	}
	if v == nil {
		return nil
	}
	return json.Unmarshal(raw, v)
}
