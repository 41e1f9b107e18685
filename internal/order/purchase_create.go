package order

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/money"
)

// maxRequotes is how often 1688's refusal makes us ask for prices and trade modes again before it counts.
const maxRequotes = 2

// Create places one purchase order at 1688, at most once: when an earlier try may have reached 1688, it looks there first
// and creates again only when the order is proved absent, long enough after the last try. A price that was checked too
// long ago is checked again first.
func (s *Service) Create(ctx context.Context, purchaseID int64) error {
	for range 2*maxGroupLines + maxRequotes { // every round buys, waits, or leaves a line or a chance behind
		again, err := s.create(ctx, purchaseID)
		if err != nil || !again {
			s.store.jobs.Kick()
			return err
		}
	}
	return errWait{time.Minute, "1688 keeps refusing"}
}

func (s *Service) create(ctx context.Context, purchaseID int64) (again bool, err error) {
	b, err := s.store.purchase(ctx, purchaseID)
	if err != nil {
		return false, err
	}
	if b.purchase.State != Creating || b.terms.Hold != holdNone || len(b.lines) == 0 {
		return false, nil
	}
	if b.purchase.SendCount > 0 {
		if known, err := s.lookFirst(ctx, b); known || err != nil {
			return false, err
		}
	}
	if b.order.order.Status == Cancelled {
		return false, s.store.abandon(ctx, b.purchase)
	}
	if s.outdatedQuote(b) {
		return s.requote(ctx, b)
	}
	mine, err := s.store.markSending(ctx, purchaseID, b.purchase.SendCount)
	if err != nil {
		return false, err
	}
	if !mine {
		return false, errWait{time.Second, "another worker is placing this purchase"}
	}
	created, err := s.client.CreateCrossOrder(ctx, s.request(b))
	if err != nil {
		return s.createFailed(ctx, b, created, err)
	}
	placed := make([]placedAt1688, len(created.Orders))
	for i, o := range created.Orders {
		placed[i] = placedAt1688{o.OrderID.String(), money.Fen(o.AmountFen)}
	}
	return false, s.store.adopt(ctx, b, placed, b.named(created.Failed), "purchase.created")
}

// lookFirst asks 1688 for what an earlier try may have created, by our number and, once that call cannot be on its way any
// more, by the time of creation. known: it was found.
func (s *Service) lookFirst(ctx context.Context, b *bought) (known bool, err error) {
	found, err := s.probe(ctx, b.purchase.OutOrderID)
	if err != nil {
		return false, err
	}
	cause := "purchase.found"
	if len(found) == 0 {
		if wait := s.settleLeft(b.purchase.SentAt); wait > 0 {
			return false, errWait{wait, "the last try may still reach 1688"}
		}
		if found, err = s.probeWindow(ctx, b); err != nil {
			return false, err
		}
		cause = "purchase.found_by_time"
	}
	if len(found) == 0 {
		return false, nil
	}
	return true, s.store.adopt(ctx, b, found, nil, cause)
}

// settleLeft is how long a look-up is not yet proof: the last call may still be on its way.
func (s *Service) settleLeft(sentAt *time.Time) time.Duration {
	if sentAt == nil {
		return 0
	}
	return sentAt.Add(s.rules.CallTimeout + s.rules.Settle).Sub(s.now())
}

// probe asks 1688 which orders carry our number.
func (s *Service) probe(ctx context.Context, outOrderID string) ([]placedAt1688, error) {
	page, err := s.client.BuyerOrders(ctx, alibaba.OrderListQuery{OutOrderID: outOrderID})
	if err != nil {
		return nil, err
	}
	var found []placedAt1688
	for i := range page.Orders {
		t := &page.Orders[i]
		if string(t.Base.OutOrderID) == outOrderID || t.Base.OutOrderID == "" {
			found = append(found, placedAt1688{t.OrderID().String(), money.Fen(t.Base.TotalFen)})
		}
	}
	return found, nil
}

// Bounds of a look by time: how far the clocks may be apart, and how many pages are read before we give up.
const (
	clockSlack  = 2 * time.Minute
	windowPages = 40
	windowSize  = 50
)

