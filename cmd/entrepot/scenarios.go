package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// scenario is one thing that happens at 1688, played against a simulated one.
type scenario struct {
	name, help string
	run        func(*stage) error
}

// scenarios lists them all, in the order of an order's life.
var scenarios = []scenario{
	{"order-paid", "the buyer account pays: ORDER_PAY", chain("waitbuyerpay", "pay")},
	{"price-change", "the seller takes a tenth off before payment: ORDER_PRICE_MODIFY", chain("waitbuyerpay", "modify-price")},
	{"seller-closes", "the seller closes an unpaid order", chain("waitbuyerpay", "close-by-seller")},
	{"platform-closes", "1688 closes an unpaid order", chain("waitbuyerpay", "close-by-ops")},
	{"payment-timeout", "the clock jumps over the payment deadline and the order is cancelled", paymentTimeout},
	{"out-of-stock-after-order", "the seller has run out and closes a paid order", outOfStock},
	{"order-shipped", "the seller ships everything in one parcel", chain("waitsellersend", "ship")},
	{"partial-shipment", "the seller ships a part; the rest stays open", chainOf(unshipped, "waitsellersend", "part-ship")},
	{"two-parcels", "the seller ships in two parcels", chainOf(unshipped, "waitsellersend", "part-ship", "ship")},
	{"waybill-change", "a parcel gets another carrier and number", chainOf(travelling, "waitbuyerreceive", "change-mail-no")},
	{"parcel-journey", "a parcel travels for three days: collected, in transit, out for delivery, signed", parcelJourney},
	{"pickup-point", "a parcel waits at the pickup point", chainOf(travelling, "waitbuyerreceive", "accept", "transport", "agent-sign")},
	{"delivery-fails", "a parcel cannot be delivered", chainOf(travelling, "waitbuyerreceive", "accept", "transport", "fail")},
	{"delivered", "all parcels are signed for", chainOf(travelling, "waitbuyerreceive", "sign")},
	{"order-success", "the buyer confirms and the trade succeeds", chain("waitbuyerreceive", "confirm", "success")},

	{"refund-before-shipping", "the buyer wants the money back before shipping; the seller agrees", refund("waitsellersend", nil, "refund-apply", "refund-agree")},
	{"refund-rejected", "the seller refuses a refund and the buyer withdraws it", refund("waitbuyerreceive", nil, "refund-apply", "refund-reject", "refund-cancel")},
	{"return-goods", "signed goods go back: agreed, sent, received, paid back", returnGoods},
	{"after-sale-refund", "money back after the trade has succeeded", refund("success", nil, "refund-apply", "refund-agree")},
	{"arbitration", "customer service decides a refused refund for the buyer", refund("waitbuyerreceive", map[string]any{"arbitration-finish": "refund"},
		"refund-apply", "refund-reject", "refund-support", "arbitration-intervene", "arbitration-finish")},
	{"batch-pay", "two orders are paid with one link: ORDER_BATCH_PAY", batchPay},

	{"delist", "the seller takes a followed offer off the shelf", onOffer("delist", nil)},
	{"relist", "and puts it back", onOffer("relist", nil)},
	{"stock-change", "the stock of a followed offer moves", onOffer("stock", map[string]any{"by": 10})},
	{"price-drop", "a followed offer gets a tenth cheaper", onOffer("price", map[string]any{"percent": 90})},

	{"message-lost", "the next ORDER_PAY is never sent", messageFault("lose", "lost")},
	{"message-duplicated", "the next ORDER_PAY is sent twice", messageFault("duplicate", "")},
	{"message-corrupt", "the next ORDER_PAY carries a wrong signature", messageFault("corrupt", "")},
	{"message-delayed", "the next ORDER_PAY leaves five seconds late", messageFault("delay", "")},
	{"message-shuffled", "an order's messages arrive in another order", messageShuffled},
	{"messages-while-down", "messages end in the failed store and are sent again from it", messagesWhileDown},

	{"quota-storm", "five calls are refused for their frequency, the sixth works", quotaStorm},
	{"token-expired", "a call is refused with 401, the next works", tokenExpired},
	{"chaos", "random mode strikes fifty calls, the same way each time for the same seed", chaos},
	{"timeout-after-create", "createCrossOrder makes the order, but the answer never comes", timeoutAfterCreate},
}

