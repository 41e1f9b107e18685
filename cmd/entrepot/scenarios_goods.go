package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// refund plays actions on an order whose refund can begin; reasons go with the actions they are named for.
func refund(status string, reasons map[string]any, actions ...string) func(*stage) error {
	return func(s *stage) error {
		o, err := s.in(status, refundable)
		if err != nil {
			return err
		}
		return s.refundStory(o, reasons, actions)
	}
}

// refundable orders can be asked a refund for, and none has begun.
func refundable(o *ssOrder) bool { return o.Refunded == 0 && !o.can("refund-cancel") }

func (o *ssOrder) can(action string) bool {
	for _, a := range o.Actions {
		if a.Name == action {
			return true
		}
	}
	return false
}

func (s *stage) refundStory(o *ssOrder, reasons map[string]any, actions []string) error {
	var err error
	for _, a := range actions {
		var body map[string]any
		if reasons[a] != nil {
			body = map[string]any{"reason": reasons[a]}
		}
		if o, err = s.act(o, a, body); err != nil {
			return err
		}
		if err := s.showRefunds(o); err != nil {
			return err
		}
	}
	_, err = s.messages(o)
	return err
}

func (s *stage) showRefunds(o *ssOrder) error {
	var found struct {
		Refunds []struct {
			ID     string `json:"refundId"`
			Status string `json:"status"`
			Paid   int64  `json:"paidFen"`
		} `json:"refunds"`
	}
	if err := s.get("/refunds?orderId="+o.ID, &found); err != nil {
		return err
	}
	for _, r := range found.Refunds {
		s.say("refund %s is %s, %s paid back", r.ID, r.Status, fen(r.Paid))
	}
	return nil
}

func returnGoods(s *stage) error {
	o, err := s.in("waitbuyerreceive", func(o *ssOrder) bool { return refundable(o) && travelling(o) })
	if err != nil {
		return err
	}
	if o, err = s.act(o, "sign", nil); err != nil {
		return err
	}
	return s.refundStory(o, map[string]any{"refund-apply": "return"}, []string{"refund-apply", "refund-agree-return", "refund-return", "refund-receive"})
}

// batchPay asks the gateway for one link to two orders and presses its button.
func batchPay(s *stage) error {
	a, err := s.create(nil)
	if err != nil {
		return err
	}
	b, err := s.create(nil)
	if err != nil {
		return err
	}
	var link struct {
		URL string `json:"payUrl"`
	}
	if err := s.call("com.alibaba.trade/alibaba.alipay.url.get", map[string]string{"orderIdList": "[" + a.ID + "," + b.ID + "]"}, &link); err != nil {
		return err
	}
	if link.URL == "" {
		return errors.New("no pay link came back")
	}
	if err := s.press(link.URL); err != nil {
		return err
	}
	for _, o := range []*ssOrder{a, b} {
		after, err := s.read(o.ID)
		if err != nil {
			return err
		}
		s.say("order %s is %s", after.ID, after.Status)
		if after.Status != "waitsellersend" {
			return errors.New("it should have been paid")
		}
		s.look("orders/" + o.ID)
	}
	_, err = s.messages(a)
	return err
}

// press submits the form of a cashier page: what it holds, to where it came from.
func (s *stage) press(page string) error {
	u, err := url.Parse(page)
	if err != nil {
		return err
	}
	here, err := url.Parse(s.url)
	if err != nil {
		return err
	}
	u.Scheme, u.Host = here.Scheme, here.Host // the link may name the sandbox as browsers know it
	status, text, err := s.send(http.MethodGet, u.String(), "text/html", nil, 30*time.Second)
	if err != nil || status != http.StatusOK {
		return fmt.Errorf("cashier: HTTP %d %w", status, err)
	}
	form := hiddenFields(string(text))
	s.say("cashier: %s", u.RequestURI())
	status, text, err = s.send(http.MethodPost, u.String(), "application/x-www-form-urlencoded", []byte(form.Encode()), 30*time.Second)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("cashier: HTTP %d %s", status, short(text))
	}
	return err
}

// hiddenFields reads name and value of a page's inputs and of its first button.
func hiddenFields(page string) url.Values {
	out := url.Values{}
	for _, tag := range strings.Split(page, "<")[1:] {
		input := strings.HasPrefix(tag, "input") || strings.HasPrefix(tag, "button")
		if name, value := attribute(tag, "name"), attribute(tag, "value"); input && name != "" && !out.Has(name) {
			out.Set(name, value)
		}
	}
	return out
}

func attribute(tag, name string) string {
	tag, _, _ = strings.Cut(tag, ">")
	_, rest, found := strings.Cut(tag, " "+name+`="`)
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

const followAPI = "com.alibaba.fenxiao.crossborder/product.kjdistribute.addRelation"

// onOffer lets the app follow an offer, lets something happen to it and shows the messages.
func onOffer(action string, body map[string]any) func(*stage) error {
	return func(s *stage) error {
		o, err := s.in("waitbuyerpay", nil) // its offer is an ordinary one, on sale
		if err != nil {
			return err
		}
		offer := o.Lines[0].Offer
		if err := s.post("/offers/"+offer+"/actions/relist", nil, nil); err != nil { // it may have been taken down
			return err
		}
		if err := s.call(followAPI, map[string]string{"offerId": offer}, nil); err != nil {
			return err
		}
		if err := s.post("/offers/"+offer+"/actions/"+action, body, nil); err != nil {
			return err
		}
		s.say("%s: offer %s", action, offer)
		list, err := s.messages(&ssOrder{ID: offer})
		if err == nil && len(list) == 0 && action != "stock" {
			err = errors.New("nobody was told")
		}
		s.look("offers/" + offer)
		return err
	}
}

func chaos(s *stage) error {
	var r struct{ Level, Seed, Struck int64 }
	if err := s.post("/random", map[string]any{"level": 5, "seed": 1688, "delayMs": 20}, &r); err != nil {
		return err
	}
	s.say("random mode: level %d, seed %d", r.Level, r.Seed)
	seen := map[string]int{}
	for range 50 {
		status, answer, err := s.gateway(listAPI, nil, time.Second)
		word := fmt.Sprintf("HTTP %d", status)
		switch {
		case err != nil:
			word = "no answer"
		case strings.HasPrefix(string(answer), "<"):
			word += " with a page"
		}
		seen[word]++
	}
	if err := s.get("/random", &r); err != nil {
		return err
	}
	if err := s.post("/random", map[string]any{"level": 0}, nil); err != nil {
		return err
	}
	s.say("fifty calls: %v; %d struck; random mode is off again", seen, r.Struck)
	s.look("faults")
	if r.Struck == 0 {
		return errors.New("nothing was struck")
	}
	return nil
}