// probeWindow looks through the orders made while ours may have been: one without a number, with our cargo and our price,
// that is tied to nothing yet, is ours.
func (s *Service) probeWindow(ctx context.Context, b *bought) ([]placedAt1688, error) {
	if b.purchase.SentAt == nil {
		return nil, nil
	}
	q := alibaba.OrderListQuery{
		CreateStart: b.purchase.SentAt.Add(-clockSlack), CreateEnd: b.purchase.SentAt.Add(s.rules.CallTimeout + s.rules.Settle + clockSlack), PageSize: windowSize,
	}
	want := b.cargo()
	for q.Page = 1; q.Page <= windowPages; q.Page++ {
		page, err := s.client.BuyerOrders(ctx, q)
		if err != nil {
			return nil, err
		}
		for i := range page.Orders {
			t := &page.Orders[i]
			if t.Base.OutOrderID != "" || !slices.Equal(tradeCargo(t), want) || s.store.dearer(&b.purchase, money.Fen(t.Base.TotalFen)) {
				continue
			}
			tied, err := s.store.tied(ctx, t.OrderID().String())
			if err != nil {
				return nil, err
			}
			if !tied {
				return []placedAt1688{{t.OrderID().String(), money.Fen(t.Base.TotalFen)}}, nil
			}
		}
		if len(page.Orders) < windowSize {
			return nil, nil
		}
	}
	return nil, errWait{time.Minute, "too many orders at 1688 to look through"}
}

// cargoPiece is one line of an order, comparable.
type cargoPiece struct {
	offer, quantity int64
	spec            string
}

func sortCargo(list []cargoPiece) []cargoPiece {
	slices.SortFunc(list, func(a, b cargoPiece) int {
		if a.offer != b.offer {
			return int(max(-1, min(1, a.offer-b.offer)))
		}
		return strings.Compare(a.spec, b.spec)
	})
	return list
}

// cargo is what a purchase wants.
func (b *bought) cargo() []cargoPiece {
	var out []cargoPiece
	byID := b.byID()
	for _, pl := range b.lines {
		l := byID[pl.LineID]
		out = append(out, cargoPiece{l.OfferID, pl.Quantity, l.SpecID})
	}
	return sortCargo(out)
}

// tradeCargo is what a 1688 order holds.
func tradeCargo(t *alibaba.Trade) []cargoPiece {
	var out []cargoPiece
	for i := range t.Items {
		it := &t.Items[i]
		out = append(out, cargoPiece{int64(it.ProductID), wholePieces(string(it.Quantity)), string(it.SpecID)})
	}
	return sortCargo(out)
}

func (b *bought) byID() map[int64]lineRow {
	byID := map[int64]lineRow{}
	for _, l := range b.order.lines {
		byID[l.ID] = l
	}
	return byID
}

// named finds the lines 1688 named as failed, with its codes.
func (b *bought) named(failed []alibaba.FailedOffer) map[int64]string {
	out, byID := map[int64]string{}, b.byID()
	for _, f := range failed {
		for _, pl := range b.lines {
			l := byID[pl.LineID]
			if l.OfferID == int64(f.OfferID) && (f.SpecID == "" || f.SpecID == l.SpecID) {
				out[l.ID] = f.Code
			}
		}
	}
	return out
}

// createFailed decides by the kind of failure. An unknown outcome only goes back to the queue: the next try looks first.
func (s *Service) createFailed(ctx context.Context, b *bought, created *alibaba.Created, err error) (again bool, _ error) {
	switch alibaba.ClassOf(err) {
	case alibaba.Rejected:
		return s.createRefused(ctx, b, created, err)
	case alibaba.Transient, alibaba.Quota, alibaba.Auth: // certainly without effect
		return false, errors.Join(s.store.markUnsent(ctx, b, err.Error()), err)
	default:
		if e := s.store.doubt(ctx, b, err.Error()); e != nil {
			return false, e
		}
		return false, err
	}
}

// createRefused: a refused trade mode, and a refusal that does not say which lines it means, are asked about again; named
// lines are left out and the rest goes on; any other refusal stands.
func (s *Service) createRefused(ctx context.Context, b *bought, created *alibaba.Created, err error) (again bool, _ error) {
	var e *alibaba.Error
	errors.As(err, &e)
	var named map[int64]string
	if created != nil {
		named = b.named(created.Failed)
	}
	aboutLines := previewCodes[e.Code] != ""
	switch {
	case aboutLines && len(named) > 0 && len(named) < len(b.lines):
		return true, s.store.leaveOut(ctx, b, named, err.Error())
	case (aboutLines || strings.Contains(e.Message, "not support tradeType")) && b.terms.Requotes < maxRequotes:
		return true, s.store.askAgain(ctx, b, err.Error())
	}
	return false, s.store.refuse(ctx, b, e.Code, err.Error())
}

func (s *Service) request(b *bought) alibaba.OrderRequest {
	r := alibaba.OrderRequest{
		Flow: b.purchase.Flow, TradeType: b.purchase.TradeType, Address: s.rules.Warehouse.address(), OutOrderID: b.purchase.OutOrderID,
		Message: clip(b.order.order.Note, 500), FenxiaoChannel: "kuajing",
	}
	byID := b.byID()
	for _, pl := range b.lines {
		l := byID[pl.LineID]
		r.Cargo = append(r.Cargo, alibaba.Cargo{OfferID: alibaba.ID(l.OfferID), SpecID: l.SpecID, Quantity: pl.Quantity, OutMemberID: b.order.order.OutMemberID})
	}
	return r
}