// chain plays actions one after the other on an order in this status.
func chain(status string, actions ...string) func(*stage) error {
	return chainOf(nil, status, actions...)
}

func unshipped(o *ssOrder) bool {
	return len(o.Parcels) == 0 && (len(o.Lines) > 1 || o.Lines[0].Quantity > 1)
}

func travelling(o *ssOrder) bool {
	return slices.ContainsFunc(o.Parcels, func(p ssParcel) bool { return !slices.Contains([]string{"AGENT_SIGN", "SIGN", "FAILED"}, p.Node) })
}

func chainOf(fits func(*ssOrder) bool, status string, actions ...string) func(*stage) error {
	return func(s *stage) error {
		o, err := s.in(status, fits)
		if err == nil {
			o, err = s.acts(o, actions...)
		}
		if err == nil {
			_, err = s.messages(o)
		}
		return err
	}
}

func paymentTimeout(s *stage) error {
	o, err := s.in("waitbuyerpay", nil)
	if err != nil {
		return err
	}
	if err := s.advance(12*time.Hour + time.Minute); err != nil {
		return err
	}
	if o, err = s.read(o.ID); err != nil {
		return err
	}
	s.say("order %s is %s", o.ID, o.Status)
	if o.Status != "cancel" {
		return errors.New("it should have been cancelled")
	}
	_, err = s.messages(o)
	return err
}

func outOfStock(s *stage) error {
	o, err := s.in("waitsellersend", nil)
	if err != nil {
		return err
	}
	if o, err = s.act(o, "close-by-seller", map[string]any{"reason": "sellerGoodsLack"}); err != nil {
		return err
	}
	_, err = s.messages(o)
	return err
}

func parcelJourney(s *stage) error {
	o, err := s.in("waitbuyerreceive", travelling)
	if err != nil {
		return err
	}
	for _, leg := range []struct {
		wait   time.Duration
		action string
	}{{2 * time.Hour, "accept"}, {20 * time.Hour, "transport"}, {40 * time.Hour, "deliver"}, {5 * time.Hour, "sign"}} {
		if err := s.advance(leg.wait); err != nil {
			return err
		}
		if o, err = s.act(o, leg.action, nil); err != nil {
			return err
		}
	}
	_, err = s.messages(o)
	return err
}

// messageFault sets a fault for the next ORDER_PAY, then pays; the state is what the message must be in at once, if any.
func messageFault(kind, state string) func(*stage) error {
	return func(s *stage) error {
		o, err := s.in("waitbuyerpay", nil)
		if err != nil {
			return err
		}
		body := map[string]any{"kind": kind, "topic": "ORDER_PAY", "count": 1}
		if kind == "delay" {
			body["delayMs"] = 5000
		}
		if _, err = s.fault(body); err != nil {
			return err
		}
		if o, err = s.act(o, "pay", nil); err != nil {
			return err
		}
		list, err := s.messages(o)
		if err != nil {
			return err
		}
		last := list[len(list)-1]
		for _, d := range last.Deliveries {
			if state != "" && d.State != state {
				return fmt.Errorf("message %s is %s, not %s", last.ID, d.State, state)
			}
		}
		return nil
	}
}

func messageShuffled(s *stage) error {
	o, err := s.in("waitbuyerpay", nil)
	if err != nil {
		return err
	}
	if _, err = s.fault(map[string]any{"kind": "shuffle", "count": 3, "delayMs": 2000}); err != nil {
		return err
	}
	if o, err = s.acts(o, "pay", "ship", "sign"); err != nil {
		return err
	}
	_, err = s.messages(o)
	return err
}

