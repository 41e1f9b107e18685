package order

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/jobs"
)

const createAPI = "alibaba.trade.createCrossOrder"

// The rows are there before 1688 hears anything, one for each seller; doing it again changes nothing.
func TestStartPurchase(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	o, rows := f.started(a.item(0, a.enough()), b.item(0, b.enough()), a.item(1, 3))
	require.Len(t, rows, 2)
	for i, p := range rows {
		assert.Equal(t, Creating, p.State)
		assert.Nil(t, p.AlibabaOrderID)
		assert.Equal(t, id(p.ID), p.OutOrderID)
		assert.Equal(t, i, p.GroupNo)
		assert.Zero(t, p.SendCount)
		assert.Equal(t, "general", p.Flow)
		assert.Positive(t, p.QuotedFen)
	}
	assert.Equal(t, o.order.TotalFen, rows[0].QuotedFen+rows[1].QuotedFen)
	assert.Equal(t, Purchasing, o.order.Status)
	lines := f.purchaseLines(o.order.ID)
	require.Len(t, lines, 3)
	byLine := map[int64]purchaseLineRow{}
	for _, l := range lines {
		byLine[l.LineID] = l
		assert.Nil(t, l.SubItemID)
	}
	for _, l := range o.lines {
		assert.Equal(t, l.Quantity, byLine[l.ID].Quantity)
		assert.Equal(t, rows[l.GroupNo].ID, byLine[l.ID].PurchaseID)
	}
	creates := f.jobsOf(JobCreate)
	require.Len(t, creates, 2)
	assert.Equal(t, "purchase:"+rows[0].OutOrderID, creates[0].Aggregate)
	assert.Zero(t, f.calls(createAPI))

	require.NoError(t, f.StartPurchase(t.Context(), o.order.ID, "purchase.started", "system"))
	assert.Equal(t, rows, f.purchases(o.order.ID))
	assert.Len(t, f.purchaseLines(o.order.ID), 3)
	assert.Len(t, f.jobsOf(JobCreate), 2)
	assert.True(t, errs.Is(f.StartPurchase(t.Context(), 5, "x", "y"), "order.not_found"))
}

func TestStartPurchaseLeavesClosedOrdersAlone(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o := f.placed(a.item(0, a.enough()))
	f.clock.advance(25 * time.Hour)
	_, err := f.store.closeUnpaid(t.Context(), o.order.ID)
	require.NoError(t, err)
	require.NoError(t, f.StartPurchase(t.Context(), o.order.ID, "purchase.started", "system"))
	assert.Empty(t, f.purchases(o.order.ID))
	assert.Empty(t, f.jobsOf(JobCreate))
}

func TestPurchaseNow(t *testing.T) {
	f := newFixture(t, trigger(Manual))
	a := f.plain()[0]
	o := f.placed(a.item(0, a.enough()))
	assert.True(t, errs.Is(f.PurchaseNow(t.Context(), o.order.ID, "ops"), "order.not_payable"), "not paid")
	f.pay(o)
	require.NoError(t, f.PurchaseNow(t.Context(), o.order.ID, "ops"))
	assert.Len(t, f.purchases(o.order.ID), 1)
	assert.Contains(t, f.eventsOf(o.order.ID), "staff.purchase paid>purchasing")
	assert.True(t, errs.Is(f.PurchaseNow(t.Context(), 5, "ops"), "order.not_found"))
	stock := f.rowFor(Paid, func(r *orderRow) { now := f.clock.now(); r.OrderType, r.PaidAt = TypeStock, &now })
	assert.True(t, errs.Is(f.PurchaseNow(t.Context(), stock.ID, "ops"), "order.not_payable"))
}

