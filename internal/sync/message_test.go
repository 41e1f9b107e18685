package sync

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"entrepot/internal/alibaba"
	"entrepot/internal/errs"
	"entrepot/internal/jobs"
	"entrepot/internal/order"
	"entrepot/internal/sandbox"
)

func TestReceive(t *testing.T) {
	f := newFixture(t, options{})
	text := orderMessage("100", alibaba.TopicOrderPaid, "4000000000000640001")
	id := f.receive(text)
	m := f.message(id)
	assert.Equal(t, []any{"100", alibaba.TopicOrderPaid, received, text}, []any{m.MsgID, m.Topic, m.State, m.Raw})
	require.NotNil(t, m.GmtBorn)
	assert.Equal(t, time.UnixMilli(1777636800000).UTC(), m.GmtBorn.UTC())
	rows := f.jobRows(JobApply)
	require.Len(t, rows, 1)
	var ref messageRef
	require.NoError(t, json.Unmarshal(rows[0].Payload, &ref))
	assert.Equal(t, id, ref.ID)
	assert.Empty(t, rows[0].Aggregate, "messages do not wait for one another")

	// Delivered again, also at the same time, also under the other secret: once.
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			assert.NoError(t, f.Receive(t.Context(), signed([]string{sandbox.DemoSecret, "the-old-secret"}[i%2], text)))
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, f.count("inbox"))
	assert.Len(t, f.jobRows(JobApply), 1)
}

func TestReceiveRefuses(t *testing.T) {
	f := newFixture(t, options{})
	text := orderMessage("100", alibaba.TopicOrderPaid, "1")
	good := signed(sandbox.DemoSecret, text)
	unsigned := signed(sandbox.DemoSecret, text)
	unsigned.Del("_aop_signature")
	changed := signed(sandbox.DemoSecret, text)
	changed.Set("message", strings.Replace(text, `"100"`, `"101"`, 1))
	more := signed(sandbox.DemoSecret, text)
	more.Set("extra", "1")
	twice := signed(sandbox.DemoSecret, text)
	twice.Add("_aop_signature", good.Get("_aop_signature"))
	for _, tt := range []struct {
		name string
		form url.Values
		key  string
	}{
		{"nothing", nil, "callback.signature"}, {"unsigned", unsigned, "callback.signature"}, {"changed", changed, "callback.signature"},
		{"a field more", more, "callback.signature"}, {"signed twice", twice, "callback.signature"}, {"signed by somebody else", signed("another", text), "callback.signature"},
		{"no message", signed(sandbox.DemoSecret, ""), "callback.malformed"}, {"no JSON", signed(sandbox.DemoSecret, "hello"), "callback.malformed"},
		{"a list", signed(sandbox.DemoSecret, `[1]`), "callback.malformed"}, {"no topic", signed(sandbox.DemoSecret, `{"msgId":"1","data":{}}`), "callback.malformed"},
		{"no id", signed(sandbox.DemoSecret, `{"type":"X","data":{}}`), "callback.malformed"},
	} {
		err := f.Receive(t.Context(), tt.form)
		assert.True(t, errs.Is(err, tt.key), "%s: %v", tt.name, err)
	}
	assert.Zero(t, f.count("inbox"))
	assert.Empty(t, f.jobRows(""))
}

func TestApplyReadsTheOrderAgain(t *testing.T) {
	f := newFixture(t, options{})
	f.order(1001)
	purchase, no, _ := f.bought(1001)
	f.act(no, "pay")
	// The message claims what it likes: the order is asked.
	id := f.receive(orderMessage("100", alibaba.TopicOrderSuccess, no))
	require.NoError(t, f.Apply(t.Context(), id))
	assert.Equal(t, "paid", f.purchaseState(purchase))
	m := f.message(id)
	assert.Equal(t, applied, m.State)
	assert.NotNil(t, m.AppliedAt)
	reads := f.calls("alibaba.trade.get.buyerView")
	require.NoError(t, f.Apply(t.Context(), id))
	assert.Equal(t, reads, f.calls("alibaba.trade.get.buyerView"), "applied once")
}

func (f *fixture) purchaseState(id int64) (state string) {
	f.t.Helper()
	var states []string
	require.NoError(f.t, f.db.Read(f.t.Context()).Table("purchases").Where("id = ?", id).Pluck("state", &states).Error)
	require.Len(f.t, states, 1)
	return states[0]
}

