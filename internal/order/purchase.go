package order

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/money"
)

// errWait says that nothing is wrong but it is too early; the task runs again after the delay.
type errWait struct {
	after  time.Duration
	reason string
}

func (e errWait) Error() string { return "wait: " + e.reason }

// StartPurchase writes the purchase rows of an order that is to be bought at 1688. Doing it twice changes nothing.
func (s *Service) StartPurchase(ctx context.Context, orderID int64, cause, actor string) error {
	f, err := s.store.get(ctx, "", 0, orderID)
	if err != nil {
		return notFound(err)
	}
	row, err := s.store.preview(ctx, f.order.PreviewID)
	if err != nil {
		return err
	}
	var q quote
	if err := json.Unmarshal([]byte(row.Payload), &q); err != nil {
		return err
	}
	err = s.store.begin(ctx, orderID, q.Groups, row.CreatedAt, cause, actor)
	s.store.jobs.Kick()
	return err
}

// PurchaseNow starts buying on a staff member's word, for sites with the manual trigger.
func (s *Service) PurchaseNow(ctx context.Context, orderID int64, actor string) error {
	f, err := s.store.get(ctx, "", 0, orderID)
	if err != nil {
		return notFound(err)
	}
	if f.order.Status == Cancelled || f.order.PaidAt == nil || f.order.OrderType != TypePurchase {
		return errs.New(errs.Conflict, "order.not_payable")
	}
	return s.StartPurchase(ctx, orderID, "staff.purchase", actor)
}

// Refresh re-reads a purchase from 1688 and applies what it says: state, amounts, sub-orders, parcels and their steps.
func (s *Service) Refresh(ctx context.Context, purchaseID int64, cause string) error {
	b, err := s.store.purchase(ctx, purchaseID)
	if err != nil {
		return err
	}
	if b.purchase.AlibabaOrderID == nil {
		return errWait{time.Second, "the purchase is not known at 1688 yet"}
	}
	id, err := alibaba.ParseID(*b.purchase.AlibabaOrderID)
	if err != nil {
		return err
	}
	trade, err := s.client.BuyerOrder(ctx, id)
	if err != nil {
		return err
	}
	fact := factOf(trade)
	if shippedAny(trade) {
		if fact.parcels, err = s.readParcels(ctx, id); err != nil {
			return err
		}
	}
	err = s.store.apply(ctx, purchaseID, fact, cause)
	s.store.jobs.Kick()
	return err
}

func factOf(t *alibaba.Trade) tradeFact {
	f := tradeFact{
		word: string(t.Base.Status), total: money.Fen(t.Base.TotalFen), post: money.Fen(t.Base.FreightFen),
		refundStatus: firstNonEmpty(string(t.Base.RefundStatus), string(t.Base.RefundStatusForAs)),
		closeReason:  firstNonEmpty(string(t.Base.CloseReason), string(t.Base.CloseOperateType)),
	}
	f.paid, f.sent = !t.Base.PayTime.IsZero(), !t.Base.AllDeliveredTime.IsZero()
	if !t.Base.ModifyTime.IsZero() {
		at := t.Base.ModifyTime.UTC()
		f.modified = &at
	}
	for i := range t.Items {
		it := &t.Items[i]
		f.items = append(f.items, itemFact{
			subItemID: it.SubItemID().String(), offerID: int64(it.ProductID), skuID: int64(it.SkuID), specID: string(it.SpecID),
			quantity: wholePieces(string(it.Quantity)), amount: money.Fen(it.AmountFen), word: string(it.Status), logisticsStatus: int(it.LogisticsStatus),
		})
	}
	return f
}

// wholePieces reads 1688's decimal text of a quantity; 0 when it is none.
func wholePieces(text string) int64 {
	whole, _, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// shippedAny: parcels can only be read once something was shipped.
func shippedAny(t *alibaba.Trade) bool {
	if st, ok := upstreamState(string(t.Base.Status)); ok && purchaseRank[st] >= purchaseRank[Sent] && st != Closedup {
		return true
	}
	for _, it := range t.Items {
		if it.LogisticsStatus == 2 || it.LogisticsStatus == 3 || it.LogisticsStatus == 5 {
			return true
		}
	}
	return false
}

func (s *Service) readParcels(ctx context.Context, id alibaba.ID) ([]parcelFact, error) {
	parcels, err := s.client.LogisticsInfos(ctx, id)
	if alibaba.IsNotShipped(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	traces, err := s.client.LogisticsTrace(ctx, id, "")
	if err != nil && !alibaba.IsNoTrace(err) {
		return nil, err
	}
	steps := map[string][]parcelStep{}
	for _, t := range traces {
		for _, st := range t.Steps {
			steps[string(t.LogisticsID)] = append(steps[string(t.LogisticsID)], parcelStep{node: "trace", detail: string(st.Remark), at: st.AcceptTime.UTC()})
		}
	}
	facts := make([]parcelFact, 0, len(parcels))
	for _, p := range parcels {
		no := string(p.LogisticsID)
		facts = append(facts, parcelFact{no: no, carrier: string(p.CompanyName), billNo: string(p.BillNo), status: string(p.Status), steps: steps[no]})
	}
	return facts, nil
}

// PurchaseOf finds our purchase of a 1688 order; database.ErrNotFound when it is not ours or not linked yet.
func (s *Service) PurchaseOf(ctx context.Context, alibabaOrderID string) (id, orderID int64, err error) {
	p, err := s.store.purchaseByUpstream(ctx, alibabaOrderID)
	return p.ID, p.OrderID, err
}

// Unread lists purchases in motion that nobody has read since before.
func (s *Service) Unread(ctx context.Context, before time.Time, limit int) ([]int64, error) {
	return s.store.stale(ctx, before, limit)
}

// Behind finds our purchase of a 1688 order that 1688's list shows with a status word and a time of modification, and says
// whether we have not read that yet. It is false for orders that are not ours.
func (s *Service) Behind(ctx context.Context, alibabaOrderID, word string, modified time.Time) (purchaseID int64, behind bool, err error) {
	p, err := s.store.purchaseByUpstream(ctx, alibabaOrderID)
	if errors.Is(err, database.ErrNotFound) {
		return 0, false, nil
	}
	newer := !modified.IsZero() && (p.UpstreamModifiedAt == nil || modified.UTC().Truncate(time.Millisecond).After(*p.UpstreamModifiedAt))
	return p.ID, newer || p.UpstreamStatus != word, err
}
