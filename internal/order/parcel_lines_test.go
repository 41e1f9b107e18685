package order

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/web"
)

// ordered is an order of one line of n pieces, paid at 1688.
func (f *fixture) ordered(n int64) (*full, purchaseRow) {
	f.t.Helper()
	for _, a := range f.plain() {
		if a.MinOrderQuantity <= n && a.BatchNumber <= 1 {
			o, rows := f.bought(a.item(0, n))
			f.act(*rows[0].AlibabaOrderID, "pay", "")
			f.refreshOne(rows[0].ID)
			return o, f.purchases(o.order.ID)[0]
		}
	}
	require.Fail(f.t, "no offer of so few pieces")
	return nil, purchaseRow{}
}

func (f *fixture) tracked(o *full) tracking {
	f.t.Helper()
	got, err := f.Parcels(f.t.Context(), member, f.site, o.order.ID)
	require.NoError(f.t, err)
	return got
}

func (f *fixture) shippedPart(p purchaseRow, quantity int64) {
	f.t.Helper()
	sub := *f.purchaseLines(p.OrderID)[0].SubItemID
	f.act(*p.AlibabaOrderID, "part-ship", fmt.Sprintf(`{"lines":[{"subItemId":%q,"quantity":%d}]}`, sub, quantity))
	f.refreshOne(p.ID)
}

// Two parcels of three units: the line shows what has left, and each parcel what is in it.
func TestContentsOfDomesticParcels(t *testing.T) {
	f := newFixture(t, nil)
	o, p := f.ordered(3)
	var shown []int64
	for range 2 {
		f.shippedPart(p, 1)
		f.refreshOne(p.ID)
		shown = append(shown, f.order(o.order.ID).lines[0].ShippedQty)
	}
	f.act(*p.AlibabaOrderID, "ship", "")
	f.refreshOne(p.ID)
	shown = append(shown, f.order(o.order.ID).lines[0].ShippedQty)
	assert.Equal(t, []int64{1, 2, 3}, shown)
	got := f.tracked(o)
	require.Len(t, got.parcels, 3)
	require.Len(t, got.lines, 3)
	for _, l := range got.lines {
		assert.Equal(t, []int64{o.lines[0].ID, 1}, []int64{l.LineID, l.Quantity})
	}
	view := f.viewer("en", f.site).parcels(got)
	assert.Equal(t, []ParcelLine{{LineId: id(o.lines[0].ID), Quantity: 1}}, view.Items[0].Lines)
}

// What 1688 does not tell is not made up: a sub-order that several parcels name is in nobody's contents.
func TestContentsThatAreOnlyNamed(t *testing.T) {
	sub, order := "7", "1"
	p := &purchaseRow{AlibabaOrderID: &order}
	row := purchaseLineRow{SubItemID: &sub, Quantity: 5}
	one := parcelFact{no: "A", entries: []string{"7"}}
	whole := parcelFact{no: "A", entries: []string{"1"}}
	told := parcelFact{no: "B", contents: map[string]int64{"7": 9}}
	other := parcelFact{no: "B", entries: []string{"8"}}
	for _, tt := range []struct {
		all  []parcelFact
		want int64
	}{
		{[]parcelFact{one}, 5}, {[]parcelFact{whole}, 5}, {[]parcelFact{one, other}, 5}, {[]parcelFact{one, told}, 0}, {[]parcelFact{whole, {no: "B", entries: []string{"7"}}}, 0},
		{[]parcelFact{told}, 5}, {[]parcelFact{other}, 0},
	} {
		assert.Equal(t, tt.want, tt.all[0].holds(p, row, tt.all), "%+v", tt.all)
	}
}

// A number that the carrier changed stays findable, as do 1688's number and the national one.
func TestParcelsByNumber(t *testing.T) {
	e := newEdge(t)
	o, p := e.ordered(3)
	e.act(*p.AlibabaOrderID, "ship", "")
	e.refreshOne(p.ID)
	was := e.tracked(o).parcels[0]
	e.act(*p.AlibabaOrderID, "change-mail-no", "")
	e.refreshOne(p.ID)
	e.refreshOne(p.ID)
	is := e.tracked(o).parcels[0]
	require.NotEqual(t, was.BillNo, is.BillNo)
	national, err := e.Ship(e.fixture.staff(), ops, o.order.ID, shipment{parcelNo: "EN1", carrier: "Post", trackingNo: "T1"})
	require.NoError(t, err)
	find := func(number string) (out []string) {
		var v AdminParcels
		e.do("GET", "/admin/v1/parcels?number="+number, e.staff, "", 200, &v)
		for _, p := range v.Items {
			assert.Equal(t, id(o.order.ID), p.OrderId)
			out = append(out, p.Parcel.Id)
		}
		return out
	}
	for number, want := range map[string]int64{was.BillNo: is.ID, is.BillNo: is.ID, is.ParcelNo: is.ID, "EN1": national.ID, "T1": national.ID} {
		assert.Equal(t, []string{id(want)}, find(number), number)
	}
	assert.Empty(t, find("nobody"))
	var v AdminParcels
	e.do("GET", "/admin/v1/parcels?number="+was.BillNo, e.staff, "", 200, &v)
	assert.Equal(t, []string{was.BillNo, is.BillNo}, v.Items[0].Numbers)
	var problem web.Problem
	e.do("GET", "/admin/v1/parcels", e.staff, "", 400, &problem)
	e.do("GET", "/admin/v1/parcels?number=T1", e.member, "", 401, &problem)
}