func TestCreateAdopts(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.started(a.item(0, a.enough()))
	p := rows[0]
	require.NoError(t, f.Create(t.Context(), p.ID))
	got := f.purchases(o.order.ID)[0]
	require.NotNil(t, got.AlibabaOrderID)
	assert.Equal(t, Unpaid, got.State)
	assert.Equal(t, 1, got.SendCount)
	assert.Equal(t, Ordered, f.order(o.order.ID).order.Status)
	assert.Equal(t, 1, f.creates(p.OutOrderID))
	followed := []string{}
	for _, r := range f.jobsOf("") {
		if r.Aggregate == "purchase:"+id(p.ID) {
			followed = append(followed, r.Kind)
		}
	}
	assert.Equal(t, []string{JobCreate, JobRefresh, JobPay}, followed, "read again, then paid, one after the other")

	// The job may run again, and a slow twin may come with ids of its own: nothing changes.
	require.NoError(t, f.Create(t.Context(), p.ID))
	b, err := f.store.purchase(t.Context(), p.ID)
	require.NoError(t, err)
	require.NoError(t, f.store.adopt(t.Context(), b, []placedAt1688{{id: "999"}, {id: "998"}}, nil, "purchase.created"))
	assert.Equal(t, got, f.purchases(o.order.ID)[0])
	assert.Len(t, f.purchases(o.order.ID), 1)
	assert.Len(t, f.jobsOf(JobPay), 1)
	assert.Equal(t, 1, f.creates(p.OutOrderID))
}

// run calls Create as the queue would, letting time pass where it is told to wait.
func (f *fixture) run(purchaseID int64) (tries int, classes []alibaba.Class) {
	f.t.Helper()
	for tries < 10 {
		tries++
		err := f.Create(f.t.Context(), purchaseID)
		var wait errWait
		switch {
		case err == nil:
			return tries, classes
		case errors.As(err, &wait):
			f.clock.advance(wait.after)
		default:
			classes = append(classes, alibaba.ClassOf(err))
			f.clock.advance(time.Second)
		}
	}
	require.Fail(f.t, "never bought", "%v", classes)
	return tries, classes
}

// Whatever happens to the call, 1688 holds one order for our number.
func TestCreateOnceUnderEveryFault(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	for _, tt := range []struct {
		kind  string
		class alibaba.Class
		calls int // of createCrossOrder
	}{
		{"timeout_before", alibaba.Unknown, 2}, {"timeout_after", alibaba.Unknown, 1}, {"reset", alibaba.Unknown, 2}, {"reset_after", alibaba.Unknown, 1},
		{"http_500", alibaba.Unknown, 2}, {"http_500_after", alibaba.Unknown, 1}, {"garbage", alibaba.Unknown, 1}, {"truncated", alibaba.Unknown, 1},
		{"quota", alibaba.Quota, 2}, {"unauthorized", alibaba.Auth, 2}, {"acl", alibaba.Auth, 2}, {"latency", "", 1}, {"success_false_with_order", "", 1},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			o, rows := f.started(a.item(0, a.enough()))
			before := f.calls(createAPI)
			f.fault("createCrossOrder", tt.kind, 1)
			_, classes := f.run(rows[0].ID)
			var want []alibaba.Class
			if tt.class != "" {
				want = []alibaba.Class{tt.class}
			}
			assert.Equal(t, want, classes)
			assert.Equal(t, 1, f.creates(rows[0].OutOrderID))
			assert.Equal(t, tt.calls, f.calls(createAPI)-before)
			got := f.purchases(o.order.ID)
			require.Len(t, got, 1)
			assert.Equal(t, Unpaid, got[0].State)
			assert.NotNil(t, got[0].AlibabaOrderID)
			assert.Empty(t, got[0].LastError)
			assert.Equal(t, Ordered, f.order(o.order.ID).order.Status)
			assert.Empty(t, f.order(o.order.ID).order.Attention)
			f.control("DELETE", "/faults", "", nil)
		})
	}
}

