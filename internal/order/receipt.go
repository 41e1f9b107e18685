package order

import (
	"context"
	"slices"
	"strconv"

	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/site"
)

// ConfirmReceipt books what a member says has arrived. total is how much of each line in all, nil everything that was sent;
// saying it again changes nothing. Errors: order.not_found, order.not_dispatched, and a pointer to a line of which less was sent.
func (s *Service) ConfirmReceipt(ctx context.Context, who auth.MemberCaller, st *site.Site, orderID int64, total []pieces) (*full, error) {
	if _, err := s.store.get(ctx, st.Code, who.ID, orderID); err != nil {
		return nil, notFound(err)
	}
	if err := s.store.confirmReceipt(ctx, orderID, total); err != nil {
		return nil, err
	}
	s.store.jobs.Kick()
	return s.Order(ctx, who, st, orderID)
}

// ConfirmPurchase confirms at 1688 that goods of a purchase have arrived, which pays the seller: some sub-orders, or all that
// were shipped. What is confirmed already is left out; after a lost answer the order is read before anything else. It returns
// the order's id. Errors: order.not_found, purchase.not_confirmable, upstream.unavailable.
func (s *Service) ConfirmPurchase(ctx context.Context, staff auth.StaffCaller, purchaseID int64, subItems []string) (int64, error) {
	b, err := s.purchaseAt1688(ctx, purchaseID)
	if err != nil {
		return 0, err
	}
	orderID := b.purchase.OrderID
	open, err := s.unconfirmed(ctx, b, subItems)
	if err != nil || len(open) == 0 {
		return orderID, err
	}
	no, err := alibaba.ParseID(*b.purchase.AlibabaOrderID)
	if err != nil {
		return 0, err
	}
	audit := s.audited(ctx, "purchase.confirm_receipt", orderID, "", map[string]any{"purchase": id(purchaseID), "subItems": open, "by": staff.LoginName})
	if err := s.store.auditOnly(ctx, audit); err != nil {
		return 0, err
	}
	failed := s.client.ConfirmReceipt(ctx, no, open)
	if err := s.Refresh(ctx, purchaseID, "receipt.confirmed"); err != nil {
		return 0, errs.New(errs.Unavailable, "upstream.unavailable").Because(err)
	}
	if failed == nil {
		return orderID, nil
	}
	if b, err = s.store.purchase(ctx, purchaseID); err != nil {
		return 0, err
	}
	left, err := s.unconfirmed(ctx, b, subItems)
	switch {
	case err == nil && len(left) == 0: // it was done, by us or by somebody else
		return orderID, nil
	case alibaba.ClassOf(failed) == alibaba.Rejected:
		return 0, errs.New(errs.Conflict, "purchase.not_confirmable").Because(failed)
	default:
		return 0, errs.New(errs.Unavailable, "upstream.unavailable").Because(failed)
	}
}

// purchaseAt1688 reads a purchase that has an order there.
func (s *Service) purchaseAt1688(ctx context.Context, purchaseID int64) (*bought, error) {
	b, err := s.store.purchase(ctx, purchaseID)
	if err != nil {
		return nil, notFound(err)
	}
	if b.purchase.AlibabaOrderID == nil {
		return nil, errs.New(errs.Conflict, "purchase.not_at_1688")
	}
	return b, nil
}

// unconfirmed lists the sub-orders of a purchase that were shipped and not confirmed yet, among the wanted ones.
func (s *Service) unconfirmed(ctx context.Context, b *bought, wanted []string) ([]alibaba.ID, error) {
	lines, err := s.store.purchaseLines(ctx, b.purchase.ID)
	if err != nil {
		return nil, err
	}
	var open []alibaba.ID
	for _, l := range lines {
		if l.SubItemID == nil || (wanted != nil && !slices.Contains(wanted, *l.SubItemID)) {
			continue
		}
		no, err := alibaba.ParseID(*l.SubItemID)
		if err != nil {
			return nil, err
		}
		switch l.LogisticsStatus {
		case subSent:
			open = append(open, no)
		case subReceived, subReturned:
		default:
			if wanted != nil {
				return nil, errs.New(errs.Conflict, "purchase.not_confirmable")
			}
		}
	}
	for i, w := range wanted {
		if !slices.ContainsFunc(lines, func(l purchaseLineRow) bool { return l.SubItemID != nil && *l.SubItemID == w }) {
			return nil, errs.New(errs.Rule, "request.invalid").At("/subItemIds/"+strconv.Itoa(i), "order.line_unknown")
		}
	}
	if wanted == nil && b.purchase.RankNo < purchaseRank[Sent] && len(open) == 0 {
		return nil, errs.New(errs.Conflict, "purchase.not_confirmable")
	}
	return open, nil
}

// FindParcels finds parcels by a number they have or had, 1688's or ours.
func (s *Service) FindParcels(ctx context.Context, number string) ([]foundParcel, error) {
	rows, err := s.store.parcelsByNumber(ctx, number, maxFound)
	if err != nil {
		return nil, err
	}
	return s.found(ctx, rows)
}

// maxFound is how many parcels a look-up shows.
const maxFound = 100

// foundParcel is a parcel with its order.
type foundParcel struct {
	parcel  parcelRow
	numbers []string
	order   orderRow
}

func (s *Service) found(ctx context.Context, rows []parcelRow) ([]foundParcel, error) {
	numbers, err := s.store.numbersOf(ctx, rows)
	if err != nil {
		return nil, err
	}
	orders, err := s.store.ordersOf(ctx, rows)
	if err != nil {
		return nil, err
	}
	out := make([]foundParcel, len(rows))
	for i, p := range rows {
		out[i] = foundParcel{p, numbers[p.ID], orders[p.OrderID]}
	}
	return out, nil
}

// insideOf is what 1688 says is in a parcel: pieces by sub-order, and the sub-orders (or the order) it names.
func insideOf(p *alibaba.Parcel) (contents map[string]int64, entries []string) {
	contents = map[string]int64{}
	for _, c := range p.Contents() {
		if n := wholePieces(string(c.Quantity)); n > 0 && c.TradeOrderItemID != 0 {
			contents[c.TradeOrderItemID.String()] += n
		}
	}
	for _, no := range p.OrderEntryIDs() {
		entries = append(entries, no.String())
	}
	return contents, entries
}
