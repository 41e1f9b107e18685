package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the gateway's rule
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// stage is where a scenario plays: a running simulated 1688, spoken to through its control API and, signed, through its gateway.
type stage struct {
	ctx                context.Context
	out                io.Writer
	url                string
	order              string
	key, secret, token string

	looks []string // where the reader finds what happened
}

// ssOrder is what scenarios read of an order.
type ssOrder struct {
	ID       string `json:"orderId"`
	Out      string `json:"outOrderId"`
	Status   string `json:"status"`
	Total    int64  `json:"totalFen"`
	Goods    int64  `json:"goodsFen"`
	Freight  int64  `json:"freightFen"`
	Refunded int64  `json:"refundedFen"`
	Lines    []struct {
		ID       string `json:"subItemId"`
		Offer    string `json:"offerId"`
		SKU      string `json:"skuId"`
		Quantity int64  `json:"quantity"`
	} `json:"lines"`
	Parcels []ssParcel `json:"parcels"`
	Actions []struct {
		Name string `json:"name"`
	} `json:"actions"`
}

type ssParcel struct {
	ID   string `json:"logisticsId"`
	Node string `json:"node"`
}

func (s *stage) play(sc scenario) error {
	fmt.Fprintf(s.out, "%s: %s\n", sc.name, sc.help)
	if err := s.get("/state", &struct{}{}); err != nil {
		return fmt.Errorf("no simulated 1688 at %s (start one with `go run ./cmd/sandbox`, or give -sandbox): %w", s.url, err)
	}
	if err := sc.run(s); err != nil {
		return err
	}
	for _, l := range slices.Compact(s.looks) {
		fmt.Fprintf(s.out, "  look: %s\n", l)
	}
	return nil
}

func (s *stage) say(format string, a ...any) { fmt.Fprintf(s.out, "  "+format+"\n", a...) }

// look notes a place of the sandbox's page.
func (s *stage) look(place string) { s.looks = append(s.looks, s.url+"/#/"+place) }

// callError is a control answer other than 200.
type callError struct {
	status int
	text   string
}

func (e callError) Error() string { return fmt.Sprintf("HTTP %d: %s", e.status, e.text) }

func (s *stage) get(path string, into any) error { return s.control(http.MethodGet, path, nil, into) }

func (s *stage) post(path string, body, into any) error {
	return s.control(http.MethodPost, path, body, into)
}

func (s *stage) control(method, path string, body, into any) error {
	var text []byte
	if body != nil {
		text, _ = json.Marshal(body) // maps of plain values
	}
	status, answer, err := s.send(method, s.url+"/sandbox/v1"+path, "application/json", text, 30*time.Second)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		var bad struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(answer, &bad)
		return callError{status, or(bad.Error, string(answer))}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

func (s *stage) send(method, target, kind string, body []byte, patience time.Duration) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end below
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	return resp.StatusCode, answer, err
}

// gateway makes a signed call, as an application does.
func (s *stage) gateway(api string, args map[string]string, patience time.Duration) (int, []byte, error) {
	path := "param2/1/" + api + "/" + s.key
	form := url.Values{"access_token": {s.token}}
	for k, v := range args {
		form.Set(k, v)
	}
	var parts []string
	for k := range form {
		parts = append(parts, k+form.Get(k))
	}
	slices.Sort(parts)
	mac := hmac.New(sha1.New, []byte(s.secret))
	_, _ = io.WriteString(mac, path+strings.Join(parts, ""))
	form.Set("_aop_signature", strings.ToUpper(hex.EncodeToString(mac.Sum(nil))))
	return s.send(http.MethodPost, s.url+"/openapi/"+path, "application/x-www-form-urlencoded; charset=UTF-8", []byte(form.Encode()), patience)
}