// After a lost answer, a look-up that finds nothing proves nothing until the call cannot be on its way any more.
func TestCreateRespectsTheSettleTime(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.started(a.item(0, a.enough()))
	f.fault("createCrossOrder", "reset", 1)
	require.Error(t, f.Create(t.Context(), rows[0].ID))
	sent := f.purchases(o.order.ID)[0]
	assert.Equal(t, 1, sent.SendCount)
	require.NotNil(t, sent.SentAt)

	settle := f.rules.CallTimeout + f.rules.Settle
	f.clock.advance(settle - time.Millisecond)
	var wait errWait
	require.ErrorAs(t, f.Create(t.Context(), rows[0].ID), &wait)
	assert.Equal(t, time.Millisecond, wait.after)
	assert.Equal(t, 1, f.calls(createAPI))
	assert.Positive(t, f.calls("alibaba.trade.getBuyerOrderList"), "it looked")
	f.clock.advance(wait.after)
	require.NoError(t, f.Create(t.Context(), rows[0].ID))
	assert.Equal(t, 1, f.creates(rows[0].OutOrderID))
	assert.Equal(t, 2, f.purchases(o.order.ID)[0].SendCount)
}

// While 1688 cannot be asked, nothing is created either.
func TestCreateDoesNotGuessWhenTheProbeFails(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	_, rows := f.started(a.item(0, a.enough()))
	f.fault("createCrossOrder", "reset_after", 1)
	require.Error(t, f.Create(t.Context(), rows[0].ID))
	f.clock.advance(time.Hour)
	f.fault("getBuyerOrderList", "http_500", 0)
	require.Error(t, f.Create(t.Context(), rows[0].ID))
	assert.Equal(t, 1, f.calls(createAPI))
}

func TestCreateByManyWorkers(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.started(a.item(0, a.enough()))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var wait errWait
			if err := f.Create(t.Context(), rows[0].ID); err != nil {
				assert.ErrorAs(t, err, &wait)
			}
		})
	}
	wg.Wait()
	f.run(rows[0].ID)
	assert.Equal(t, 1, f.creates(rows[0].OutOrderID))
	assert.Equal(t, 1, f.calls(createAPI))
	assert.Len(t, f.purchases(o.order.ID), 1)
	assert.Len(t, f.jobsOf(JobPay), 1)
}

// buyAll takes the whole stock of a variant, so that the next order of it is refused.
func (f *fixture) buyAll(o offer, sku int, left int64) {
	f.t.Helper()
	_, err := f.client.CreateCrossOrder(f.t.Context(), alibaba.OrderRequest{
		Flow: "general", Address: DemoWarehouse.address(), Cargo: []alibaba.Cargo{{OfferID: alibaba.ID(o.OfferID), SpecID: o.SKUs[sku].SpecID, Quantity: o.SKUs[sku].Stock - left}},
	})
	require.NoError(f.t, err)
}

func TestRefusedPurchase(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	o, rows := f.started(a.item(0, a.enough()), b.item(0, b.enough()))
	f.buyAll(a, 0, 1)
	for range 2 {
		require.NoError(t, f.Create(t.Context(), rows[0].ID), "final: the queue need not try again")
	}
	require.NoError(t, f.Create(t.Context(), rows[1].ID))
	got := f.purchases(o.order.ID)
	assert.Equal(t, Refused, got[0].State)
	assert.Contains(t, got[0].LastError, "500_004")
	assert.NotNil(t, got[0].ClosedAt)
	assert.Nil(t, got[0].AlibabaOrderID)
	assert.Equal(t, Unpaid, got[1].State)
	after := f.order(o.order.ID).order
	assert.Equal(t, "purchase_refused", after.Attention)
	assert.Equal(t, string(Attention), after.StatusGroup)
	assert.Equal(t, 1, f.calls(createAPI)-1-1, "once for ours of each seller, once to empty the stock")
	assert.Len(t, f.jobsOf(JobPay), 1, "of the other seller only")
}

func TestSplitByLines(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.oneSeller()
	o, rows := f.started(a.item(0, a.enough()), b.item(0, b.enough()))
	require.Len(t, rows, 1)
	f.fault("createCrossOrder", "split_order", 1)
	require.NoError(t, f.Create(t.Context(), rows[0].ID))
	got := f.purchases(o.order.ID)
	require.Len(t, got, 2)
	assert.Equal(t, rows[0].ID, got[1].ParentID)
	assert.Equal(t, rows[0].OutOrderID+"-"+*got[1].AlibabaOrderID, got[1].OutOrderID)
	assert.Equal(t, rows[0].QuotedFen, got[0].QuotedFen+got[1].QuotedFen, "they share the quote, to the fen")
	assert.Len(t, f.jobsOf(JobRefresh), 2)
	assert.Len(t, f.jobsOf(JobPay), 2)
	f.refreshAll(o.order.ID)
	f.assertRelated(o, 2)
}

