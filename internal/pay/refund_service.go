package pay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/database"
	"entrepot/internal/errs"
	"entrepot/internal/order"
	"entrepot/internal/web"
)

// claim is what a line of the refund makes the site owe.
func (f *fullRefund) claim(l refundLineRow, by string) order.Owed {
	return order.Owed{OrderID: f.OrderID, LineID: l.LineID, Quantity: l.Quantity, AmountMinor: l.AmountMinor + l.FreightMinor, Cause: "refund",
		Key: "refund:" + strconv.FormatInt(f.ID, 10) + ":" + strconv.FormatInt(l.LineID, 10), DecidedBy: by}
}

func refundMissing(err error) error {
	if errors.Is(err, database.ErrNotFound) {
		return errs.New(errs.NotFound, "refund.not_found")
	}
	return err
}

// away turns trouble of 1688 in a member's request into an answer.
func away(err error) error {
	var e *alibaba.Error
	if errors.As(err, &e) && e.Class == alibaba.Rejected {
		return errs.New(errs.Rule, "refund.refused").Because(err)
	}
	if errors.As(err, &e) {
		return errs.New(errs.Unavailable, "upstream.unavailable").Because(err).After(5 * time.Second)
	}
	return err
}

// sold reads an order that may be refunded. Errors: order.not_found, refund.not_paid.
func (s *Service) sold(ctx context.Context, who auth.MemberCaller, orderID int64) (*order.Sold, error) {
	sold, err := s.orders.Sold(ctx, who.Site, who.ID, orderID)
	if err == nil && !sold.Paid {
		return nil, errs.New(errs.Conflict, "refund.not_paid")
	}
	return sold, err
}

// RefundReasons lists the reasons 1688 takes for some lines, all of them when none is named. Without a part at 1688 there
// are none, and none is needed.
func (s *Service) RefundReasons(ctx context.Context, who auth.MemberCaller, orderID int64, lines []int64, received bool) ([]alibaba.RefundReason, error) {
	sold, err := s.sold(ctx, who, orderID)
	if err != nil {
		return nil, err
	}
	var items []RefundItem
	for _, l := range sold.Lines {
		if len(lines) == 0 || slices.Contains(lines, l.ID) {
			items = append(items, RefundItem{l.ID, l.Quantity})
		}
	}
	if len(items) == 0 {
		return nil, errs.New(errs.Invalid, "request.invalid").At("/query/lineIds", "refund.line_unknown")
	}
	parts, _ := planParts(sold, items, received, map[string]int64{})
	return s.reasons(ctx, parts)
}

// reasons asks 1688 for the reasons all parts accept.
func (s *Service) reasons(ctx context.Context, parts []partPlan) ([]alibaba.RefundReason, error) {
	var lists [][]alibaba.RefundReason
	for _, p := range parts {
		row := refundPartRow{AlibabaOrderID: p.AlibabaOrderID, ItemsJSON: itemsJSON(p.Items)}
		ids, _ := row.subItems()
		list, err := s.client.RefundReasons(ctx, row.orderID(), ids, p.GoodsStatus)
		if err != nil {
			return nil, away(err)
		}
		lists = append(lists, list)
	}
	return sameReasons(lists), nil
}

func itemsJSON(items []partItem) string {
	b, err := json.Marshal(items)
	if err != nil {
		panic(err) // our own plain structs always encode
	}
	return string(b)
}

// AskRefund opens a refund, once per idempotency key: the wish is priced, 1688's reasons are checked, and the requests at
// 1688 are queued in the same transaction. encode renders the answer that is kept for replays.
func (s *Service) AskRefund(ctx context.Context, who auth.MemberCaller, orderID int64, w RefundWish, idem web.Idem, encode func(*fullRefund) (web.Answer, error)) (web.Answer, *web.Replay, error) {
	answer, replay, err := s.idem.Once(ctx, idem, func(ctx context.Context) (web.Answer, error) {
		sold, err := s.sold(ctx, who, orderID)
		if err != nil {
			return web.Answer{}, err
		}
		f, freight, err := s.draftRefund(ctx, sold, w)
		if err != nil {
			return web.Answer{}, err
		}
		var answer web.Answer
		err = s.store.open(ctx, sold, f, freight, func(tx dbTx) (err error) {
			if answer, err = encode(f); err != nil {
				return err
			}
			return s.idem.SaveTx(ctx, tx, idem, answer)
		})
		return answer, err
	})
	if err == nil && replay == nil {
		s.jobs.Kick()
	}
	return answer, replay, err
}