// call is a gateway call that must work; it shows what came back.
func (s *stage) call(api string, args map[string]string, into any) error {
	status, answer, err := s.gateway(api, args, 30*time.Second)
	if err != nil {
		return err
	}
	s.say("%s: HTTP %d %s", api[strings.LastIndex(api, "/")+1:], status, short(answer))
	if status != http.StatusOK {
		return callError{status, string(answer)}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

func short(answer []byte) string {
	text := []rune(strings.TrimSpace(string(answer)))
	if len(text) > 160 {
		return string(text[:160]) + " ..."
	}
	return string(text)
}

func (s *stage) read(id string) (*ssOrder, error) {
	o := &ssOrder{}
	return o, s.get("/orders/"+url.PathEscape(id), o)
}

// create makes an order through the control API.
func (s *stage) create(body map[string]any) (*ssOrder, error) {
	var made struct {
		Orders []*ssOrder `json:"orders"`
	}
	if err := s.post("/orders", body, &made); err != nil {
		return nil, fmt.Errorf("making an order: %w", err)
	}
	if len(made.Orders) == 0 {
		return nil, errors.New("making an order: none came back")
	}
	o := made.Orders[0]
	s.say("made order %s (%s), %s", o.ID, o.Out, fen(o.Total))
	return o, nil
}

func fen(n int64) string { return fmt.Sprintf("%d.%02d yuan", n/100, n%100) }

// life is the way of an order when nothing goes wrong, and the action that leads to the next status.
var life = []struct{ status, action string }{
	{"waitbuyerpay", "pay"}, {"waitsellersend", "ship"}, {"waitbuyerreceive", "confirm"}, {"confirm_goods", "success"}, {"success", ""},
}

func stepOf(status string) int {
	for i, l := range life {
		if l.status == status {
			return i
		}
	}
	return -1
}

// in finds an order in this status that fits, or makes one and leads it there. The order named by -order is led there too.
func (s *stage) in(status string, fits func(*ssOrder) bool) (*ssOrder, error) {
	if s.order == "" {
		var found struct {
			Orders []*ssOrder `json:"orders"`
		}
		if err := s.get("/orders?limit=50&status="+status, &found); err != nil {
			return nil, err
		}
		for _, o := range found.Orders {
			if fits != nil { // the list is without actions
				full, err := s.read(o.ID)
				if err != nil {
					return nil, err
				}
				o = full
			}
			if fits == nil || fits(o) {
				s.say("the newest order that fits: %s (%s), %s", o.ID, o.Out, o.Status)
				s.look("orders/" + o.ID)
				return o, nil
			}
		}
	}
	var o *ssOrder
	var err error
	if s.order != "" {
		o, err = s.read(s.order)
	} else {
		o, err = s.create(map[string]any{"lines": 2})
	}
	if err != nil {
		return nil, err
	}
	s.look("orders/" + o.ID)
	for stepOf(o.Status) >= 0 && stepOf(o.Status) < stepOf(status) {
		if o, err = s.act(o, life[stepOf(o.Status)].action, nil); err != nil {
			return nil, err
		}
	}
	if o.Status != status {
		return nil, fmt.Errorf("order %s is %s, this needs %s", o.ID, o.Status, status)
	}
	return o, nil
}

// act does one action of the control API to an order and says what came of it.
func (s *stage) act(o *ssOrder, action string, body map[string]any) (*ssOrder, error) {
	after := &ssOrder{}
	if err := s.post("/orders/"+o.ID+"/actions/"+action, body, after); err != nil {
		return nil, fmt.Errorf("%s of order %s: %w", action, o.ID, err)
	}
	if after.Status != o.Status {
		s.say("%s: order %s %s -> %s", action, o.ID, o.Status, after.Status)
	} else {
		s.say("%s: order %s stays %s", action, o.ID, after.Status)
	}
	return after, nil
}

// acts does several, one after the other.
func (s *stage) acts(o *ssOrder, actions ...string) (*ssOrder, error) {
	var err error
	for _, a := range actions {
		if o, err = s.act(o, a, nil); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (s *stage) advance(d time.Duration) error {
	var c struct {
		Now time.Time `json:"now"`
	}
	if err := s.post("/clock", map[string]any{"advance": int64(d / time.Second)}, &c); err != nil {
		return err
	}
	s.say("clock: %s later, now %s", d, c.Now.Format(time.DateTime))
	return nil
}

// fault sets one and returns a function that takes it away again.
func (s *stage) fault(body map[string]any) (undo func(), err error) {
	var f struct {
		ID int `json:"id"`
	}
	if err := s.post("/faults", body, &f); err != nil {
		return nil, err
	}
	text, _ := json.Marshal(body)
	s.say("fault %d: %s", f.ID, text)
	return func() { _ = s.control(http.MethodDelete, fmt.Sprintf("/faults?id=%d", f.ID), nil, nil) }, nil
}

// ssMessage is what scenarios read of a message.
type ssMessage struct {
	ID         string `json:"msgId"`
	Topic      string `json:"topic"`
	Deliveries []struct {
		State string `json:"state"`
	} `json:"deliveries"`
}

func (m *ssMessage) states() string {
	if len(m.Deliveries) == 0 {
		return "nobody subscribes"
	}
	var out []string
	for _, d := range m.Deliveries {
		out = append(out, d.State)
	}
	return strings.Join(out, ", ")
}

// messages shows the messages of an order and returns them.
func (s *stage) messages(o *ssOrder) ([]*ssMessage, error) {
	var found struct {
		Messages []*ssMessage `json:"messages"`
	}
	if err := s.get("/messages?key="+o.ID, &found); err != nil {
		return nil, err
	}
	for _, m := range found.Messages {
		s.say("message %s %s: %s", m.ID, m.Topic, m.states())
	}
	s.look("messages?key=" + o.ID)
	return found.Messages, nil
}

// bend does one of the message actions.
func (s *stage) bend(body map[string]any) error {
	var done struct {
		Affected int `json:"affected"`
	}
	if err := s.post("/messages", body, &done); err != nil {
		return err
	}
	s.say("messages: %v of %d", body["action"], done.Affected)
	return nil
}