// The national leg by quantities: never more than was ordered, complete only when all of it was signed for.
func TestNationalQuantities(t *testing.T) {
	f := newFixture(t, nil)
	o, _ := f.ordered(3)
	line := o.lines[0].ID
	ship := func(no string, n int64) (parcelRow, error) {
		sh := shipment{parcelNo: no, carrier: "Post"}
		if n > 0 {
			sh.lines = []pieces{{line, n}}
		}
		return f.Ship(f.staff(), ops, o.order.ID, sh)
	}
	_, err := ship("EN0", 4)
	require.Error(t, err)
	assert.Equal(t, "/lines/0/quantity", errs.From(err).Fields[0].Pointer)
	one, err := ship("EN1", 2)
	require.NoError(t, err)
	two, err := ship("EN2", 0)
	require.NoError(t, err)
	_, err = ship("EN3", 0)
	assert.True(t, errs.Is(err, "parcel.nothing_left"), "%v", err)
	_, err = f.Ship(f.staff(), ops, o.order.ID, shipment{parcelNo: "EN4", lines: []pieces{{5, 1}}})
	assert.Equal(t, "/lines/0/lineId", errs.From(err).Fields[0].Pointer)
	assert.EqualValues(t, 2, f.count("parcel_lines"), "what was refused left nothing behind")

	part := func(p parcelRow, n int64) error {
		f.clock.advance(1e9)
		_, err := f.AddEvent(f.staff(), ops, p.ID, nationalEvent{event: "partSign", lines: []pieces{{line, n}}})
		return err
	}
	require.NoError(t, part(one, 1))
	assert.Error(t, part(one, 2))
	require.NoError(t, f.event(two.ID, "refund"))
	require.NoError(t, f.event(one.ID, "sign"))
	got := f.seen(o)
	assert.Equal(t, Delivered, got.order.Status, "one piece came back")
	assert.Equal(t, []int64{2, 2}, []int64{got.national[0].SentQty, got.national[0].SignedQty})
	three, err := ship("EN5", 0)
	require.NoError(t, err)
	require.NoError(t, f.event(three.ID, "sign"))
	assert.Equal(t, Completed, f.order(o.order.ID).order.Status)
	var words []string
	for _, x := range f.told(o.order.ID) {
		if x.kind != JobPushOrder && x.kind != JobPushRelation {
			words = append(words, x.object[len(x.object)-3:]+" "+x.status)
		}
	}
	assert.Equal(t, []string{"EN1 send", "EN2 send", "EN1 partSign", "EN2 refund", "EN1 sign", "EN5 send", "EN5 sign"}, words[:7])
	assert.Len(t, words, 8, "and the order's success")
}

// Pieces the member gets money for are not waited for.
func TestNationalQuantitiesLessRefunds(t *testing.T) {
	f := newFixture(t, nil)
	o, _ := f.ordered(3)
	line := o.lines[0].ID
	f.inTx(func(tx *gorm.DB) error {
		return f.OweTx(t.Context(), tx, Owed{OrderID: o.order.ID, LineID: line, Quantity: 1, AmountMinor: 1, Cause: "test", Key: "test"})
	})
	_, err := f.Ship(f.staff(), ops, o.order.ID, shipment{parcelNo: "EN1", lines: []pieces{{line, 3}}})
	require.Error(t, err)
	p, err := f.Ship(f.staff(), ops, o.order.ID, shipment{parcelNo: "EN1"})
	require.NoError(t, err)
	require.NoError(t, f.event(p.ID, "sign"))
	assert.Equal(t, Completed, f.order(o.order.ID).order.Status)
}

// Many clerks pack at once: the sum of all parcels is what was ordered.
func TestPackAtTheSameTime(t *testing.T) {
	f := newFixture(t, nil)
	o, _ := f.ordered(3)
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			_, err := f.Ship(f.staff(), ops, o.order.ID, shipment{parcelNo: fmt.Sprint("EN", i), lines: []pieces{{o.lines[0].ID, 1}}})
			if err != nil {
				assert.Equal(t, errs.Rule, errs.CodeOf(err), "%v", err)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 3, f.count("parcels"))
	assert.EqualValues(t, 3, f.seen(o).national[0].SentQty)
}