func TestApplyIgnores(t *testing.T) {
	f := newFixture(t, options{})
	for name, tt := range map[string]struct{ text, reason string }{
		"a topic nobody knows":     {message("1", "SOMETHING_NEW", map[string]any{"a": 1}), "unknown topic"},
		"a topic without a body":   {message("2", alibaba.TopicPftPriceModified, map[string]any{"a": 1}), "names no order"},
		"an order topic's garbage": {message("3", alibaba.TopicOrderPaid, "garbage"), "names no order"},
		"order zero":               {orderMessage("4", alibaba.TopicOrderPaid, "0"), "names no order"},
	} {
		id := f.receive(tt.text)
		require.NoError(t, f.Apply(t.Context(), id), name)
		m := f.message(id)
		assert.Equal(t, []string{ignored, tt.reason}, []string{m.State, m.Reason}, name)
	}
}

// Somebody else's order: parked for half an hour, in case our own note is only slower than the message.
func TestForeignOrdersAreParked(t *testing.T) {
	f := newFixture(t, options{})
	id := f.receive(orderMessage("100", alibaba.TopicOrderPaid, "4000000000000640001"))
	var last time.Duration
	for range 6 {
		err := f.Apply(t.Context(), id)
		assert.Equal(t, jobs.Later(parkPause(f.clock.now().Sub(f.message(id).ReceivedAt)), "order not known yet"), err)
		pause := parkPause(f.clock.now().Sub(f.message(id).ReceivedAt))
		assert.GreaterOrEqual(t, pause, last, "asked ever more rarely")
		last = pause
		f.clock.advance(pause)
	}
	assert.Equal(t, received, f.message(id).State)
	f.clock.advance(parkFor)
	require.NoError(t, f.Apply(t.Context(), id))
	m := f.message(id)
	assert.Equal(t, []string{ignored, "not an order of ours"}, []string{m.State, m.Reason})
}

func TestParkPause(t *testing.T) {
	for age, want := range map[time.Duration]time.Duration{0: 300 * time.Millisecond, time.Second: 500 * time.Millisecond, time.Minute: 30 * time.Second, time.Hour: time.Minute} {
		assert.Equal(t, want, parkPause(age))
	}
}

// A message of several orders waits for the one we do not know yet, and reads the others meanwhile.
func TestMessagesOfSeveralOrders(t *testing.T) {
	f := newFixture(t, options{})
	f.order(1001)
	purchase, no, _ := f.bought(1001)
	f.act(no, "pay")
	id := f.receive(message("100", alibaba.TopicOrderBatchPay, map[string]any{"batchPay": []any{
		map[string]any{"orderId": json.Number(no), "status": "successed"}, map[string]any{"orderId": json.Number("4000000000000640001"), "status": "successed"}}}))
	require.Error(t, f.Apply(t.Context(), id))
	assert.Equal(t, "paid", f.purchaseState(purchase))
	assert.Equal(t, received, f.message(id).State)
	f.order(1002)
	f.purchase(555, 1002, "4000000000000640001")
	require.NoError(t, f.Apply(t.Context(), id))
	m := f.message(id)
	assert.Equal(t, failed, m.State, "1688 says it is not ours after all")
	assert.Contains(t, m.Reason, "ORDER_NOT_EXIST")
}

func TestApplyWaitsFor1688(t *testing.T) {
	f := newFixture(t, options{})
	f.order(1001)
	_, no, _ := f.bought(1001)
	id := f.receive(orderMessage("100", alibaba.TopicOrderPaid, no))
	f.fault("get.buyerView", "http_500", 0)
	require.Error(t, f.Apply(t.Context(), id))
	assert.Equal(t, received, f.message(id).State)
	f.control("DELETE", "/faults", "", nil)
	require.NoError(t, f.Apply(t.Context(), id))
	assert.Equal(t, applied, f.message(id).State)
}

