package alibaba

import "context"

var (
	apiPayAnalysis    = endpoint{namespace: "com.alibaba.trade", name: "trade.orderpay.analysis"}
	apiAccountPeriods = endpoint{namespace: "com.alibaba.trade", name: "alibaba.accountPeriod.list.buyerView"}
)

// Channels of PayAnalysis.
const (
	ChannelAlipay = "alipay"
	ChannelCredit = "shegou"
	ChannelCross  = "kjpayV2"
)

// PayAnalysis says which orders a channel can pay. The document does not list these fields: an answer without Orders was not
// understood, and says neither yes nor no.
type PayAnalysis struct {
	CanPay    Bool               `json:"canPay"` // all of them
	AmountFen Int                `json:"payAmount"`
	Orders    []OrderPayAnalysis `json:"orderAnalysisList"`
}

// OrderPayAnalysis is the answer for one order.
type OrderPayAnalysis struct {
	OrderID   ID   `json:"orderId"`
	CanPay    Bool `json:"canPay"`
	AmountFen Int  `json:"payAmount"`
	Reason    Text `json:"reasonCode"` // why not
}

// PayAnalysis asks whether a channel can pay orders. No limit is documented.
// 1688 API: com.alibaba.trade:trade.orderpay.analysis-1.
func (c *Client) PayAnalysis(ctx context.Context, orderIDs []ID, channel string) (*PayAnalysis, error) {
	var f fields
	f.ids("orderIds", orderIDs, 0)
	f.text("payChannel", channel)
	if f.err != nil {
		return nil, apiPayAnalysis.refuse(f.err)
	}
	var analysis PayAnalysis
	if _, err := c.call(ctx, &apiPayAnalysis, f.list, openInto(&analysis)); err != nil {
		return nil, err
	}
	return &analysis, nil
}

// AccountPeriod is a seller's leave to pay later. The document does not list these fields.
type AccountPeriod struct {
	SellerLoginID   Text `json:"sellerLoginId"`
	SellerCompany   Text `json:"sellerCompanyName"`
	QuotaFen        Int  `json:"quota"`
	SurplusQuotaFen Int  `json:"surplusQuota"` // what is left of it
	Status          Text `json:"statusStr"`    // Chinese
	GrantedAt       Time `json:"gmtQuota"`
	Type            Int  `json:"tapType"` // 1 on a day of the month, 6 days after receipt
	TypeText        Text `json:"tapTypeStr"`
	Date            Int  `json:"tapDate"` // the day, or the days
	Overdue         Int  `json:"tapOverdue"`
}

// AccountPeriodPage is one page of leaves, ten at most.
type AccountPeriodPage struct {
	Periods []AccountPeriod `json:"accountPeriodList"`
	Total   Int             `json:"totalCount"`
}

// AccountPeriods lists the sellers who let the account pay later; pages count from 1, sellerLoginID may be empty.
// 1688 API: com.alibaba.trade:alibaba.accountPeriod.list.buyerView-1.
func (c *Client) AccountPeriods(ctx context.Context, page int, sellerLoginID string) (*AccountPeriodPage, error) {
	var f fields
	f.number("pageIndex", int64(max(page, 1)))
	f.text("sellerLoginId", sellerLoginID)
	var out AccountPeriodPage
	_, err := c.call(ctx, &apiAccountPeriods, f.list, func(body []byte) error { return readResultList(body, &out) })
	if err != nil {
		return nil, err
	}
	return &out, nil
}