// One line cut in two: both halves are told to 1688, and each counts for what it holds.
func TestSplitByPieces(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	quantity := a.enough() | 1
	o, rows := f.started(a.item(0, quantity))
	f.fault("createCrossOrder", "split_order", 1)
	require.NoError(t, f.Create(t.Context(), rows[0].ID))
	got := f.purchases(o.order.ID)
	require.Len(t, got, 2)
	for range 2 {
		f.refreshAll(o.order.ID)
	}
	f.assertRelated(o, 2)
	var sum int64
	for _, l := range f.purchaseLines(o.order.ID) {
		sum += l.Quantity
	}
	assert.Equal(t, quantity, sum)

	f.act(*got[0].AlibabaOrderID, "pay", "")
	f.act(*got[0].AlibabaOrderID, "ship", "")
	f.refreshAll(o.order.ID)
	assert.Equal(t, quantity/2, f.order(o.order.ID).lines[0].ShippedQty)
	f.act(*got[1].AlibabaOrderID, "pay", "")
	f.act(*got[1].AlibabaOrderID, "ship", "")
	f.refreshAll(o.order.ID)
	assert.Equal(t, quantity, f.order(o.order.ID).lines[0].ShippedQty)
	assert.Equal(t, Shipped, f.order(o.order.ID).order.Status)
}

func (f *fixture) refreshAll(orderID int64) {
	f.t.Helper()
	for _, p := range f.purchases(orderID) {
		require.NoError(f.t, f.Refresh(f.t.Context(), p.ID, "test"))
	}
}

// assertRelated: every 1688 sub-order is tied to one of our lines, and told once.
func (f *fixture) assertRelated(o *full, pairs int) {
	f.t.Helper()
	told, subs := map[string]int{}, map[string]bool{}
	for _, p := range f.pushes(o.order.ID) {
		if p.SubItemID != "" {
			told[p.ObjectKey]++
			subs[p.AlibabaOrderID+"/"+p.SubItemID] = true
			assert.Equal(f.t, fmt.Sprintf("%d:%s", p.LineID, p.SubItemID), p.ObjectKey)
		}
	}
	assert.Len(f.t, told, pairs)
	assert.Len(f.t, subs, pairs)
	for key, n := range told {
		assert.Equal(f.t, 1, n, key)
	}
	bound := 0
	for _, l := range f.purchaseLines(o.order.ID) {
		if assert.NotNil(f.t, l.SubItemID) {
			bound++
		}
	}
	assert.Equal(f.t, pairs, bound)
}

// Somebody bought twice under our number (it must not happen, but 1688 allows it): both are ours to watch.
func TestProbeFindsTwo(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.started(a.item(0, a.enough()))
	f.fault("createCrossOrder", "reset", 1)
	require.Error(t, f.Create(t.Context(), rows[0].ID))
	b, err := f.store.purchase(t.Context(), rows[0].ID)
	require.NoError(t, err)
	for range 2 {
		_, err := f.client.CreateCrossOrder(t.Context(), f.request(b))
		require.NoError(t, err)
	}
	require.NoError(t, f.Create(t.Context(), rows[0].ID))
	got := f.purchases(o.order.ID)
	require.Len(t, got, 2)
	assert.NotEqual(t, *got[0].AlibabaOrderID, *got[1].AlibabaOrderID)
	assert.Len(t, f.jobsOf(JobRefresh), 2)
}

