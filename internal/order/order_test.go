package order

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"pgregory.net/rapid"
)

var allStatuses = []Status{AwaitingPayment, Paid, Purchasing, Ordered, Shipped, Arrived, Dispatched, Delivered, Completed, Cancelled}

// legal is the state machine written out, so that a slip in the ranks shows.
var legal = map[Status]string{
	AwaitingPayment: "paid purchasing ordered shipped arrived dispatched delivered completed cancelled",
	Paid:            "purchasing ordered shipped arrived dispatched delivered completed cancelled",
	Purchasing:      "ordered shipped arrived dispatched delivered completed cancelled",
	Ordered:         "shipped arrived dispatched delivered completed cancelled",
	Shipped:         "arrived dispatched delivered completed cancelled",
	Arrived:         "dispatched delivered completed cancelled",
	Dispatched:      "delivered completed",
	Delivered:       "completed",
	Completed:       "",
	Cancelled:       "",
}

func mayGo(from, to Status) bool { return slices.Contains(strings.Fields(legal[from]), string(to)) }

func TestCanMove(t *testing.T) {
	for _, from := range allStatuses {
		for _, to := range allStatuses {
			assert.Equal(t, mayGo(from, to), canMove(from, to), "%s to %s", from, to)
		}
	}
}

// Facts arrive in any order and any number of times: an order ends where the furthest one says.
func TestMovesEndAlikeInEveryOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.SliceOfN(rapid.SampledFrom(allStatuses[1:9]), 1, 12).Draw(t, "facts")
		walk := func(list []Status) Status {
			at := AwaitingPayment
			for _, to := range list {
				if !canMove(at, to) {
					continue
				}
				require.Greater(t, statusRank[to], statusRank[at])
				at = to
			}
			return at
		}
		furthest := slices.MaxFunc(facts, func(a, b Status) int { return statusRank[a] - statusRank[b] })
		assert.Equal(t, furthest, walk(facts))
		assert.Equal(t, furthest, walk(rapid.Permutation(facts).Draw(t, "shuffled")))
	})
}

func TestCancelledOrdersStayCancelled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := AwaitingPayment
		for _, to := range rapid.SliceOfN(rapid.SampledFrom(allStatuses), 1, 20).Draw(t, "facts") {
			if !canMove(at, to) {
				continue
			}
			require.NotEqual(t, Cancelled, at, "nothing leaves it")
			require.False(t, to == Cancelled && statusRank[at] >= statusRank[Dispatched], "goods on their way to the member are not cancelled")
			at = to
		}
	})
}

func TestStatusGroup(t *testing.T) {
	for _, tt := range []struct {
		status    Status
		attention string
		want      StatusGroup
	}{
		{AwaitingPayment, "", Paying}, {Paid, "", Fulfilling}, {Purchasing, "", Fulfilling}, {Ordered, "", Fulfilling}, {Shipped, "", Fulfilling},
		{Arrived, "", Fulfilling}, {Dispatched, "", Fulfilling}, {Delivered, "", Fulfilling}, {Completed, "", Done}, {Cancelled, "", Closed},
		{Purchasing, "purchase_refused", Attention}, {AwaitingPayment, "payment_mismatch", Attention}, {Completed, "paid_twice", Done}, {Cancelled, "paid_after_close", Closed},
	} {
		assert.Equal(t, tt.want, tt.status.group(tt.attention), "%s %s", tt.status, tt.attention)
	}
}

var allPurchaseStates = []PurchaseState{Creating, Unpaid, Bought, Sent, Received, Success, Closedup, Refused}

func TestOrderStatusOf(t *testing.T) {
	for _, tt := range []struct {
		states string
		signed bool
		want   Status
	}{
		{"", false, ""},
		{"cancelled refused", false, ""},
		{"creating", false, Purchasing},
		{"unpaid", false, Ordered},
		{"paid creating", false, Purchasing},
		{"paid shipped", true, Ordered},
		{"shipped", false, Shipped},
		{"shipped", true, Arrived},
		{"received shipped", false, Shipped},
		{"received success", false, Arrived},
		{"success cancelled", false, Arrived},
		{"refused unpaid", false, Ordered},
	} {
		var states []PurchaseState
		for _, s := range strings.Fields(tt.states) {
			states = append(states, PurchaseState(s))
		}
		got, ok := orderStatusOf(states, tt.signed)
		assert.Equal(t, tt.want, got, tt.states)
		assert.Equal(t, tt.want != "", ok, tt.states)
	}
}

func TestOrderStatusOfIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		states := rapid.SliceOfN(rapid.SampledFrom(allPurchaseStates), 1, 6).Draw(t, "states")
		signed := rapid.Bool().Draw(t, "signed")
		before, ok := orderStatusOf(states, signed)
		again, _ := orderStatusOf(rapid.Permutation(states).Draw(t, "shuffled"), signed)
		assert.Equal(t, before, again, "the order of purchases does not matter")

		i := rapid.IntRange(0, len(states)-1).Draw(t, "which")
		if !ok || purchaseRank[states[i]] >= purchaseRank[Closedup] {
			return
		}
		states[i] = rapid.SampledFrom(allPurchaseStates).Filter(func(s PurchaseState) bool { return purchaseRank[s] > purchaseRank[states[i]] }).Draw(t, "moves to")
		after, ok := orderStatusOf(states, signed)
		if ok {
			assert.GreaterOrEqual(t, statusRank[after], statusRank[before], "a purchase that goes on never takes its order back")
		}
	})
}

