package sandbox

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	_ "embed" // cashier.html
	"encoding/base64"
	"encoding/hex"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed cashier.html
var cashierHTML string

var cashierTemplate = template.Must(template.New("cashier").Parse(cashierHTML))

// cashierPolicy lets the page do nothing but show itself, in its own style, and post its own form.
var cashierPolicy = func() string {
	_, rest, _ := strings.Cut(cashierHTML, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}()

const cashierPath = "/cashier/cashier.htm"

// cashierRoutes serves the pages behind pay links. Looking changes nothing; only the form does.
func (s *Server) cashierRoutes(m *http.ServeMux) {
	m.HandleFunc("GET "+cashierPath, s.showCashier)
	m.HandleFunc("POST "+cashierPath, s.postCashier)
	m.HandleFunc("GET /chat/{id}", s.showChat)
}

// cashierTicket is what a pay link says. Whoever holds the link may pay, so nobody can make one up: it is signed with the app's secret, and
// it ends with the orders' time to pay. The real page asks for a 1688 login instead.
type cashierTicket struct {
	ids      []int64
	stages   []int // of each order: the stage the link pays, 0 = the order is not paid in stages
	channel  string
	platform string // WIRELESS or PC, combined pay only
	expires  int64  // Unix seconds of the sandbox clock
	sign     string
}

// cashierLink makes the link for orders of the caller. The caller holds mu.
func (s *Server) cashierLink(c *call, channel string, orders []*order, platform string) string {
	return c.base + cashierQuery(c.app, channel, orders, platform)
}

// cashierLinks are the links of one order for the page for people; none when there is nothing to pay. The caller holds mu.
func (s *Server) cashierLinks(o *order) []obj {
	a := s.apps[o.App]
	if a == nil || !o.unpaid() || !s.now().Before(payUntil(o)) {
		return []obj{}
	}
	list := []obj{}
	for _, channel := range []string{byAlipay, byCross, byCredit} {
		if channel != byCross || s.crossPayable(o) {
			list = append(list, obj{"channel": channel, "path": cashierQuery(a, channel, []*order{o}, ""), "state": yuanText(o.owed())})
		}
	}
	return list
}

// cashierQuery is a link from the first slash on.
func cashierQuery(a *app, channel string, orders []*order, platform string) string {
	t := cashierTicket{channel: channel, platform: platform}
	for _, o := range orders {
		t.ids, t.stages = append(t.ids, o.ID), append(t.stages, o.stage())
		t.expires = max(t.expires, payUntil(o).Unix())
	}
	link := cashierPath + "?orderId=" + t.list() + "&channel=" + channel
	if platform != "" {
		link += "&payPlatformType=" + platform
	}
	if slices.Max(t.stages) > 0 {
		link += "&stage=" + t.stageList()
	}
	return link + "&expires=" + itoa(t.expires) + "&sign=" + t.seal(a.Secret, "link", orders[0].Created)
}

// list writes the order numbers as the platform does: 1;2.
func (t *cashierTicket) list() string {
	var ids []string
	for _, id := range t.ids {
		ids = append(ids, itoa(id))
	}
	return strings.Join(ids, ";")
}

func (t *cashierTicket) stageList() string {
	var list []string
	for _, n := range t.stages {
		list = append(list, strconv.Itoa(n))
	}
	return strings.Join(list, ";")
}

// stage is the number of the stage to be paid now, or that would be the next if all were paid; 0 for an order not paid in stages.
func (o *order) stage() int {
	if len(o.Steps) == 0 {
		return 0
	}
	if st := o.nextStep(); st != nil {
		return st.No
	}
	return len(o.Steps) + 1
}

// fee is what the link pays for its i-th order, in fen.
func (t *cashierTicket) fee(i int, o *order) int64 {
	for j := range o.Steps {
		if st := &o.Steps[j]; st.No == t.stages[i] {
			return st.fee()
		}
	}
	return o.total()
}

// waits tells whether the i-th order still waits for the very payment the link is about.
func (t *cashierTicket) waits(i int, o *order) bool { return o.unpaid() && o.stage() == t.stages[i] }

// seal signs the link, or (use "form") what its form sends. The first order's birth ties it to this life of the sandbox.
func (t *cashierTicket) seal(secret, use string, born time.Time) string {
	mac := hmac.New(sha256.New, []byte("cashier:"+secret))
	_, _ = mac.Write([]byte(strings.Join([]string{use, t.list(), t.stageList(), t.channel, t.platform, itoa(t.expires), itoa(born.UnixNano())}, "\n"))) // never fails
	return hex.EncodeToString(mac.Sum(nil)[:20])
}

// cashierError is a page without orders.
type cashierError struct {
	status int
	text   string
}

var (
	badLink  = &cashierError{http.StatusForbidden, "链接无效。 This link is not valid."}
	oldLink  = &cashierError{http.StatusGone, "链接已过期。 This link has expired."}
	badForm  = &cashierError{http.StatusForbidden, "页面已失效，请重新打开链接。 This form is not valid: open the link again."}
	badValue = &cashierError{http.StatusBadRequest, "请求无效。 This request is not valid."}
)

// readTicket reads the query. Go's own parser drops parameters with a bare semicolon, which is what separates the orders.
func readTicket(raw string) (*cashierTicket, *cashierError) {
	q, err := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B"))
	if err != nil || len(raw) > 8000 {
		return nil, badLink
	}
	t := &cashierTicket{channel: q.Get("channel"), platform: q.Get("payPlatformType"), sign: q.Get("sign")}
	for part := range strings.SplitSeq(q.Get("orderId"), ";") {
		id, err := strconv.ParseInt(part, 10, 64)
		if err != nil || len(t.ids) >= maxAlipay {
			return nil, badLink
		}
		t.ids = append(t.ids, id)
	}
	t.stages = make([]int, len(t.ids))
	if list := q.Get("stage"); list != "" {
		for i, part := range strings.Split(list, ";") {
			n, err := strconv.Atoi(part)
			if err != nil || i >= len(t.stages) {
				return nil, badLink
			}
			t.stages[i] = n
		}
	}
	if t.expires, err = strconv.ParseInt(q.Get("expires"), 10, 64); err != nil {
		return nil, badLink
	}
	return t, nil
}

// ticketOrders checks the link and finds its orders. The caller holds mu.
func (s *Server) ticketOrders(t *cashierTicket) ([]*order, *cashierError) {
	var orders []*order
	for _, id := range t.ids {
		o := s.orders[id]
		if o == nil || len(orders) > 0 && o.App != orders[0].App {
			return nil, badLink
		}
		orders = append(orders, o)
	}
	a := s.apps[orders[0].App]
	if a == nil || !hmac.Equal([]byte(t.sign), []byte(t.seal(a.Secret, "link", orders[0].Created))) {
		return nil, badLink
	}
	if s.now().Unix() >= t.expires {
		return nil, oldLink
	}
	return orders, nil
}

func (s *Server) showCashier(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	page, bad := s.cashierPage(r, nil)
	s.mu.Unlock()
	page.write(w, bad)
}

func (s *Server) postCashier(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<14)
	if err := r.ParseForm(); err != nil && r.PostForm.Get("do") == "" { // a bare semicolon in the query counts as an error too
		(&cashierPage{}).write(w, badValue)
		return
	}
	s.mu.Lock()
	page, bad := s.cashierPage(r, r.PostForm)
	s.commit()
	s.mu.Unlock()
	page.write(w, bad)
}

