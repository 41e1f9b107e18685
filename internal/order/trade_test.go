package order

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"pgregory.net/rapid"

	"entrepot/internal/alibaba"
)

// read is what Refresh reads of a 1688 order, without applying it.
func (f *fixture) read(alibabaOrder string) tradeFact {
	f.t.Helper()
	n, err := alibaba.ParseID(alibabaOrder)
	require.NoError(f.t, err)
	trade, err := f.client.BuyerOrder(f.t.Context(), n)
	require.NoError(f.t, err)
	fact := factOf(trade)
	if shippedAny(trade) {
		fact.parcels, err = f.readParcels(f.t.Context(), n)
		require.NoError(f.t, err)
	}
	return fact
}

// life drives the 1688 orders of purchases through everything and keeps what was read on the way, in that order.
func (f *fixture) life(alibabaOrder string) []tradeFact {
	facts := []tradeFact{f.read(alibabaOrder)}
	step := func(action, body string) {
		f.act(alibabaOrder, action, body)
		facts = append(facts, f.read(alibabaOrder))
	}
	step("modify-price", `{"freightFen":1234}`)
	step("pay", "")
	step("part-ship", `{"carrier":"ZTO","billNo":"Z1"}`)
	step("ship", `{"carrier":"YTO","billNo":"Y1"}`)
	step("accept", "")
	step("change-mail-no", `{"carrier":"STO","billNo":"S1"}`)
	step("transport", "")
	step("sign", "")
	step("confirm", "")
	step("success", "")
	return facts
}

// copyOf writes the rows of an order and its one purchase once more under new ids.
func (f *fixture) copyOf(o *full, p purchaseRow, lines []purchaseLineRow) (order int64, purchase int64) {
	f.t.Helper()
	row := o.order
	row.ID, row.PreviewID = f.db.NewID(), f.db.NewID()
	row.Status, row.RankNo, row.StatusGroup = Ordered, statusRank[Ordered], string(Fulfilling)
	p.ID, p.OrderID = f.db.NewID(), row.ID
	number := id(p.ID)
	p.OutOrderID, p.AlibabaOrderID = number, &number
	ids := map[int64]int64{}
	f.inTx(func(tx *gorm.DB) error {
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		for _, l := range o.lines {
			was := l.ID
			l.ID, l.OrderID = f.db.NewID(), row.ID
			ids[was] = l.ID
			if err := tx.Create(&l).Error; err != nil {
				return err
			}
		}
		if err := tx.Create(&p).Error; err != nil {
			return err
		}
		for _, l := range lines {
			l.ID, l.PurchaseID, l.OrderID, l.LineID = f.db.NewID(), p.ID, row.ID, ids[l.LineID]
			if err := tx.Create(&l).Error; err != nil {
				return err
			}
		}
		return nil
	})
	return row.ID, p.ID
}

// state is everything that must not depend on the order or number of reads; ids and the times of writing are left out.
func (f *fixture) state(orderID int64) []string {
	f.t.Helper()
	o := f.order(orderID)
	out := []string{fmt.Sprint("order ", o.order.Status, " ", o.order.StatusGroup, " ", o.order.Attention)}
	for _, l := range o.lines {
		out = append(out, fmt.Sprint("line ", l.LineNo, " shipped ", l.ShippedQty, " received ", l.ReceivedQty))
	}
	number := map[int64]int{}
	for _, l := range o.lines {
		number[l.ID] = l.LineNo
	}
	purchases, lines, err := f.store.purchasesOf(f.t.Context(), orderID)
	require.NoError(f.t, err)
	for _, p := range purchases {
		out = append(out, fmt.Sprint("purchase ", p.State, " ", p.UpstreamStatus, " ", p.TotalFen, " ", p.PostFeeFen, " ", p.UpstreamModifiedAt.UTC(), " ",
			p.PaidAt != nil, p.ShippedAt != nil, p.CompletedAt != nil))
	}
	for _, l := range lines {
		require.NotNil(f.t, l.SubItemID)
		out = append(out, fmt.Sprint("bought line ", number[l.LineID], " ", *l.SubItemID, " ", l.Quantity, " ", l.UpstreamStatus, " ", l.LogisticsStatus, " ", l.AmountFen))
	}
	parcels, events, err := f.store.parcels(f.t.Context(), orderID)
	require.NoError(f.t, err)
	no := map[int64]string{}
	for _, p := range parcels {
		no[p.ID] = p.ParcelNo
		out = append(out, fmt.Sprint("parcel ", p.ParcelNo, " ", p.Carrier, " ", p.BillNo, " ", p.Status, " ", p.RankNo, " ", p.SignedAt != nil))
	}
	for _, e := range events {
		if e.Node != "waybill_changed" { // seen only by those who saw both numbers
			out = append(out, fmt.Sprint("step ", no[e.ParcelID], " ", e.Node, " ", e.Detail, " ", e.HappenedAt.UTC()))
		}
	}
	for _, p := range f.pushes(orderID) {
		out = append(out, fmt.Sprint("push ", number[p.LineID], " ", p.SubItemID))
	}
	slices.Sort(out)
	return out
}