// draftRefund checks a wish and makes the rows of its refund, without prices.
func (s *Service) draftRefund(ctx context.Context, sold *order.Sold, w RefundWish) (*fullRefund, bool, error) {
	if err := checkWish(sold, w); err != nil {
		return nil, false, err
	}
	used, err := s.store.usedSubItems(ctx, sold.ID)
	if err != nil {
		return nil, false, err
	}
	parts, untold := planParts(sold, w.Items, w.Received, used)
	if err := checkParts(parts, w); err != nil {
		return nil, false, err
	}
	reason, err := s.reasonFor(ctx, parts, w)
	if err != nil {
		return nil, false, err
	}
	unsent := len(parts) == 0
	for _, p := range parts {
		unsent = unsent || p.GoodsStatus == alibaba.GoodsUnsent
	}
	freight := unsent && !bool(reason.NoRefundCarriage)
	f := s.newRefund(sold, w, reason, untold, parts)
	for i, it := range w.Items {
		f.lines = append(f.lines, refundLineRow{ID: s.store.db.NewID(), RefundID: f.ID, OrderID: sold.ID, LineID: w.Items[i].LineID, Quantity: it.Quantity, Live: 1})
	}
	for _, p := range parts {
		f.parts = append(f.parts, s.newPart(f, p, bool(reason.NoRefundCarriage)))
	}
	return f, freight, nil
}

func (s *Service) newRefund(sold *order.Sold, w RefundWish, reason alibaba.RefundReason, untold int64, parts []partPlan) *fullRefund {
	now := s.now().UTC().Truncate(time.Millisecond)
	f := &fullRefund{refundRow: refundRow{
		ID: s.store.db.NewID(), OrderID: sold.ID, Site: sold.Site, MemberID: sold.MemberID, Kind: w.Kind, State: refundRunning,
		ReasonID: w.ReasonID, Reason: clip(string(reason.Name), 200), Description: w.Description, EvidenceWanted: w.Evidence,
		Currency: sold.Currency, Untold: untold, CreatedAt: now, UpdatedAt: now,
	}}
	switch {
	case w.Evidence > 0:
		f.State = refundEvidence
	case len(parts) == 0:
		f.State = refundDeciding
	}
	return f
}

func (s *Service) newPart(f *fullRefund, p partPlan, noCarriage bool) refundPartRow {
	row := refundPartRow{
		ID: s.store.db.NewID(), RefundID: f.ID, OrderID: f.OrderID, PurchaseID: p.PurchaseID, AlibabaOrderID: p.AlibabaOrderID, GoodsStatus: p.GoodsStatus,
		Request: alibaba.RefundMoneyOnly, ItemsJSON: itemsJSON(p.Items), AskFen: p.AskFen, State: partWaiting, CreatedAt: f.CreatedAt, UpdatedAt: f.CreatedAt,
	}
	if f.Kind == withReturn {
		row.Request = alibaba.RefundAndReturn
	}
	if p.Whole {
		row.Whole = 1
	}
	if p.GoodsStatus == alibaba.GoodsUnsent && p.Whole && !noCarriage {
		row.WantCarriage = 1
	}
	return row
}

// checkWish refuses what no order can have. Errors: request.invalid with pointers.
func checkWish(sold *order.Sold, w RefundWish) error {
	bad := func(pointer, key string) error { return errs.New(errs.Invalid, "request.invalid").At(pointer, key) }
	if n := utf8.RuneCountInString(strings.TrimSpace(w.Description)); n < descriptionMin || utf8.RuneCountInString(w.Description) > descriptionMax {
		return bad("/description", "refund.description")
	}
	seen := map[int64]bool{}
	for i, it := range w.Items {
		at := "/lines/" + strconv.Itoa(i)
		if seen[it.LineID] {
			return bad(at+"/lineId", "field.duplicate")
		}
		seen[it.LineID] = true
		j := slices.IndexFunc(sold.Lines, func(l order.SoldLine) bool { return l.ID == it.LineID })
		if j < 0 {
			return bad(at+"/lineId", "refund.line_unknown")
		}
		if it.Quantity < 1 || it.Quantity > sold.Lines[j].Quantity {
			return errs.New(errs.Rule, "refund.too_many").At(at+"/quantity", "refund.too_many")
		}
	}
	return nil
}