// messagesWhileDown lets three messages fail the way they do when nobody answers, and then empties the failed store.
func messagesWhileDown(s *stage) error {
	o, err := s.in("waitbuyerpay", nil)
	if err != nil {
		return err
	}
	undo, err := s.fault(map[string]any{"kind": "lose"})
	if err != nil {
		return err
	}
	o, err = s.acts(o, "pay", "ship", "sign")
	undo()
	if err != nil {
		return err
	}
	if _, err = s.messages(o); err != nil {
		return err
	}
	s.say("the subscriber is back: what failed is sent again")
	if err := s.bend(map[string]any{"action": "resend-failed"}); err != nil {
		return err
	}
	_, err = s.messages(o)
	return err
}

const listAPI = "com.alibaba.trade/alibaba.trade.getBuyerOrderList"

// refusedThen makes calls that must be refused with a status, and one more that must work.
func refusedThen(s *stage, fault map[string]any, times, status int) error {
	fault["api"], fault["count"] = "getBuyerOrderList", times
	undo, err := s.fault(fault)
	if err != nil {
		return err
	}
	defer undo()
	for range times {
		got, answer, err := s.gateway(listAPI, nil, 30*time.Second)
		if err != nil {
			return err
		}
		s.say("getBuyerOrderList: HTTP %d %s", got, short(answer))
		if got != status {
			return fmt.Errorf("expected HTTP %d", status)
		}
	}
	s.look("faults")
	return s.call(listAPI, nil, nil)
}

func quotaStorm(s *stage) error {
	return refusedThen(s, map[string]any{"kind": "quota"}, 5, http.StatusBadRequest)
}

func tokenExpired(s *stage) error {
	return refusedThen(s, map[string]any{"kind": "unauthorized"}, 1, http.StatusUnauthorized)
}

func timeoutAfterCreate(s *stage) error {
	args, err := s.orderArgs()
	if err != nil {
		return err
	}
	undo, err := s.fault(map[string]any{"kind": "timeout_after", "api": "createCrossOrder", "count": 1, "delayMs": 500})
	if err != nil {
		return err
	}
	defer undo()
	status, answer, err := s.gateway("com.alibaba.trade/alibaba.trade.createCrossOrder", args, 30*time.Second)
	if err == nil {
		return fmt.Errorf("the call was answered: HTTP %d %s", status, short(answer))
	}
	s.say("createCrossOrder: no answer (%v)", err)
	o, err := s.read(args["outOrderId"])
	if err != nil {
		return fmt.Errorf("the order should exist: %w", err)
	}
	s.say("and yet order %s exists for %s: ask by outOrderId before trying again", o.ID, o.Out)
	s.look("orders/" + o.ID)
	return nil
}

// orderArgs are the arguments of createCrossOrder for some offer on sale.
func (s *stage) orderArgs() (map[string]string, error) {
	made, err := s.create(nil) // a model: what can be ordered once can be ordered twice
	if err != nil {
		return nil, err
	}
	var o struct {
		Lines []struct {
			Offer    json.Number `json:"offerId"`
			Spec     string      `json:"specId"`
			Quantity int64       `json:"quantity"`
		} `json:"lines"`
	}
	if err := s.get("/orders/"+made.ID, &o); err != nil {
		return nil, err
	}
	cargo, _ := json.Marshal([]map[string]any{{"offerId": o.Lines[0].Offer, "specId": o.Lines[0].Spec, "quantity": o.Lines[0].Quantity}})
	return map[string]string{
		"flow": "general", "outOrderId": made.Out + "-again", "cargoParamList": string(cargo),
		"addressParam": `{"fullName":"Demo Buyer","mobile":"13800000000","provinceText":"浙江省","cityText":"杭州市","areaText":"滨江区","address":"Demo Road 1"}`,
	}, nil
}