func (f *fixture) apply(purchaseID int64, fact tradeFact) {
	f.t.Helper()
	f.clock.advance(time.Second)
	require.NoError(f.t, f.store.apply(f.t.Context(), purchaseID, fact, "test"))
}

// Reads of 1688 are applied in whatever order the workers finish, some of them twice; the end is one.
func TestReadsInAnyOrderEndAlike(t *testing.T) {
	checks(t, 20)
	f := newFixture(t, nil)
	a, b := f.oneSeller()
	o, rows := f.started(a.item(0, a.enough()), b.item(0, b.enough()))
	require.NoError(t, f.Create(t.Context(), rows[0].ID))
	facts := f.life(*f.purchases(o.order.ID)[0].AlibabaOrderID)
	p, lines := f.purchases(o.order.ID)[0], f.purchaseLines(o.order.ID)

	straight, purchase := f.copyOf(o, p, lines)
	for _, fact := range facts {
		f.apply(purchase, fact)
	}
	want := f.state(straight)
	assert.Equal(t, Arrived, f.order(straight).order.Status)
	require.Contains(t, want[len(want)-1], "step", "steps are part of the comparison")
	f.assertRelated(f.order(straight), 2)
	changed := f.waybills(straight)
	assert.Equal(t, []string{"Y1 -> S1"}, changed)

	rapid.Check(t, func(rt *rapid.T) {
		which := rapid.SliceOfN(rapid.IntRange(0, len(facts)-1), 0, 6).Draw(rt, "read twice")
		for i := range facts {
			which = append(which, i)
		}
		shuffled, purchase := f.copyOf(o, p, lines)
		for _, i := range rapid.Permutation(which).Draw(rt, "order") {
			f.apply(purchase, facts[i])
		}
		require.Equal(rt, want, f.state(shuffled))
		require.Subset(rt, changed, f.waybills(shuffled), "a number never changes back")
	})
}

func (f *fixture) waybills(orderID int64) []string {
	f.t.Helper()
	_, events, err := f.store.parcels(f.t.Context(), orderID)
	require.NoError(f.t, err)
	out := []string{}
	for _, e := range events {
		if e.Node == "waybill_changed" {
			out = append(out, e.Detail)
		}
	}
	return out
}