func TestUpstreamState(t *testing.T) {
	for word, want := range map[string]PurchaseState{
		"waitbuyerpay": Unpaid, "waitsellersend": Bought, "paid_but_not_fund": Bought, "waitbuyerreceive": Sent, "send_goods_but_not_fund": Sent,
		"waitlogisticstakein": Sent, "waitbuyersign": Sent, "confirm_goods": Received, "confirm_goods_but_not_fund": Received,
		"confirm_goods_and_has_subsidy": Received, "signinsuccess": Received, "success": Success, "cancel": Closedup, "terminated": Closedup,
		"": "", "SUCCESS": "", "somethingnew": "",
	} {
		got, ok := upstreamState(word)
		assert.Equal(t, want, got, word)
		assert.Equal(t, want != "", ok, word)
	}
}

func TestDomesticStatus(t *testing.T) {
	for word, want := range map[string]ParcelStatus{
		"WAITACCEPT": ParcelStatusCreated, "": ParcelStatusCreated, "NEW": ParcelStatusCreated, "ACCEPT": ParcelStatusInTransit, "TRANSPORT": ParcelStatusInTransit,
		"SIGN": ParcelStatusDelivered, "NOGET": ParcelStatusProblem, "UNSIGN": ParcelStatusProblem, "CANCEL": ParcelStatusProblem,
	} {
		assert.Equal(t, want, domesticStatus(word), word)
	}
}

func TestClip(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{{"abc", 5, "abc"}, {"abc", 2, "ab"}, {"日本", 3, "日"}, {"日本", 5, "日"}, {"日本", 2, ""}, {"", 0, ""}} {
		assert.Equal(t, tt.want, clip(tt.in, tt.n), "%q %d", tt.in, tt.n)
	}
}

// rowFor writes an order in a state, without anything around it.
func (f *fixture) rowFor(status Status, change func(*orderRow)) orderRow {
	f.t.Helper()
	now := f.clock.now()
	o := orderRow{
		ID: f.db.NewID(), Site: "japan", MemberID: member.ID, OutMemberID: member.OutMemberID, PreviewID: f.db.NewID(), Status: status,
		RankNo: statusRank[status], StatusGroup: string(status.group("")), TriggerMode: OnPaid, Currency: "JPY", TotalFen: 4600, TotalMinor: 989,
		AddressJSON: encode(testAddress), UnpaidDeadline: now.Add(24 * time.Hour), CreatedAt: now, UpdatedAt: now,
	}
	if change != nil {
		change(&o)
	}
	f.inTx(func(tx *gorm.DB) error { return tx.Create(&o).Error })
	return o
}

// The guard is in the UPDATE: whatever row a caller holds in its hands, the stored order never goes back.
func TestMoveWithStaleRows(t *testing.T) {
	checks(t, 30)
	f := newFixture(t, nil)
	rapid.Check(t, func(rt *rapid.T) {
		row := f.rowFor(AwaitingPayment, nil)
		held := []orderRow{row} // what callers read at some time
		for range rapid.IntRange(1, 8).Draw(rt, "moves") {
			stored := f.order(row.ID).order
			held = append(held, stored)
			caller := rapid.SampledFrom(held).Draw(rt, "caller's row")
			to := rapid.SampledFrom(allStatuses).Draw(rt, "to")
			var moved bool
			f.inTx(func(tx *gorm.DB) (err error) {
				moved, err = f.store.moveTx(t.Context(), tx, &caller, move{to: to, cause: "test", actor: "test"})
				return err
			})
			after := f.order(row.ID).order
			require.Equal(rt, moved, after.Status != stored.Status)
			if moved {
				require.True(rt, mayGo(stored.Status, after.Status), "%s to %s", stored.Status, after.Status)
				require.Equal(rt, to, caller.Status)
			}
			require.Equal(rt, statusRank[after.Status], after.RankNo)
			require.Equal(rt, string(after.Status.group("")), after.StatusGroup)
		}
	})
}

func TestMoveWritesOneEvent(t *testing.T) {
	f := newFixture(t, nil)
	row := f.rowFor(Paid, nil)
	for range 2 { // the second finds it done
		f.inTx(func(tx *gorm.DB) error {
			o, err := lockTx(tx, row.ID)
			if err != nil {
				return err
			}
			_, err = f.store.moveTx(t.Context(), tx, &o, move{to: Purchasing, cause: "purchase.started", actor: "ops", detail: "why", purchaseID: 5})
			return err
		})
	}
	events, err := f.store.events(t.Context(), row.ID)
	require.NoError(t, err)
	require.Len(t, events, 1)
	e := events[0]
	assert.Equal(t, []any{"purchase.started", "paid", "purchasing", "ops", "why", int64(5)}, []any{e.Cause, e.FromStatus, e.ToStatus, e.Actor, e.Detail, e.PurchaseID})
}

func TestAttentionIsWrittenOncePerReason(t *testing.T) {
	f := newFixture(t, nil)
	row := f.rowFor(Ordered, nil)
	for range 2 {
		require.NoError(t, f.NeedsStaff(t.Context(), row.ID, 0, "purchase_not_paid"))
	}
	got := f.order(row.ID).order
	assert.Equal(t, "purchase_not_paid", got.Attention)
	assert.Equal(t, string(Attention), got.StatusGroup)
	assert.Equal(t, Ordered, got.Status)
	assert.Equal(t, []string{"attention ordered>ordered"}, f.eventsOf(row.ID))
}
