package alibaba

import (
	"context"
	"encoding/json"
	"errors"
)

var (
	apiPayWays     = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.payWay.query"}
	apiPayProtocol = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.pay.protocolPay.isopen"}
)

// Codes of PayWay that matter here; there are about twenty.
const (
	PayWayAlipay  = 1
	PayWayCredit  = 3
	PayWayCross   = 16
	PayWayCrossV2 = 20
)

// PayWays is what can pay an order, how much and until when.
type PayWays struct {
	OrderID   ID       `json:"orderId"`
	PayFeeFen Int      `json:"payFee"`
	Until     Time     `json:"timeout"`
	Channels  []PayWay `json:"channels"`
}

// PayWay is a channel; Name is Chinese.
type PayWay struct {
	Code Int  `json:"code"`
	Name Text `json:"name"`
}

// PayWays lists what can pay an unpaid order. Code 500_2: the account is not the buyer's main account.
// 1688 API: com.alibaba.trade:alibaba.trade.payWay.query-1.
func (c *Client) PayWays(ctx context.Context, orderID ID) (*PayWays, error) {
	var ways PayWays
	_, err := c.call(ctx, &apiPayWays, []param{{"orderId", orderID.String()}}, func(body []byte) error {
		return readResultList(body, &ways)
	})
	if err != nil {
		return nil, err
	}
	return &ways, nil
}

// readResultList opens the answers that call their payload resultList, also inside result, and result alone.
func readResultList[T any](body []byte, into *T) error {
	var wire struct {
		verdict
		List   json.RawMessage `json:"resultList"`
		Result json.RawMessage `json:"result"`
	}
	if !isObject(body) {
		return errGarbage
	}
	if err := decode(body, &wire); err != nil {
		return garbled(err)
	}
	if err := wire.err(); err != nil {
		return err
	}
	list := wire.List
	if !isObject(list) && isObject(wire.Result) {
		var inner struct {
			verdict
			List json.RawMessage `json:"resultList"`
		}
		if err := decode(wire.Result, &inner); err != nil {
			return garbled(err)
		}
		if err := inner.err(); err != nil {
			return err
		}
		if list = inner.List; !isObject(list) {
			list = wire.Result
		}
	}
	if !isObject(list) {
		return errGarbage
	}
	var fresh T
	err := garbled(decode(list, &fresh))
	*into = fresh
	return err
}

// PayProtocol says whether PreparePay can use a channel.
type PayProtocol struct {
	Channel Text `json:"payChannel"` // SHEGOU or ALIPAY
	Signed  Bool `json:"signedStatus"`
}

// PayProtocols lists the agreements to pay without a password; one signed one is enough for PreparePay.
// 1688 API: com.alibaba.trade:alibaba.trade.pay.protocolPay.isopen-1.
func (c *Client) PayProtocols(ctx context.Context) ([]PayProtocol, error) {
	var list []PayProtocol
	_, err := c.call(ctx, &apiPayProtocol, nil, func(body []byte) (err error) {
		list, err = readPayProtocols(body)
		return err
	})
	return list, err
}

// readPayProtocols takes a list, one alone, and an object around a list: the document has no sample.
func readPayProtocols(body []byte) ([]PayProtocol, error) {
	payload, err := open(body)
	if err != nil {
		return nil, err
	}
	var bare OneOrMany[PayProtocol]
	var boxed struct {
		List []PayProtocol `json:"paymentAgreements"`
	}
	if payload == nil {
		return nil, errGarbage
	}
	if err := errors.Join(decode(payload, &bare), decode(payload, &boxed)); err != nil {
		return nil, garbled(err)
	}
	list := []PayProtocol(bare)
	if boxed.List != nil {
		list = boxed.List
	}
	for _, p := range list {
		if p.Channel == "" {
			return nil, errGarbage
		}
	}
	return append([]PayProtocol{}, list...), nil
}
