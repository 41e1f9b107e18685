package order

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"entrepot/internal/errs"
)

// shippedOrder is a paid order bought at 1688, with one national parcel on its way.
func (f *fixture) shippedOrder(parcelNo string) (*full, parcelRow) {
	f.t.Helper()
	paid := f.clock.now()
	row := f.rowFor(Arrived, func(o *orderRow) { o.PaidAt = &paid })
	p, err := f.Ship(f.staff(), ops, row.ID, shipment{parcelNo: parcelNo, carrier: "Post", trackingNo: "T1"})
	require.NoError(f.t, err)
	return f.order(row.ID), p
}

type told struct{ kind, object, version, status string }

func (f *fixture) told(orderID int64) (out []told) {
	f.t.Helper()
	pushes := f.pushes(orderID)
	var kinds []string
	for _, r := range f.jobsOf("") {
		if r.Aggregate == "push:"+id(orderID) {
			kinds = append(kinds, r.Kind)
		}
	}
	for i, p := range pushes {
		out = append(out, told{kinds[i], p.ObjectKey, p.Version, p.Status})
	}
	return out
}

func (f *fixture) timeline(orderID int64) (out []string) {
	f.t.Helper()
	_, events, err := f.store.parcels(f.t.Context(), orderID)
	require.NoError(f.t, err)
	for _, e := range events {
		out = append(out, e.Node)
	}
	return out
}

func TestShip(t *testing.T) {
	f := newFixture(t, nil)
	o, p := f.shippedOrder("EN1")
	assert.Equal(t, Dispatched, o.order.Status)
	assert.Equal(t, []any{National, "EN1", "Post", "T1", ParcelStatusInTransit}, []any{p.Leg, p.ParcelNo, p.Carrier, p.BillNo, p.Status})
	require.NotNil(t, p.SentAt)
	key := id(o.order.ID) + ":EN1"
	assert.Equal(t, []told{{JobPushParcel, key, "send", "send"}}, f.told(o.order.ID))
	assert.Equal(t, p.ID, f.pushes(o.order.ID)[0].ParcelID)
	assert.Equal(t, []string{"send"}, f.timeline(o.order.ID))
	assert.Equal(t, []string{"parcel.dispatched arrived>dispatched"}, f.eventsOf(o.order.ID))
	assert.EqualValues(t, 1, f.count("audit"))

	// The same click again is refused and writes nothing.
	_, err := f.Ship(f.staff(), ops, o.order.ID, shipment{parcelNo: "EN1"})
	assert.True(t, errs.Is(err, "parcel.exists"), "%v", err)
	assert.Equal(t, "/parcelNo", errs.From(err).Fields[0].Pointer)
	assert.EqualValues(t, 1, f.count("parcels"))
	assert.EqualValues(t, 1, f.count("audit"))
	assert.Len(t, f.told(o.order.ID), 1)

	// A second parcel of the order is fine.
	_, err = f.Ship(f.staff(), ops, o.order.ID, shipment{parcelNo: "EN2"})
	require.NoError(t, err)
	assert.Len(t, f.told(o.order.ID), 2)

	facts, err := f.ParcelFacts(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, []string{id(o.order.ID), "EN1", "Tokyo", "Chiyoda", "Kanda", "1-1"}, []string{facts.OrderID, facts.ParcelNo, facts.Province, facts.City, facts.Area, facts.Address})
	assert.True(t, facts.SignedAt.IsZero())
}

// One national parcel may hold two orders: 1688 must hear of it for both.
func TestOneParcelForTwoOrders(t *testing.T) {
	f := newFixture(t, nil)
	one, _ := f.shippedOrder("EN1")
	two, _ := f.shippedOrder("EN1")
	assert.NotEqual(t, f.told(one.order.ID)[0].object, f.told(two.order.ID)[0].object, "the ledger keeps one row per kind, object and version")
}

func TestWhatMayBeShipped(t *testing.T) {
	now := time.Unix(0, 0)
	for _, tt := range []struct {
		status Status
		paid   bool
		kind   int
		want   bool
	}{
		{Paid, true, TypePurchase, false}, {Purchasing, true, TypePurchase, false}, {Ordered, true, TypePurchase, true}, {Shipped, true, TypePurchase, true},
		{Arrived, true, TypePurchase, true}, {Dispatched, true, TypePurchase, true}, {Delivered, true, TypePurchase, true}, {Completed, true, TypePurchase, false},
		{Cancelled, true, TypePurchase, false}, {Arrived, false, TypePurchase, false}, {Paid, true, TypeStock, true}, {AwaitingPayment, false, TypeStock, false},
	} {
		o := orderRow{Status: tt.status, RankNo: statusRank[tt.status], OrderType: tt.kind}
		if tt.paid {
			o.PaidAt = &now
		}
		assert.Equal(t, tt.want, shippable(o), "%+v", tt)
	}
	f := newFixture(t, nil)
	row := f.rowFor(Paid, func(o *orderRow) { o.PaidAt = &now })
	_, err := f.Ship(f.staff(), ops, row.ID, shipment{parcelNo: "EN1"})
	assert.True(t, errs.Is(err, "order.not_shippable"))
	_, err = f.Ship(f.staff(), ops, 5, shipment{parcelNo: "EN1"})
	assert.True(t, errs.Is(err, "order.not_found"), "%v", err)
	assert.Zero(t, f.count("parcels"))
	assert.Empty(t, f.jobsOf(""))
}