// Step by step: rows after each thing that happens at 1688.
func TestRefreshFollowsThePurchase(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.bought(a.item(0, a.enough()))
	p := rows[0]
	no := *p.AlibabaOrderID
	refresh := func() (orderRow, purchaseRow) {
		require.NoError(t, f.Refresh(t.Context(), p.ID, "message"))
		return f.order(o.order.ID).order, f.purchases(o.order.ID)[0]
	}
	assert.Equal(t, p.QuotedFen, p.TotalFen)
	f.assertRelated(o, 1)

	for _, tt := range []struct {
		action, body string
		state        PurchaseState
		word         string
		order        Status
	}{
		{"modify-price", `{"totalFen":5000}`, Unpaid, "waitbuyerpay", Ordered},
		{"pay", "", Bought, "waitsellersend", Ordered},
		{"ship", `{"carrier":"YTO","billNo":"Y1"}`, Sent, "waitbuyerreceive", Shipped},
		{"accept", "", Sent, "waitbuyerreceive", Shipped},
		{"sign", "", Sent, "waitbuyerreceive", Arrived},
		{"confirm", "", Received, "confirm_goods", Arrived},
		{"success", "", Success, "success", Arrived},
	} {
		f.act(no, tt.action, tt.body)
		ord, pur := refresh()
		assert.Equal(t, tt.state, pur.State, tt.action)
		assert.Equal(t, purchaseRank[tt.state], pur.RankNo, tt.action)
		assert.Equal(t, tt.word, pur.UpstreamStatus, tt.action)
		assert.Equal(t, tt.order, ord.Status, tt.action)
		assert.EqualValues(t, 5000, pur.TotalFen)
	}
	_, pur := refresh()
	for name, at := range map[string]*time.Time{"paid": pur.PaidAt, "shipped": pur.ShippedAt, "completed": pur.CompletedAt, "read": pur.ReadAt} {
		assert.NotNil(t, at, name)
	}
	line := f.order(o.order.ID).lines[0]
	assert.Equal(t, []int64{line.Quantity, line.Quantity}, []int64{line.ShippedQty, line.ReceivedQty})
	parcels, events, err := f.Parcels(t.Context(), member, f.site, o.order.ID)
	require.NoError(t, err)
	require.Len(t, parcels, 1)
	assert.Equal(t, []any{Domestic, "Y1", ParcelStatusDelivered, p.ID}, []any{parcels[0].Leg, parcels[0].BillNo, parcels[0].Status, parcels[0].PurchaseID})
	assert.NotNil(t, parcels[0].SignedAt)
	assert.Len(t, events, 3, "consigned, accepted, signed")
	f.assertRelated(o, 1)
	assert.Equal(t, []string{
		"payment.succeeded awaiting_payment>paid", "purchase.started paid>purchasing", "purchase.created creating>unpaid", "purchase.created purchasing>ordered",
		"price.asked unpaid>unpaid", "attention ordered>ordered", "message unpaid>paid", "price.withdrawn paid>paid", "attention ordered>ordered",
		"message paid>shipped", "message ordered>shipped", "message shipped>arrived", "message shipped>received", "message received>success",
	}, f.eventsOf(o.order.ID))
}

func TestConcurrentRefreshesRelateOnce(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.oneSeller()
	o, rows := f.started(a.item(0, a.enough()), a.item(1, 2), b.item(0, b.enough()))
	require.NoError(t, f.Create(t.Context(), rows[0].ID))
	no := *f.purchases(o.order.ID)[0].AlibabaOrderID
	f.act(no, "pay", "")
	f.act(no, "ship", "")
	f.act(no, "accept", "")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { assert.NoError(t, f.Refresh(t.Context(), rows[0].ID, "race")) })
	}
	wg.Wait()
	f.assertRelated(o, 3)
	parcels, events, err := f.store.parcels(t.Context(), o.order.ID)
	require.NoError(t, err)
	assert.Len(t, parcels, 1)
	assert.Len(t, events, 2)
	assert.Equal(t, Shipped, f.order(o.order.ID).order.Status)
	transitions := f.eventsOf(o.order.ID)
	slices.Sort(transitions)
	assert.Len(t, slices.Compact(slices.Clone(transitions)), len(transitions), "each transition once: %v", transitions)
}

// Two sellers: the order waits for the slower one; a closed purchase waits for staff.
func TestOrderFollowsTheSlowestPurchase(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	o, rows := f.bought(a.item(0, a.enough()), b.item(0, b.enough()))
	one, two := *rows[0].AlibabaOrderID, *rows[1].AlibabaOrderID
	f.act(one, "pay", "")
	f.act(one, "ship", "")
	f.refreshAll(o.order.ID)
	assert.Equal(t, Ordered, f.order(o.order.ID).order.Status)
	f.act(two, "close-by-seller", `{"reason":"sellerGoodsLack"}`)
	f.refreshAll(o.order.ID)
	got := f.order(o.order.ID).order
	assert.Equal(t, Shipped, got.Status, "what is left has shipped")
	assert.Equal(t, "purchase_closed", got.Attention)
	closed := f.purchases(o.order.ID)[1]
	assert.Equal(t, Closedup, closed.State)
	assert.Equal(t, "sellerGoodsLack", closed.CloseReason)
	assert.NotNil(t, closed.ClosedAt)
	f.act(one, "sign", "")
	f.refreshAll(o.order.ID)
	assert.Equal(t, Arrived, f.order(o.order.ID).order.Status)
}

func TestRefundAtSellerNeedsStaff(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.bought(a.item(0, a.enough()))
	fact := f.read(*rows[0].AlibabaOrderID)
	fact.refundStatus = "refundsuccess"
	f.apply(rows[0].ID, fact)
	assert.Equal(t, "purchase_refunded", f.order(o.order.ID).order.Attention)
	assert.Equal(t, "refundsuccess", f.purchases(o.order.ID)[0].RefundStatus)
}

