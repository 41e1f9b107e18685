package alibaba

import (
	"context"
	"encoding/json"
	"errors"
)

var (
	apiCarriers        = endpoint{namespace: "com.alibaba.logistics", name: "alibaba.logistics.OpQueryLogisticCompanyList"}
	apiOfflineCarriers = endpoint{namespace: "com.alibaba.logistics", name: "alibaba.logistics.OpQueryLogisticCompanyList.offline"}
	apiUrgeDelivery    = endpoint{namespace: "com.alibaba.logistics", name: "logistics.delivery.urge", write: true}
	apiOutOrders       = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "logistics.order.getOutOrderId"}
	apiWaybills        = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "bigcustomer.mailNo.query"}
)

// Carrier is a logistics company. CompanyNo is ReturnShipment.CompanyNo.
type Carrier struct {
	ID          ID   `json:"id"`
	CompanyNo   Text `json:"companyNo"` // e.g. ZTO
	CompanyName Text `json:"companyName"`
	Phone       Text `json:"companyPhone"`
	Spelling    Text `json:"spelling"`
}

// Carriers lists all logistics companies; they rarely change. offline asks for those that a return may name.
// 1688 APIs: com.alibaba.logistics:alibaba.logistics.OpQueryLogisticCompanyList-1 and ...OpQueryLogisticCompanyList.offline-1.
func (c *Client) Carriers(ctx context.Context, offline bool) ([]Carrier, error) {
	api := &apiCarriers
	if offline {
		api = &apiOfflineCarriers
	}
	var list []Carrier
	_, err := c.call(ctx, api, nil, func(body []byte) error {
		payload, err := open(body)
		if err != nil {
			return err
		}
		list, err = readList[Carrier](payload)
		if err == nil && len(list) == 0 {
			return errGarbage
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// UrgeDelivery asks the seller of a paid order to ship, once in 24 hours. Repeating it is harmless: 1688 refuses. No code is
// documented; an answer that says "not done" is a refusal without one.
// 1688 API: com.alibaba.logistics:logistics.delivery.urge-1.
func (c *Client) UrgeDelivery(ctx context.Context, orderID ID) error {
	_, err := c.call(ctx, &apiUrgeDelivery, []param{{"orderId", orderID.String()}}, func(body []byte) error {
		at, err := openLevel(body)
		if err != nil {
			return err
		}
		var done verdictBool
		if payload := at.payload(); payload != nil {
			err = decode(payload, &done)
		}
		switch {
		case err != nil || done == unset:
			return errors.Join(errGarbage, err)
		case done == no:
			return rejection("", at.message())
		}
		return nil
	})
	return err
}

// OutOrders are orders found by a parcel: our numbers, and those of 1688. The document does not list the answer's fields.
type OutOrders struct {
	OutOrderIDs []Text `json:"outOrderIds"`
	OrderIDs    []ID   `json:"orderIds"`
}

var errNoParcel = errors.New("neither a waybill nor a parcel code")

// OutOrders finds the orders a parcel belongs to, by its waybill or by the code written on an unclaimed one. A refusal has no
// code, only a text.
// 1688 API: com.alibaba.fenxiao.crossborder:logistics.order.getOutOrderId-1.
func (c *Client) OutOrders(ctx context.Context, waybill, parcelCode string) (*OutOrders, error) {
	var f fields
	f.text("shipmentId", waybill)
	f.text("noMainPartCode", parcelCode)
	if len(f.list) == 0 {
		return nil, apiOutOrders.refuse(errNoParcel)
	}
	var found OutOrders
	_, err := c.call(ctx, &apiOutOrders, f.list, func(body []byte) error {
		model, err := openModel(body)
		if err != nil {
			return err
		}
		found, err = readOutOrders(model)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &found, nil
}

// readOutOrders takes our numbers alone, too: the document only says "out order ids".
func readOutOrders(model json.RawMessage) (OutOrders, error) {
	var found OutOrders
	var many []Text
	var one Text
	if err := errors.Join(decode(model, &found), decode(model, &many), decode(model, &one)); err != nil {
		return OutOrders{}, garbled(err)
	}
	if one != "" {
		many = []Text{one}
	}
	if many != nil {
		found.OutOrderIDs = many
	}
	return found, nil
}

// Waybills lists the waybills of the 1688 orders that were made for one of our orders, by 1688 order. A refusal has no code,
// only a text.
// 1688 API: com.alibaba.fenxiao.crossborder:bigcustomer.mailNo.query-1.
func (c *Client) Waybills(ctx context.Context, outOrderID string) (map[string][]string, error) {
	var bills map[string][]string
	_, err := c.call(ctx, &apiWaybills, []param{{"outOrderId", outOrderID}}, func(body []byte) (err error) {
		bills, err = readWaybills(body)
		return err
	})
	if err != nil {
		return nil, err
	}
	return bills, nil
}

// readWaybills takes a list or one text for each order: the document only says "map".
func readWaybills(body []byte) (map[string][]string, error) {
	model, err := openModel(body)
	if err != nil {
		return nil, err
	}
	var wire map[string]json.RawMessage
	if err := decode(model, &wire); err != nil {
		return nil, garbled(err)
	}
	bills := make(map[string][]string, len(wire))
	for order, raw := range wire {
		var many []Text
		var one Text
		if err := errors.Join(decode(raw, &many), decode(raw, &one)); err != nil {
			return nil, garbled(err)
		}
		if one != "" {
			many = []Text{one}
		}
		bills[order] = []string{}
		for _, bill := range many {
			bills[order] = append(bills[order], string(bill))
		}
	}
	return bills, nil
}

// openModel opens {"result":{"success":..,"msg":..,"model":..}}.
func openModel(body []byte) (json.RawMessage, error) {
	var wire struct {
		Result struct {
			Model json.RawMessage `json:"model"`
		} `json:"result"`
	}
	at, err := openLevel(body)
	if err != nil {
		return nil, err
	}
	if err := decode(body, &wire); err != nil {
		return nil, garbled(err)
	}
	if present(wire.Result.Model) {
		return wire.Result.Model, nil
	}
	if payload := at.payload(); payload != nil {
		return payload, nil
	}
	return nil, errGarbage
}