func (f *fixture) event(parcelID int64, event string) error {
	f.t.Helper()
	f.clock.advance(time.Minute)
	_, err := f.AddEvent(f.staff(), ops, parcelID, event, "", time.Time{})
	return err
}

func TestSignCompletesTheOrder(t *testing.T) {
	f := newFixture(t, nil)
	o, p := f.shippedOrder("EN1")
	key := id(o.order.ID) + ":EN1"
	for range 2 { // the second click changes nothing
		require.NoError(t, f.event(p.ID, "sign"))
	}
	assert.Equal(t, []told{
		{JobPushParcel, key, "send", "send"}, {JobPushParcelStep, key, "sign", "sign"}, {JobPushStatus, id(o.order.ID), "success", "success"},
	}, f.told(o.order.ID))
	got := f.order(o.order.ID).order
	assert.Equal(t, Completed, got.Status)
	assert.Equal(t, string(Done), got.StatusGroup)
	require.NotNil(t, got.CompletedAt)
	assert.Equal(t, []string{"send", "sign"}, f.timeline(o.order.ID))
	assert.EqualValues(t, 2, f.count("audit"))
	row, err := f.store.parcel(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, ParcelStatusDelivered, row.Status)
	require.NotNil(t, row.SignedAt)
	assert.Equal(t, got.CompletedAt.UTC(), row.SignedAt.UTC())
}

func TestOrderWaitsForItsLastParcel(t *testing.T) {
	f := newFixture(t, nil)
	o, one := f.shippedOrder("EN1")
	two, err := f.Ship(f.staff(), ops, o.order.ID, shipment{parcelNo: "EN2"})
	require.NoError(t, err)
	require.NoError(t, f.event(one.ID, "sign"))
	assert.Equal(t, Delivered, f.order(o.order.ID).order.Status)
	require.NoError(t, f.event(two.ID, "transport"))
	require.NoError(t, f.event(two.ID, "partSign"))
	assert.Equal(t, Delivered, f.order(o.order.ID).order.Status)
	require.NoError(t, f.event(two.ID, "sign"))
	assert.Equal(t, Completed, f.order(o.order.ID).order.Status)
	var kinds []string
	for _, x := range f.told(o.order.ID) {
		kinds = append(kinds, x.status)
	}
	assert.Equal(t, []string{"send", "send", "sign", "partSign", "sign", "success"}, kinds, "transport stays here")
}

func TestParcelEvents(t *testing.T) {
	for _, tt := range []struct {
		name   string
		events []string
		last   string // key of the last one's error
		status ParcelStatus
		pushed []string
	}{
		{"transport twice", []string{"transport", "transport"}, "", ParcelStatusInTransit, []string{"send"}},
		{"transport after sign", []string{"sign", "transport"}, "parcel.event_invalid", ParcelStatusDelivered, []string{"send", "sign", "success"}},
		{"part sign after sign", []string{"sign", "partSign"}, "parcel.event_invalid", ParcelStatusDelivered, []string{"send", "sign", "success"}},
		{"part sign several times", []string{"partSign", "partSign"}, "", ParcelStatusInTransit, []string{"send", "partSign", "partSign"}},
		{"refund", []string{"refund"}, "", ParcelStatusReturned, []string{"send", "refund"}},
		{"refund twice", []string{"refund", "refund"}, "", ParcelStatusReturned, []string{"send", "refund"}},
		{"refund after sign", []string{"sign", "refund"}, "", ParcelStatusReturned, []string{"send", "sign", "success", "refund"}},
		{"sign after refund", []string{"refund", "sign"}, "parcel.event_invalid", ParcelStatusReturned, []string{"send", "refund"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil)
			o, p := f.shippedOrder("EN1")
			for i, event := range tt.events {
				err := f.event(p.ID, event)
				if i == len(tt.events)-1 && tt.last != "" {
					require.True(t, errs.Is(err, tt.last), "%v", err)
					assert.Equal(t, errs.Conflict, errs.CodeOf(err))
					continue
				}
				require.NoError(t, err)
			}
			row, err := f.store.parcel(t.Context(), p.ID)
			require.NoError(t, err)
			assert.Equal(t, tt.status, row.Status)
			var pushed []string
			for _, x := range f.told(o.order.ID) {
				pushed = append(pushed, x.status)
			}
			assert.Equal(t, tt.pushed, pushed)
		})
	}
}

