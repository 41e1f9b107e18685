package alibaba

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
)

var (
	apiLogisticsInfos = endpoint{namespace: "com.alibaba.logistics", name: "alibaba.trade.getLogisticsInfos.buyerView"}
	apiLogisticsTrace = endpoint{namespace: "com.alibaba.logistics", name: "alibaba.trade.getLogisticsTraceInfo.buyerView"}
)

// Parcel statuses at 1688 (Parcel.Status).
const (
	ParcelWaitAccept = "WAITACCEPT"
	ParcelCancel     = "CANCEL"
	ParcelAccept     = "ACCEPT"
	ParcelTransport  = "TRANSPORT"
	ParcelNoGet      = "NOGET" // pickup failed
	ParcelSign       = "SIGN"
	ParcelUnsign     = "UNSIGN" // problem
)

// LogisticsInfos lists the parcels of an order. IsNotShipped(err) before the seller ships.
// 1688 API: com.alibaba.logistics:alibaba.trade.getLogisticsInfos.buyerView-1.
func (c *Client) LogisticsInfos(ctx context.Context, orderID ID) ([]Parcel, error) {
	parcels := []Parcel{}
	_, err := c.call(ctx, &apiLogisticsInfos, []param{{"orderId", orderID.String()}, {"webSite", webSite}}, func(body []byte) error {
		payload, err := open(body)
		if err != nil || payload == nil {
			return err
		}
		if payload[0] != '[' {
			return errGarbage
		}
		var fresh []Parcel
		err = garbled(decode(payload, &fresh))
		parcels = append([]Parcel{}, fresh...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return parcels, nil
}

// Parcel is one parcel inside China.
type Parcel struct {
	LogisticsID Text            `json:"logisticsId"` // LP.. or BX..
	BillNo      Text            `json:"logisticsBillNo"`
	EntryIDs    Text            `json:"orderEntryIds"` // comma list of sub-orders, or the main order
	Status      Text            `json:"status"`
	CompanyID   Text            `json:"logisticsCompanyId"`
	CompanyName Text            `json:"logisticsCompanyName"`
	CompanyNo   Text            `json:"logisticsCompanyNo"`
	Remarks     Text            `json:"remarks"`
	SystemSend  Time            `json:"gmtSystemSend"`
	SendGoods   []SendGood      `json:"sendGoods"`
	Receiver    ParcelReceiver  `json:"receiver"`
	Sender      ParcelSender    `json:"sender"`
	OrderGoods  []ParcelContent `json:"logisticsOrderGoods"`
	SentGoods   []ParcelContent `json:"logisticsOrderSendGood"` // the same under its other name
}

// Contents says how many pieces of which sub-orders are inside.
func (p *Parcel) Contents() []ParcelContent {
	if len(p.OrderGoods) > 0 {
		return p.OrderGoods
	}
	return p.SentGoods
}

// OrderEntryIDs splits EntryIDs; words that are no ids are left out.
func (p *Parcel) OrderEntryIDs() []ID { return idList(string(p.EntryIDs)) }

func idList(commas string) []ID {
	var ids []ID
	for part := range strings.SplitSeq(commas, ",") {
		if id, err := ParseID(strings.TrimSpace(part)); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// SendGood is a thing inside a parcel.
type SendGood struct {
	Name     Text `json:"goodName"`
	Quantity Text `json:"quantity"`
	Unit     Text `json:"unit"`
}

// ParcelReceiver is the recipient; personal data.
type ParcelReceiver struct {
	Name     Text `json:"receiverName"`
	Phone    Text `json:"receiverPhone"`
	Mobile   Text `json:"receiverMobile"`
	Province Text `json:"receiverProvince"`
	City     Text `json:"receiverCity"`
	County   Text `json:"receiverCounty"`
	Address  Text `json:"receiverAddress"`
}

// ParcelSender is the sender; personal data.
type ParcelSender struct {
	Name     Text `json:"senderName"`
	Phone    Text `json:"senderPhone"`
	Mobile   Text `json:"senderMobile"`
	Province Text `json:"senderProvince"`
	City     Text `json:"senderCity"`
	County   Text `json:"senderCounty"`
	Address  Text `json:"senderAddress"`
}

// ParcelContent maps a parcel to sub-orders.
type ParcelContent struct {
	LogisticsID      Text `json:"logisticsId"`
	TradeOrderID     ID   `json:"tradeOrderId"`
	TradeOrderItemID ID   `json:"tradeOrderItemId"`
	Description      Text `json:"description"`
	Quantity         Text `json:"quantity"` // decimal text
	Unit             Text `json:"unit"`
	ProductName      Text `json:"productName"`
}

// LogisticsTrace reads the steps of an order's parcels, or of one when logisticsID is set. IsNoTrace(err) before the
// first step.
// 1688 API: com.alibaba.logistics:alibaba.trade.getLogisticsTraceInfo.buyerView-1.
func (c *Client) LogisticsTrace(ctx context.Context, orderID ID, logisticsID string) ([]Trace, error) {
	var f fields
	f.text("orderId", orderID.String())
	f.text("webSite", webSite)
	f.text("logisticsId", logisticsID)
	var traces []Trace
	_, err := c.call(ctx, &apiLogisticsTrace, f.list, func(body []byte) (err error) {
		traces, err = readTraces(body, true)
		return err
	})
	return traces, err
}

// readTraces takes the flat answer, and (nested) the same inside result.
func readTraces(body []byte, nested bool) ([]Trace, error) {
	var wire struct {
		verdict
		Traces []Trace         `json:"logisticsTrace"`
		Result json.RawMessage `json:"result"`
	}
	if err := decode(body, &wire); err != nil || !isObject(body) {
		return nil, errors.Join(errGarbage, err)
	}
	if err := wire.err(); err != nil {
		return nil, err
	}
	if wire.Traces == nil && nested && isObject(wire.Result) {
		return readTraces(wire.Result, false)
	}
	if wire.Traces == nil && !wire.said() {
		return nil, errGarbage
	}
	return append([]Trace{}, wire.Traces...), nil
}

// Trace is the history of one parcel.
type Trace struct {
	LogisticsID Text        `json:"logisticsId"`
	BillNo      Text        `json:"logisticsBillNo"`
	OrderID     ID          `json:"orderId"`
	Steps       []TraceStep `json:"logisticsSteps"`
}

// TraceStep is one step; Remark is Chinese text.
type TraceStep struct {
	AcceptTime Time `json:"acceptTime"`
	Remark     Text `json:"remark"`
}