// A change of a product reaches the shoppers at once.
func TestProductMessagesEmptyTheCache(t *testing.T) {
	f := newFixture(t, options{})
	var v struct {
		Offers []struct {
			OfferID int64 `json:"offerId,string"`
		}
	}
	f.control("GET", "/offers?limit=1", "", &v)
	offer := v.Offers[0].OfferID
	text := strconv.FormatInt(offer, 10)
	for i, m := range []struct {
		topic string
		data  any
	}{
		{alibaba.TopicProductModified, map[string]any{"productIds": text + ",123", "memberId": "b2b-1", "status": "RELATION_VIEW_PRODUCT_NEW_OR_MODIFY"}},
		{alibaba.TopicInventoryChange, map[string]any{"OfferInventoryChangeList": []any{map[string]any{"offerId": offer, "skuId": 1, "quantity": -1}}}},
		{alibaba.TopicPftOfferQuit, map[string]any{"offerId": offer, "type": "x"}},
	} {
		_, err := f.finder.Product(t.Context(), f.site, "ja", offer)
		require.NoError(t, err)
		before := f.calls("product.search.queryProductDetail")
		id := f.receive(message(fmt.Sprint(i), m.topic, m.data))
		require.NoError(t, f.Apply(t.Context(), id), m.topic)
		assert.Equal(t, applied, f.message(id).State, m.topic)
		_, err = f.finder.Product(t.Context(), f.site, "ja", offer)
		require.NoError(t, err)
		assert.Equal(t, before+1, f.calls("product.search.queryProductDetail"), m.topic)
	}
}

// permutations calls fn with every order of list.
func permutations(list []string, fn func([]string)) {
	var walk func(k int)
	walk = func(k int) {
		if k == len(list) {
			fn(list)
			return
		}
		for i := k; i < len(list); i++ {
			list[k], list[i] = list[i], list[k]
			walk(k + 1)
			list[k], list[i] = list[i], list[k]
		}
	}
	walk(0)
}

// outcome of an order: everything a message may have touched, without the times of writing and the ids of rows.
func (f *fixture) outcomeOf(orderID int64) string {
	f.t.Helper()
	var b strings.Builder
	for _, q := range []string{
		"SELECT status, status_group, rank_no, attention FROM orders WHERE id = ?",
		"SELECT line_no, shipped_qty, received_qty FROM order_lines WHERE order_id = ? ORDER BY line_no",
		"SELECT id, state, rank_no, total_fen, post_fee_fen, upstream_status, refund_status, close_reason FROM purchases WHERE order_id = ? ORDER BY id",
		"SELECT line_id, sub_item_id, quantity, upstream_status, logistics_status, amount_fen FROM purchase_lines WHERE order_id = ? ORDER BY line_id, sub_item_id",
		"SELECT parcel_no, carrier, bill_no, status, rank_no FROM parcels WHERE order_id = ? ORDER BY parcel_no",
		"SELECT node, detail, happened_at FROM parcel_events WHERE order_id = ? ORDER BY happened_at, detail",
	} {
		var rows []map[string]any
		require.NoError(f.t, f.db.Read(f.t.Context()).Raw(q, orderID).Scan(&rows).Error)
		for _, r := range rows {
			raw, err := json.Marshal(r)
			require.NoError(f.t, err)
			b.Write(raw)
			b.WriteByte('\n')
		}
	}
	for _, j := range f.jobRows(order.JobPushRelation) {
		var p order.Push
		require.NoError(f.t, json.Unmarshal(j.Payload, &p))
		if p.OrderID == orderID {
			fmt.Fprintln(&b, "relation", p.ObjectKey)
		}
	}
	_, sum := hash(b.String())
	return sum
}

// forget takes an order back to where it was just bought.
func (f *fixture) forget(orderID, purchase int64) {
	f.t.Helper()
	f.inTx(func(tx *gorm.DB) error {
		for _, q := range []string{
			"DELETE FROM parcels WHERE order_id = ?", "DELETE FROM parcel_events WHERE order_id = ?", "DELETE FROM jobs WHERE ? > 0", "DELETE FROM inbox WHERE ? > 0",
			"UPDATE orders SET status = 'ordered', rank_no = 30, status_group = 'fulfilling', attention = '' WHERE id = ?",
			"UPDATE purchase_lines SET sub_item_id = NULL, upstream_status = '', logistics_status = 0, amount_fen = 0 WHERE order_id = ?",
			"UPDATE order_lines SET shipped_qty = 0, received_qty = 0 WHERE order_id = ?",
		} {
			if err := tx.Exec(q, orderID).Error; err != nil {
				return err
			}
		}
		return tx.Table("purchases").Where("id = ?", purchase).Updates(map[string]any{"state": "unpaid", "rank_no": 10, "upstream_status": "", "upstream_modified_at": nil,
			"total_fen": 0, "post_fee_fen": 0, "paid_at": nil, "shipped_at": nil, "completed_at": nil, "read_at": nil}).Error
	})
}