// checkParts refuses what 1688 does not take: goods that were not received cannot go back, and what is not sent yet is
// refunded by whole sub-orders.
func checkParts(parts []partPlan, w RefundWish) error {
	for _, p := range parts {
		if w.Kind == withReturn && !cameBack(p.GoodsStatus) {
			return errs.New(errs.Rule, "refund.not_received").At("/kind", "refund.not_received")
		}
		for _, it := range p.Items {
			if p.GoodsStatus == alibaba.GoodsUnsent && it.Quantity != it.Of {
				at := "/lines/" + strconv.Itoa(slices.IndexFunc(w.Items, func(r RefundItem) bool { return r.LineID == it.LineID })) + "/quantity"
				return errs.New(errs.Rule, "refund.whole_line").At(at, "refund.whole_line")
			}
		}
	}
	return nil
}

// reasonFor checks the reason against 1688's lists. Errors: refund.reason, refund.evidence_needed.
func (s *Service) reasonFor(ctx context.Context, parts []partPlan, w RefundWish) (r alibaba.RefundReason, err error) {
	if len(parts) == 0 {
		return r, nil
	}
	list, err := s.reasons(ctx, parts)
	if err != nil {
		return r, err
	}
	i := slices.IndexFunc(list, func(r alibaba.RefundReason) bool { return int64(r.ID) == w.ReasonID })
	if i < 0 {
		return r, errs.New(errs.Rule, "refund.reason").At("/reasonId", "refund.reason")
	}
	if bool(list[i].NeedVoucher) && w.Evidence == 0 {
		return r, errs.New(errs.Rule, "refund.evidence_needed").At("/evidence", "refund.evidence_needed")
	}
	return list[i], nil
}

// Refund reads one refund of a member, or with an empty caller for staff. Errors: refund.not_found.
func (s *Service) Refund(ctx context.Context, who auth.MemberCaller, id int64) (*fullRefund, error) {
	f, err := s.store.refund(ctx, who.Site, who.ID, id)
	return f, refundMissing(err)
}

// RefundsOf lists the refunds of a member's order, newest first.
func (s *Service) RefundsOf(ctx context.Context, who auth.MemberCaller, orderID int64) ([]refundRow, error) {
	if _, err := s.orders.Sold(ctx, who.Site, who.ID, orderID); err != nil {
		return nil, err
	}
	return s.store.refunds(ctx, refundFilter{orderID: orderID, limit: web.MaxLimit})
}

// AddEvidence hands a picture that search has prepared to 1688 and keeps its address; the same picture counts once.
func (s *Service) AddEvidence(ctx context.Context, f *fullRefund, jpeg []byte) error {
	sum := sha256.Sum256(jpeg)
	digest := hex.EncodeToString(sum[:])
	known := slices.ContainsFunc(f.vouchers, func(v refundVoucherRow) bool { return v.Digest == digest })
	if known {
		return nil
	}
	if f.State != refundEvidence || len(f.vouchers) >= maxEvidence {
		return errs.New(errs.Conflict, "refund.evidence_enough")
	}
	url, err := s.client.UploadRefundVoucher(ctx, jpeg)
	if err != nil {
		return away(err)
	}
	err = s.store.addVoucher(ctx, f.ID, url, digest)
	s.jobs.Kick()
	return err
}

// Withdraw takes a refund back for its member: at once, or as soon as 1688 has taken it back.
func (s *Service) Withdraw(ctx context.Context, id int64) error {
	err := s.store.takeBack(ctx, id, refundWithdrawn, refundEntryRow{Actor: "member", Action: "withdrawing", Dedupe: "withdrawing"}, func(dbTx) error { return nil })
	s.jobs.Kick()
	return err
}

// SendBack notes with which carrier (1688's code) and waybill the goods go back; partID 0 is every part that waits for goods.
func (s *Service) SendBack(ctx context.Context, id, partID int64, carrier, waybill string) error {
	err := s.store.sendBack(ctx, id, partID, carrier, waybill, refundEntryRow{Actor: "member"}, func(dbTx) error { return nil })
	s.jobs.Kick()
	return err
}