func TestRequestTo1688(t *testing.T) {
	f := newFixture(t, nil)
	a, c := f.oneSeller()
	o, rows := f.started(a.item(0, a.enough()), c.item(1, c.enough()))
	b, err := f.store.purchase(t.Context(), rows[0].ID)
	require.NoError(t, err)
	b.order.order.Note = strings.Repeat("界", 400)
	r := f.request(b)
	assert.Equal(t, rows[0].OutOrderID, r.OutOrderID)
	assert.Equal(t, "kuajing", r.FenxiaoChannel)
	assert.LessOrEqual(t, len(r.Message), 500)
	assert.Equal(t, DemoWarehouse.City, r.Address.CityText)
	require.Len(t, r.Cargo, 2)
	for i, cargo := range r.Cargo {
		assert.Equal(t, alibaba.Cargo{OfferID: alibaba.ID(o.lines[i].OfferID), SpecID: o.lines[i].SpecID, Quantity: o.lines[i].Quantity, OutMemberID: member.OutMemberID}, cargo)
	}
	assert.Equal(t, alibaba.Address{AddressID: 77}, Warehouse{AddressID: 77, City: "ignored"}.address())
}

// on_submit: bought before the member pays; 1688 may learn of the order only then, and of relations after that.
func TestOnSubmitTellsRelationsAfterPayment(t *testing.T) {
	f := newFixture(t, trigger(OnSubmit))
	a, b := f.twoSellers()
	o := f.placed(a.item(0, a.enough()), b.item(0, b.enough()))
	require.NoError(t, f.StartPurchase(t.Context(), o.order.ID, "purchase.started", "system"))
	for _, p := range f.purchases(o.order.ID) {
		require.NoError(t, f.Create(t.Context(), p.ID))
	}
	f.refreshAll(o.order.ID)
	assert.Equal(t, Ordered, f.order(o.order.ID).order.Status)
	assert.Empty(t, f.pushes(o.order.ID))
	f.pay(o)
	got := f.pushes(o.order.ID)
	require.Len(t, got, 3)
	assert.Equal(t, "payed", got[0].Version)
	f.assertRelated(o, 2)
	assert.Equal(t, Ordered, f.order(o.order.ID).order.Status, "a payment takes no order back")
	f.refreshAll(o.order.ID)
	f.assertRelated(o, 2)
}

// The payment window of an on_submit order ends while 1688 is away: nothing may be bought for it any more.
func TestNothingIsBoughtForAClosedOrder(t *testing.T) {
	f := newFixture(t, trigger(OnSubmit))
	a := f.plain()[0]
	o := f.placed(a.item(0, a.enough()))
	require.NoError(t, f.StartPurchase(t.Context(), o.order.ID, "purchase.started", "system"))
	p := f.purchases(o.order.ID)[0]
	f.clock.advance(25 * time.Hour)
	_, err := f.store.closeUnpaid(t.Context(), o.order.ID)
	require.NoError(t, err)
	require.NoError(t, f.Create(t.Context(), p.ID))
	assert.Zero(t, f.creates(p.OutOrderID))
	got := f.purchases(o.order.ID)[0]
	assert.Equal(t, Closedup, got.State)
	assert.Equal(t, "order_closed", got.CloseReason)
	assert.Empty(t, f.order(o.order.ID).order.Attention)
}

// The answer of a creation got lost, the order closed, and then it turns out that 1688 has it: never pay it by ourselves.
func TestAPurchaseOfAClosedOrderIsNotPaid(t *testing.T) {
	f := newFixture(t, trigger(OnSubmit))
	a := f.plain()[0]
	o := f.placed(a.item(0, a.enough()))
	require.NoError(t, f.StartPurchase(t.Context(), o.order.ID, "purchase.started", "system"))
	p := f.purchases(o.order.ID)[0]
	f.fault("createCrossOrder", "reset_after", 1)
	require.Error(t, f.Create(t.Context(), p.ID))
	f.clock.advance(25 * time.Hour)
	_, err := f.store.closeUnpaid(t.Context(), o.order.ID)
	require.NoError(t, err)
	require.NoError(t, f.Create(t.Context(), p.ID))
	assert.NotNil(t, f.purchases(o.order.ID)[0].AlibabaOrderID, "known, so that staff can cancel it")
	due, err := f.ToPay(t.Context(), p.ID)
	require.NoError(t, err)
	assert.False(t, due.Unpaid)
	got := f.order(o.order.ID).order
	assert.Equal(t, Cancelled, got.Status)
	assert.Equal(t, "purchase_of_closed_order", got.Attention)
}

