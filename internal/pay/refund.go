package pay

import (
	"slices"
	"strings"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/order"
)

// States of a member's refund: the site's side, which is separate from what 1688 says about each of its parts.
const (
	refundEvidence  = "evidence"  // waits for the pictures it announced; 1688 knows nothing yet
	refundRunning   = "running"   // 1688's sellers are asked
	refundDeciding  = "deciding"  // staff must decide: 1688 did not give everything, was not asked, or the amount is high
	refundEnding    = "ending"    // being taken back at 1688; then withdrawn or rejected
	refundOwed      = "owed"      // the site owes the money
	refundPaid      = "paid"      // the member has it
	refundRejected  = "rejected"  // by staff
	refundWithdrawn = "withdrawn" // by the member
)

// refundOpen are the states in which a refund can still be decided.
var refundOpen = []string{refundEvidence, refundRunning, refundDeciding}

// Kinds of refunds.
const (
	moneyOnly  = "money"
	withReturn = "return"
)

// States of a part before 1688 has it, and without it. Afterwards it is in 1688's own: the alibaba.Refund... words.
const (
	partWaiting = "waiting" // not asked for yet
	partRefused = "refused" // 1688 would not open it
	partDropped = "dropped" // never asked for, and not needed any more
)

// Progress of something that is being told to 1688 about a part.
const (
	tellWanted  = "wanted"
	tellSent    = "sent" // tried; the answer may be lost
	tellDone    = "done"
	tellRefused = "refused"
)

// Kinds of jobs about refunds.
const (
	jobRefundCreate  = "refund.requested"     // ask for a part at 1688
	jobRefundWatch   = "refund.opened"        // read it again now and then, in case a message is lost
	jobRefundCancel  = "refund.ending"        // take a part back at 1688
	jobRefundReturn  = "refund.goods_sent"    // tell 1688 that the goods are on their way back
	jobRefundService = "refund.service_asked" // ask customer service in
)

const (
	maxEvidence      = 5                // pictures 1688 takes with a request
	refundQuiet      = 30 * time.Minute // a part without news is read again after this long
	refundProbeAfter = 10 * time.Second // after a lost answer, a look-up proves absence only this much later
	descriptionMin   = 2
	descriptionMax   = 150
)

// finalPart says whether nothing more comes of a part.
func finalPart(state string) bool {
	return slices.Contains([]string{partRefused, partDropped, alibaba.RefundSucceeded, alibaba.RefundClosed}, state)
}

// partState reads a word of 1688's for the state of a refund, in either spelling; ok is false for words nobody documents.
func partState(word string) (state string, ok bool) {
	state = strings.ReplaceAll(strings.ToLower(word), "_", "")
	if state == "refundclosed" {
		state = alibaba.RefundClosed
	}
	return state, slices.Contains([]string{alibaba.RefundWaitSellerAgree, alibaba.RefundWaitBuyerModify, alibaba.RefundWaitBuyerSend,
		alibaba.RefundWaitSellerReceive, alibaba.RefundSucceeded, alibaba.RefundClosed}, state)
}

// goodsStatus is what 1688 must be told about where the goods of a sub-order are. received is what the member says.
func goodsStatus(p order.SoldPart, received bool) string {
	const sent, arrived = 2, 3
	switch p.State {
	case order.Success:
		if received {
			return alibaba.AfterSaleGoodsReceived
		}
		return alibaba.AfterSaleGoodsNotArrived
	case order.Received:
		return alibaba.GoodsReceived
	case order.Bought:
		if p.Logistics != sent && p.Logistics != arrived {
			return alibaba.GoodsUnsent
		}
	}
	if received || p.Logistics == arrived {
		return alibaba.GoodsReceived
	}
	return alibaba.GoodsOnTheWay
}

// cameBack says whether a request may send goods back.
func cameBack(status string) bool {
	return status == alibaba.GoodsReceived || status == alibaba.AfterSaleGoodsReceived
}

// RefundItem is some pieces of a line.
type RefundItem struct {
	LineID   int64
	Quantity int64
}

// RefundWish is what a member asks for.
type RefundWish struct {
	Items       []RefundItem
	Kind        string
	ReasonID    int64
	Description string
	Received    bool
	Evidence    int // how many pictures will follow; 1688 is asked when they are there
}

// partItem is a sub-order of a part.
type partItem struct {
	SubItemID string `json:"sub"`
	LineID    int64  `json:"line,string"`
	Quantity  int64  `json:"qty"`
	Of        int64  `json:"of"`
	AmountFen int64  `json:"fen"` // what was paid for all of it
}

// partPlan is one refund to be asked for at 1688.
type partPlan struct {
	PurchaseID     int64
	AlibabaOrderID string
	GoodsStatus    string
	Items          []partItem
	Whole          bool // everything that purchase holds
	AskFen         int64
}

// planParts spreads the pieces of a wish over the purchase orders that hold them. used says how many pieces of a
// sub-order earlier refunds have taken. untold is how many pieces no paid purchase holds.
func planParts(sold *order.Sold, items []RefundItem, received bool, used map[string]int64) (parts []partPlan, untold int64) {
	at, held, taken := map[string]int{}, map[int64]int{}, map[int64]int{}
	for _, p := range sold.Parts {
		held[p.PurchaseID]++
	}
	for _, it := range items {
		left := it.Quantity
		for _, p := range sold.Parts {
			n := min(left, p.Quantity-used[p.SubItemID])
			if p.LineID != it.LineID || n <= 0 {
				continue
			}
			left -= n
			status := goodsStatus(p, received)
			key := p.AlibabaOrderID + status
			i, known := at[key]
			if !known {
				i = len(parts)
				at[key] = i
				parts = append(parts, partPlan{PurchaseID: p.PurchaseID, AlibabaOrderID: p.AlibabaOrderID, GoodsStatus: status})
			}
			parts[i].Items = append(parts[i].Items, partItem{p.SubItemID, p.LineID, n, p.Quantity, p.AmountFen})
			parts[i].AskFen += order.Share(p.AmountFen, p.Quantity, used[p.SubItemID], order.Share(p.AmountFen, p.Quantity, 0, 0, used[p.SubItemID]), n)
			if n == p.Quantity {
				taken[p.PurchaseID]++
			}
		}
		untold += left
	}
	for i := range parts {
		parts[i].Whole = taken[parts[i].PurchaseID] == held[parts[i].PurchaseID]
	}
	return parts, untold
}

// sameReasons are the reasons every one of the lists has: a refund over several sellers needs one that all accept.
func sameReasons(lists [][]alibaba.RefundReason) []alibaba.RefundReason {
	if len(lists) == 0 {
		return nil
	}
	var out []alibaba.RefundReason
	for _, r := range lists[0] {
		in := true
		for _, other := range lists[1:] {
			i := slices.IndexFunc(other, func(o alibaba.RefundReason) bool { return o.ID == r.ID })
			if in = in && i >= 0; in {
				r.NeedVoucher = r.NeedVoucher || other[i].NeedVoucher
				r.NoRefundCarriage = r.NoRefundCarriage || other[i].NoRefundCarriage
			}
		}
		if in {
			out = append(out, r)
		}
	}
	return out
}