// cashierPage checks the link, does what the form asks, if there is one, and says how things stand. The caller holds mu.
func (s *Server) cashierPage(r *http.Request, form url.Values) (*cashierPage, *cashierError) {
	t, bad := readTicket(r.URL.RawQuery)
	if bad != nil {
		return &cashierPage{}, bad
	}
	orders, bad := s.ticketOrders(t)
	if bad != nil {
		return &cashierPage{}, bad
	}
	check := t.seal(s.apps[orders[0].App].Secret, "form", orders[0].Created)
	var outcome map[int64]string
	if form != nil {
		if !hmac.Equal([]byte(form.Get("check")), []byte(check)) {
			return &cashierPage{}, badForm
		}
		if outcome, bad = s.cashierDo(t, orders, form); bad != nil {
			return &cashierPage{}, bad
		}
	}
	return s.cashierView(t, orders, outcome, check), nil
}

// payRefusals are the reasons the Refuse button offers.
var payRefusals = []cashierReason{
	{payNoBalance, "余额不足 balance too small"}, {payNoAccount, "账户不存在 no such account"}, {payFrozen, "账户已冻结 account frozen"}, {payIllegal, "参数错误 illegal request"},
}

type cashierReason struct{ Code, Text string }

func reasonText(code string) string {
	for _, r := range payRefusals {
		if r.Code == code {
			return r.Text
		}
	}
	return code
}