func TestParcelEventRefusals(t *testing.T) {
	f := newFixture(t, nil)
	_, p := f.shippedOrder("EN1")
	domestic := parcelRow{ID: f.db.NewID(), OrderID: p.OrderID, Leg: Domestic, ParcelNo: "LP1", CreatedAt: f.clock.now(), UpdatedAt: f.clock.now()}
	f.inTx(func(tx *gorm.DB) error { return tx.Create(&domestic).Error })
	for _, tt := range []struct {
		name   string
		parcel int64
		at     time.Time
		key    string
	}{
		{"unknown parcel", 5, time.Time{}, "parcel.not_found"},
		{"a seller's parcel", domestic.ID, time.Time{}, "parcel.not_found"},
		{"the future", p.ID, f.clock.now().Add(maxClockSkew + time.Second), "request.invalid"},
		{"long ago", p.ID, f.clock.now().Add(-91 * 24 * time.Hour), "request.invalid"},
	} {
		_, err := f.AddEvent(f.staff(), ops, tt.parcel, "sign", "", tt.at)
		assert.True(t, errs.Is(err, tt.key), "%s: %v", tt.name, err)
	}
	_, err := f.AddEvent(f.staff(), ops, p.ID, "transport", "left the port", f.clock.now().Add(maxClockSkew))
	require.NoError(t, err)
	assert.Equal(t, []string{"send", "transport"}, f.timeline(p.OrderID))
}

// Many clicks on "signed" at once have one effect.
func TestSignAtTheSameTime(t *testing.T) {
	f := newFixture(t, nil)
	o, p := f.shippedOrder("EN1")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := f.AddEvent(f.staff(), ops, p.ID, "sign", "", f.clock.now())
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Len(t, f.told(o.order.ID), 3)
	assert.Equal(t, []string{"send", "sign"}, f.timeline(o.order.ID))
	assert.EqualValues(t, 2, f.count("audit"))
}

func TestStepsAreKeptOnce(t *testing.T) {
	f := newFixture(t, nil)
	_, p := f.shippedOrder("EN1")
	at := f.clock.now().Add(time.Hour)
	steps := []parcelStep{{"trace", "left", at}, {"trace", "left", at}, {"trace", "arrived", at}, {"trace", "left", at.Add(time.Second)}}
	for range 3 {
		f.inTx(func(tx *gorm.DB) error { return f.store.stepsTx(tx, &p, steps) })
	}
	assert.Equal(t, []string{"send", "trace", "trace", "trace"}, f.timeline(p.OrderID))
	assert.Equal(t, dedupe(parcelStep{"waybill_changed", "A -> B", at}), dedupe(parcelStep{"waybill_changed", "A -> B", at.Add(time.Hour)}), "a change is one, whoever sees it when")
	assert.Equal(t, dedupe(parcelStep{"trace", "x", at}), dedupe(parcelStep{"trace", "x", at.In(time.FixedZone("", 3600))}))
}

func TestPushedParcelStepsRaiseTheParcel(t *testing.T) {
	f := newFixture(t, nil)
	a := f.plain()[0]
	o, rows := f.bought(a.item(0, a.enough()))
	fact := func(status string, nodes ...string) tradeFact {
		p := parcelFact{no: "LP1", billNo: "B1", status: status}
		for i, n := range nodes {
			p.steps = append(p.steps, parcelStep{n, "", f.clock.now().Add(time.Duration(i) * time.Minute)})
		}
		return tradeFact{word: "waitbuyerreceive", parcels: []parcelFact{p}}
	}
	status := func() ParcelStatus {
		parcels, _, err := f.store.parcels(t.Context(), o.order.ID)
		require.NoError(t, err)
		require.Len(t, parcels, 1)
		return parcels[0].Status
	}
	for _, tt := range []struct {
		fact tradeFact
		want ParcelStatus
	}{
		{fact("WAITACCEPT"), ParcelStatusCreated}, {fact("WAITACCEPT", "ACCEPT"), ParcelStatusInTransit}, {fact("UNSIGN"), ParcelStatusProblem},
		{fact("TRANSPORT"), ParcelStatusProblem}, {fact("", "SIGN"), ParcelStatusDelivered}, {fact("TRANSPORT"), ParcelStatusDelivered},
	} {
		f.apply(rows[0].ID, tt.fact)
		assert.Equal(t, tt.want, status())
	}
	assert.Equal(t, Arrived, f.order(o.order.ID).order.Status)
	assert.True(t, slices.Contains(f.timeline(o.order.ID), "SIGN"))
}