// The messages of one order in every order, each of them twice: one end.
func TestEveryOrderOfMessagesEndsAlike(t *testing.T) {
	f := newFixture(t, options{})
	f.order(1001)
	purchase, no, _ := f.bought(1001)
	for _, action := range []string{"pay", "ship", "accept", "sign", "confirm", "success"} {
		f.act(no, action)
	}
	set := []string{
		orderMessage("1", alibaba.TopicOrderMade, no), orderMessage("2", alibaba.TopicOrderPaid, no), orderMessage("3", alibaba.TopicOrderShipped, no),
		message("4", alibaba.TopicLogisticsTrace, map[string]any{"OrderLogisticsTracingModel": map[string]any{"logisticsId": "LP1", "statusChanged": "SIGN",
			"orderLogsItems": []any{map[string]any{"orderId": json.Number(no), "orderEntryId": 1}}}}),
	}
	want, runs := "", 0
	permutations(set, func(list []string) {
		runs++
		f.forget(1001, purchase)
		for _, text := range list {
			id := f.receive(text)
			require.NoError(t, f.Apply(t.Context(), id))
			require.NoError(t, f.Receive(t.Context(), signed(sandbox.DemoSecret, text)))
			require.NoError(t, f.Apply(t.Context(), id))
		}
		require.EqualValues(t, len(set), f.count("inbox"))
		got := f.outcomeOf(1001)
		if want == "" {
			want = got
		}
		require.Equal(t, want, got, "%v", list)
	})
	assert.Equal(t, 24, runs)
	assert.Equal(t, "success", f.purchaseState(purchase))
}

// The same while things go on at 1688 between the messages: whichever come early or late, the last look decides.
func TestMessagesAlongTheWay(t *testing.T) {
	f := newFixture(t, options{})
	var want string
	topics := []string{alibaba.TopicOrderMade, alibaba.TopicOrderPaid, alibaba.TopicOrderShipped}
	run := 0
	permutations(topics, func(list []string) {
		run++
		orderID := int64(2000 + run)
		f.order(orderID)
		purchase, no, _ := f.bought(orderID)
		for i, action := range []string{"pay", "ship", "success"} {
			f.act(no, action)
			require.NoError(t, f.Apply(t.Context(), f.receive(orderMessage(fmt.Sprint(run, "-", i), list[i], no))))
		}
		assert.Equal(t, "success", f.purchaseState(purchase))
		var pairs int
		for _, j := range f.jobRows(order.JobPushRelation) {
			if j.Aggregate == "push:"+strconv.FormatInt(orderID, 10) {
				pairs++
			}
		}
		assert.Equal(t, 1, pairs)
		var states []string
		require.NoError(t, f.db.Read(t.Context()).Table("order_events").Where("order_id = ? AND purchase_id <> 0 AND from_status <> to_status", orderID).Order("id").Pluck("to_status", &states).Error)
		if got := strings.Join(states, " "); want == "" {
			want = got
		} else {
			assert.Equal(t, want, got)
		}
	})
}

func TestTheQueueAppliesMessages(t *testing.T) {
	f := newFixture(t, options{})
	f.order(1001)
	purchase, no, _ := f.bought(1001)
	f.act(no, "pay")
	f.work()
	id := f.receive(orderMessage("100", alibaba.TopicOrderPaid, no))
	f.eventually("applied", func() bool { return f.message(id).State == applied })
	assert.Equal(t, "paid", f.purchaseState(purchase))
	stranger := f.receive(orderMessage("101", alibaba.TopicOrderPaid, "4000000000000640001"))
	f.eventually("parked", func() bool {
		rows := f.jobRows(JobApply)
		return rows[len(rows)-1].LastError == "order not known yet"
	})
	f.clock.advance(parkFor)
	f.hurry()
	f.eventually("ignored", func() bool { return f.message(stranger).State == ignored })
}