// A member says what has arrived, in all: parcels are filled oldest first, and saying it twice changes nothing.
func TestMemberConfirmsReceipt(t *testing.T) {
	e := newEdge(t)
	o, _ := e.ordered(3)
	line := o.lines[0].ID
	at := "/v1/orders/" + id(o.order.ID) + "/confirm-receipt"
	var problem web.Problem
	e.do("POST", at, e.member, `{}`, 409, &problem)
	assert.Equal(t, "ORDER_NOT_DISPATCHED", problem.Code)
	for _, sh := range []shipment{{parcelNo: "EN1", lines: []pieces{{line, 2}}}, {parcelNo: "EN2"}} {
		_, err := e.Ship(e.fixture.staff(), ops, o.order.ID, sh)
		require.NoError(t, err)
	}
	said := func(n int64) string { return fmt.Sprintf(`{"lines":[{"lineId":"%d","quantity":%d}]}`, line, n) }
	for body, pointer := range map[string]string{
		said(4): "/lines/0/quantity", `{"lines":[{"lineId":"5","quantity":1}]}`: "/lines/0/lineId", `{"lines":[{"lineId":"x","quantity":1}]}`: "/lines/0/lineId",
	} {
		e.do("POST", at, e.member, body, 422, &problem)
		assert.Equal(t, pointer, problem.Errors[0].Pointer, body)
	}
	for _, body := range []string{said(0), said(-1), said(1_000_001), `{"lines":[]}`, `{"line":1}`} {
		e.do("POST", at, e.member, body, 400, &problem)
	}
	e.do("POST", "/v1/orders/5/confirm-receipt", e.member, `{}`, 404, &problem)
	var v Order
	for _, step := range []struct {
		body, status string
		delivered    int64
	}{{said(1), "delivered", 1}, {said(1), "delivered", 1}, {said(2), "delivered", 2}, {`{}`, "completed", 3}, {`{}`, "completed", 3}} {
		e.clock.advance(1e9)
		e.do("POST", at, e.member, step.body, 200, &v)
		assert.Equal(t, []any{step.status, step.delivered}, []any{v.Status, *v.Lines[0].DeliveredQuantity}, step.body)
	}
	var words []string
	for _, x := range e.told(o.order.ID) {
		if x.kind == JobPushParcelStep || x.kind == JobPushStatus {
			words = append(words, x.status)
		}
	}
	assert.Equal(t, []string{"partSign", "sign", "sign", "success"}, words)
	_, err := e.ConfirmReceipt(t.Context(), auth.MemberCaller{ID: 43, Site: "japan"}, e.site, o.order.ID, nil)
	assert.True(t, errs.Is(err, "order.not_found"), "%v", err)
}

// Staff confirm at 1688 what was shipped, a part or all; a lost answer is read, not repeated.
func TestStaffConfirmReceipt(t *testing.T) {
	e := newEdge(t)
	a, b := e.oneSeller()
	o, rows := e.bought(a.item(0, a.enough()), b.item(0, b.enough()))
	at := "/admin/v1/purchases/" + id(rows[0].ID) + "/confirm-receipt"
	var problem web.Problem
	e.do("POST", at, e.staff, `{}`, 409, &problem)
	assert.Equal(t, "PURCHASE_NOT_CONFIRMABLE", problem.Code)
	e.act(*rows[0].AlibabaOrderID, "pay", "")
	e.act(*rows[0].AlibabaOrderID, "ship", "")
	e.refreshOne(rows[0].ID)
	subs := e.purchaseLines(o.order.ID)
	e.do("POST", at, e.staff, `{"subItemIds":["1"]}`, 422, &problem)
	assert.Equal(t, "/subItemIds/0", problem.Errors[0].Pointer)
	e.do("POST", "/admin/v1/purchases/5/confirm-receipt", e.staff, `{}`, 404, &problem)
	e.do("POST", at, e.member, `{}`, 401, &problem)
	var v AdminOrder
	one := fmt.Sprintf(`{"subItemIds":[%q]}`, *subs[0].SubItemID)
	e.do("POST", at, e.staff, one, 200, &v)
	status := func(i int) int { return e.purchaseLines(o.order.ID)[i].LogisticsStatus }
	assert.Equal(t, []int{subReceived, subSent}, []int{status(0), status(1)})
	before := e.calls("trade.receivegoods.confirm")
	e.do("POST", at, e.staff, one, 200, &v)
	assert.Equal(t, before, e.calls("trade.receivegoods.confirm"), "it is confirmed already")
	e.fault("trade.receivegoods.confirm", "reset_after", 1)
	e.do("POST", at, e.staff, `{}`, 200, &v)
	assert.Equal(t, []int{subReceived, subReceived}, []int{status(0), status(1)})
	assert.Equal(t, before+1, e.calls("trade.receivegoods.confirm"))
}
