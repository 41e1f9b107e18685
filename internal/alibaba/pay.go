package alibaba

import "context"

var apiPreparePay = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.pay.protocolPay.preparePay", write: true}

// PayResult is what a debit answered. Success false CAN STILL MEAN PAID: read the order before another try, and try at
// most three times.
type PayResult struct {
	Success bool
	Channel string
}

// PreparePay debits one order without a password. channel is shegou, alipay or empty (credit pay first, then Alipay);
// amountFen 0 and an empty opRequestID are left out.
// 1688 API: com.alibaba.trade:alibaba.trade.pay.protocolPay.preparePay-1.
func (c *Client) PreparePay(ctx context.Context, orderID ID, channel string, amountFen int64, opRequestID string) (*PayResult, error) {
	var reply struct {
		Channel Text        `json:"payChannel"`
		Success verdictBool `json:"paySuccess"`
	}
	read := openInto(&reply)
	_, err := c.callJSON(ctx, &apiPreparePay, "tradeWithholdPreparePayParam", struct {
		OrderID     ID     `json:"orderId"`
		Channel     string `json:"payChannel,omitempty"`
		Amount      int64  `json:"payAmount,omitempty"`
		OpRequestID string `json:"opRequestId,omitempty"`
	}{orderID, channel, amountFen, opRequestID}, func(body []byte) error {
		if err := read(body); err != nil {
			return err
		}
		if reply.Success == unset {
			return errGarbage
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &PayResult{Success: reply.Success == yes, Channel: string(reply.Channel)}, nil
}
