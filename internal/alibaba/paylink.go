package alibaba

import (
	"context"
	"encoding/json"
	"log/slog"
)

// Links are made as often as one likes; many orders take 1688 long.
var (
	apiAlipayURL      = endpoint{namespace: "com.alibaba.trade", name: "alibaba.alipay.url.get", patient: true}
	apiCrossBorderURL = endpoint{namespace: "com.alibaba.trade", name: "alibaba.crossBorderPay.url.get", patient: true}
	apiCreditURL      = endpoint{namespace: "com.alibaba.trade", name: "alibaba.creditPay.url.get", patient: true}
	apiGroupPayURL    = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.grouppay.url.get", patient: true}
)

// The most orders of one link.
const (
	MaxAlipayOrders = 100 // 30 when one of them is paid by cross-border pay
	MaxCrossOrders  = 30  // 10 are advised: more may time out
	MaxCreditOrders = 30  // 10 are advised: more may time out
)

// Cashiers of GroupPayURL.
const (
	CashierPC       = "PC"
	CashierWireless = "WIRELESS"
)

// PayURL is the address of a 1688 cashier. Whoever opens it must be logged in to 1688 as the buyer. Printed or logged it
// hides itself; string(u) is the address.
type PayURL string

const hiddenURL = "(pay link)"

// String hides the address.
func (PayURL) String() string { return hiddenURL }

// GoString hides the address.
func (PayURL) GoString() string { return hiddenURL }

// LogValue hides the address.
func (PayURL) LogValue() slog.Value { return slog.StringValue(hiddenURL) }

// PayLink pays the orders it was asked for, except those in Left.
type PayLink struct {
	URL  PayURL `json:"-"`
	Left []ID   // orders the link does not pay: not payable, or stopped by limit or risk control
}

// AlipayURL gives a cashier for at most MaxAlipayOrders unpaid orders: of 1688 for one, of Alipay for several. The link may
// pay a part only, see Left. A refusal without any payable order carries a PayLink with Left too, if 1688 named the orders.
// Refusals by text: "not surport MANUAL-TRADE" (an invitation order, see TradeBase.SellerOrder, needs a link of its own) and
// PRODUCT_TRADE_STAT_ERROR (stock that is taken at payment ran out).
// 1688 API: com.alibaba.trade:alibaba.alipay.url.get-1.
func (c *Client) AlipayURL(ctx context.Context, orderIDs []ID) (*PayLink, error) {
	var f fields
	f.ids("orderIdList", orderIDs, MaxAlipayOrders)
	return c.payLink(ctx, &apiAlipayURL, &f)
}

// CrossBorderPayURL gives a cashier for at most MaxCrossOrders unpaid orders; otherwise like AlipayURL.
// 1688 API: com.alibaba.trade:alibaba.crossBorderPay.url.get-1.
func (c *Client) CrossBorderPayURL(ctx context.Context, orderIDs []ID) (*PayLink, error) {
	var f fields
	f.ids("orderIdList", orderIDs, MaxCrossOrders)
	return c.payLink(ctx, &apiCrossBorderURL, &f)
}

// CreditPayURL gives a cashier for at most MaxCreditOrders unpaid orders; otherwise like AlipayURL.
// 1688 API: com.alibaba.trade:alibaba.creditPay.url.get-1.
func (c *Client) CreditPayURL(ctx context.Context, orderIDs []ID) (*PayLink, error) {
	var f fields
	f.ids("orderIdList", orderIDs, MaxCreditOrders)
	return c.payLink(ctx, &apiCreditURL, &f)
}

// GroupPayURL gives one cashier where several channels can be combined; all orders must be payable. No limit is documented;
// cashier is CashierPC, CashierWireless or empty.
// 1688 API: com.alibaba.trade:alibaba.trade.grouppay.url.get-1.
func (c *Client) GroupPayURL(ctx context.Context, orderIDs []ID, cashier string) (*PayLink, error) {
	var f fields
	f.ids("orderIds", orderIDs, 0)
	f.text("payPlatformType", cashier)
	return c.payLink(ctx, &apiGroupPayURL, &f)
}

func (c *Client) payLink(ctx context.Context, api *endpoint, f *fields) (*PayLink, error) {
	if f.err != nil {
		return nil, api.refuse(f.err)
	}
	var link *PayLink
	_, err := c.call(ctx, api, f.list, func(body []byte) (err error) {
		link, err = readPayLink(body, true)
		return err
	})
	return link, err
}

// readPayLink takes the flat answer, and (nested) the same inside results or result.
func readPayLink(body []byte, nested bool) (*PayLink, error) {
	var wire struct {
		verdict
		URL     Text            `json:"payUrl"`
		Failed  []ID            `json:"payFailureOrderList"`
		CantPay []ID            `json:"cantPayOrderList"`
		Results json.RawMessage `json:"results"`
		Result  json.RawMessage `json:"result"`
	}
	if !isObject(body) {
		return nil, errGarbage
	}
	if err := decode(body, &wire); err != nil {
		return nil, garbled(err)
	}
	link := &PayLink{URL: PayURL(wire.URL), Left: append(wire.Failed, wire.CantPay...)}
	if err := wire.err(); err != nil {
		if len(link.Left) == 0 {
			return nil, err
		}
		return &PayLink{Left: link.Left}, err
	}
	if link.URL != "" {
		return link, nil
	}
	for _, inner := range []json.RawMessage{wire.Results, wire.Result} {
		if nested && isObject(inner) {
			return readPayLink(inner, false)
		}
	}
	return nil, errGarbage
}