func TestUnknownWordsAreKeptVerbatim(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.bought(a.item(0, a.enough()))
	fact := f.read(*rows[0].AlibabaOrderID)
	fact.word = "somethingnew"
	f.apply(rows[0].ID, fact)
	got := f.purchases(o.order.ID)[0]
	assert.Equal(t, Unpaid, got.State)
	assert.Equal(t, "somethingnew", got.UpstreamStatus)
}

// A refused sub-order of another product must not be tied to a line of ours.
func TestForeignItemsAreLeftAlone(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.bought(a.item(0, a.enough()))
	fact := f.read(*rows[0].AlibabaOrderID)
	fact.items = append(fact.items, itemFact{subItemID: "7", offerID: 1, specID: "x", quantity: 1}, itemFact{subItemID: "8", offerID: a.OfferID, specID: a.SKUs[1].SpecID, quantity: 1})
	f.apply(rows[0].ID, fact)
	f.assertRelated(o, 1)
}

func TestMatchItem(t *testing.T) {
	bound := "100"
	rows := []purchaseLineRow{{ID: 1, LineID: 11, SubItemID: &bound}, {ID: 2, LineID: 12}, {ID: 3, LineID: 13}, {ID: 4, LineID: 14}}
	lines := []lineRow{{ID: 11, OfferID: 5, SpecID: "a"}, {ID: 12, OfferID: 5, SpecID: "a"}, {ID: 13, OfferID: 6, SkuID: 60}, {ID: 14, OfferID: 7}}
	for _, tt := range []struct {
		item itemFact
		want int64
	}{
		{itemFact{subItemID: "100", offerID: 9}, 1},
		{itemFact{subItemID: "101", offerID: 5, specID: "a"}, 2},
		{itemFact{subItemID: "101", offerID: 5, specID: "b"}, 0},
		{itemFact{subItemID: "101", offerID: 6, skuID: 60}, 3},
		{itemFact{subItemID: "101", offerID: 6, skuID: 61}, 0},
		{itemFact{subItemID: "101", offerID: 7}, 4},
		{itemFact{subItemID: "101", offerID: 7, skuID: 7, specID: "given for single ones too"}, 4},
		{itemFact{subItemID: "101", offerID: 8}, 0},
	} {
		got := matchItem(tt.item, rows, lines)
		if tt.want == 0 {
			assert.Nil(t, got, "%+v", tt.item)
			continue
		}
		require.NotNil(t, got, "%+v", tt.item)
		assert.Equal(t, tt.want, got.ID, "%+v", tt.item)
	}
}

func TestWholePieces(t *testing.T) {
	for text, want := range map[string]int64{"5": 5, "5.0": 5, "12.000": 12, "": 0, "x": 0, "1e3": 0} {
		assert.Equal(t, want, wholePieces(text), text)
	}
}

func TestFactsForPushes(t *testing.T) {
	f := newFixture(t, nil)
	i := slices.IndexFunc(f.offers("single_spec"), func(o offer) bool { return len(o.Traits) == 1 && o.SKUs[0].Stock > 1000 })
	single, a := f.offers("single_spec")[i], f.plain()[0]
	o := f.placed(a.item(0, a.enough()), Item{OfferID: single.OfferID, Quantity: single.enough()})
	f.pay(o)
	got, err := f.Facts(t.Context(), o.order.ID)
	require.NoError(t, err)
	assert.Equal(t, []any{id(o.order.ID), "japan", member.OutMemberID, o.order.TotalFen}, []any{got.ID, got.Site, got.OutMemberID, got.TotalFen})
	assert.False(t, got.PaidAt.IsZero())
	require.Len(t, got.Lines, 2)
	assert.Equal(t, strconv.FormatInt(a.SKUs[0].SkuID, 10), got.Lines[0].SkuID)
	assert.Equal(t, "0", got.Lines[1].SkuID, "1688 wants the field filled")
	assert.Equal(t, o.lines[0].Subject, got.Lines[0].Name, "the seller's Chinese")
	raw, err := json.Marshal(got)
	require.NoError(t, err)
	for _, private := range []string{testAddress.FullName, testAddress.Phone, testAddress.Address, "soon please"} {
		assert.NotContains(t, string(raw), private)
	}
}