func TestStartPayingCountsOnce(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	_, rows := f.bought(a.item(0, a.enough()))
	due, err := f.ToPay(t.Context(), rows[0].ID)
	require.NoError(t, err)
	assert.Equal(t, ToPay{ID: rows[0].ID, OrderID: rows[0].OrderID, AlibabaOrderID: due.AlibabaOrderID, Unpaid: true, TotalFen: rows[0].TotalFen, QuotedFen: rows[0].QuotedFen}, due)
	assert.Equal(t, *rows[0].AlibabaOrderID, id(due.AlibabaOrderID))
	wins := make(chan bool, 8)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			mine, err := f.StartPaying(t.Context(), due)
			assert.NoError(t, err)
			wins <- mine
		})
	}
	wg.Wait()
	close(wins)
	won := 0
	for w := range wins {
		if w {
			won++
		}
	}
	assert.Equal(t, 1, won)
	assert.Equal(t, 1, f.purchases(rows[0].OrderID)[0].PayAttempts)
}

func TestUnreadAndBehind(t *testing.T) {
	f := newFixture(t, nil)
	a, b := f.twoSellers()
	_, rows := f.bought(a.item(0, a.enough()), b.item(0, b.enough()))
	ids, err := f.Unread(t.Context(), f.clock.now(), 10)
	require.NoError(t, err)
	assert.Empty(t, ids, "just read")
	f.clock.advance(time.Hour)
	require.NoError(t, f.Refresh(t.Context(), rows[1].ID, "test"))
	ids, err = f.Unread(t.Context(), f.clock.now(), 10)
	require.NoError(t, err)
	assert.Equal(t, []int64{rows[0].ID}, ids)

	no, modified := *rows[0].AlibabaOrderID, *rows[0].UpstreamModifiedAt
	for _, tt := range []struct {
		name, order, word string
		modified          time.Time
		want              bool
	}{
		{"as we read it", no, "waitbuyerpay", modified, false},
		{"the list is older", no, "waitbuyerpay", modified.Add(-time.Hour), false},
		{"another word", no, "waitsellersend", modified, true},
		{"changed without a new word", no, "waitbuyerpay", modified.Add(time.Second), true},
		{"no time given", no, "waitbuyerpay", time.Time{}, false},
		{"somebody else's", "1", "waitsellersend", modified.Add(time.Hour), false},
	} {
		purchase, behind, err := f.Behind(t.Context(), tt.order, tt.word, tt.modified)
		require.NoError(t, err, tt.name)
		assert.Equal(t, tt.want, behind, tt.name)
		if tt.order == no {
			assert.Equal(t, rows[0].ID, purchase, tt.name)
		}
	}
	purchase, order, err := f.PurchaseOf(t.Context(), *rows[1].AlibabaOrderID)
	require.NoError(t, err)
	assert.Equal(t, []int64{rows[1].ID, rows[1].OrderID}, []int64{purchase, order})
}

func TestRefreshTooEarly(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	_, rows := f.started(a.item(0, a.enough()))
	var wait errWait
	assert.ErrorAs(t, f.Refresh(t.Context(), rows[0].ID, "test"), &wait)
}

func TestOutcome(t *testing.T) {
	assert.NoError(t, Outcome(nil))
	plain := errors.New("plain")
	assert.Equal(t, plain, Outcome(plain))
	rejected := &alibaba.Error{Class: alibaba.Rejected, Code: "X"}
	unknown := &alibaba.Error{Class: alibaba.Unknown}
	assert.Equal(t, error(unknown), Outcome(unknown))
	assert.Equal(t, jobs.Dead(rejected), Outcome(rejected))
	assert.Equal(t, jobs.Later(3*time.Second, "why"), Outcome(fmt.Errorf("x: %w", errWait{3 * time.Second, "why"})))
	assert.Equal(t, jobs.Later(10*time.Second, "1688's rate limit"), Outcome(&alibaba.Error{Class: alibaba.Quota, RetryAfter: 10 * time.Second}))
	assert.Equal(t, "wait: why", errWait{reason: "why"}.Error())
}