// cashierDo pays or refuses every order that still waits; the others stay as they are, however often the button is pressed.
// Several orders in one go also give the message of the batch.
func (s *Server) cashierDo(t *cashierTicket, orders []*order, form url.Values) (map[int64]string, *cashierError) {
	do, reason := form.Get("do"), form.Get("reason")
	known := slices.ContainsFunc(payRefusals, func(r cashierReason) bool { return r.Code == reason })
	if do != "pay" && (do != "refuse" || !known) {
		return nil, badValue
	}
	outcome, batch := map[int64]string{}, []obj{}
	for i, o := range orders {
		if !t.waits(i, o) {
			continue
		}
		status := reason
		if do == "pay" {
			status = s.debit(o, t.channel)
		}
		outcome[o.ID] = status
		batch = append(batch, obj{"orderId": itoa(o.ID), "status": status})
	}
	if len(batch) == 0 {
		return outcome, nil
	}
	s.addLine(obj{"cashier": do, "channel": t.channel, "orders": batch})
	if len(orders) > 1 {
		s.emit(orders[0].App, "ORDER_BATCH_PAY", "", obj{"batchPay": batch})
	}
	return outcome, nil
}

type cashierPage struct {
	Title, Problem, Channel string
	Sum, Until, Check       string
	Rows                    []cashierRow
	Reasons                 []cashierReason
	Open                    bool
}

type cashierRow struct{ ID, Out, Seller, Amount, Text, Class string }

// cashierView is the page as it stands. The caller holds mu.
func (s *Server) cashierView(t *cashierTicket, orders []*order, outcome map[int64]string, check string) *cashierPage {
	p := &cashierPage{Title: "1688 收银台 Cashier", Channel: channelNames[t.channel] + " " + t.channel, Check: check, Reasons: payRefusals}
	if t.channel == byAlipay && len(orders) > 1 {
		p.Title = "支付宝收银台 Alipay cashier"
	}
	sum, until := int64(0), time.Time{}
	for i, o := range orders {
		row := cashierRow{ID: itoa(o.ID), Out: o.OutOrderID, Seller: s.cat.Load().seller(o.Seller).company, Amount: yuanText(t.fee(i, o))}
		failed := outcome[o.ID] != "" && outcome[o.ID] != payDone
		switch waits := t.waits(i, o); {
		case waits && s.now().Before(payUntil(o)):
			row.Text = "等待付款 waiting for payment"
			sum += t.fee(i, o)
			if p.Open = true; until.IsZero() || payUntil(o).Before(until) {
				until = payUntil(o)
			}
		case waits:
			row.Text, row.Class = "付款时间已过 too late to pay", "bad"
		case o.Paid.IsZero() || o.final() && o.stage() == t.stages[i] && t.stages[i] > 0:
			row.Text, row.Class = "订单已关闭 closed, not paid", "bad"
		default:
			row.Text, row.Class = "已付款 paid", "good"
		}
		if failed {
			row.Text, row.Class = "付款失败 payment failed: "+reasonText(outcome[o.ID]), "bad"
			p.Problem = "部分订单未付款，请重试。 Not every order was paid: you may try again."
		}
		p.Rows = append(p.Rows, row)
	}
	p.Sum = yuanText(sum)
	if !until.IsZero() {
		p.Until = plainTime(until)
	}
	return p
}

func (p *cashierPage) write(w http.ResponseWriter, bad *cashierError) {
	status := http.StatusOK
	if bad != nil {
		status = bad.status
		p.Title, p.Problem = "1688 收银台 Cashier", bad.text
	}
	var b bytes.Buffer
	if err := cashierTemplate.Execute(&b, p); err != nil {
		panic("sandbox: cashier page: " + err.Error()) // our own types only
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", cashierPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}
