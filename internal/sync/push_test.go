package sync

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"entrepot/internal/account"
	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/jobs"
	"entrepot/internal/order"
)

// sixPushes writes the rows and queues one push of each kind.
func (f *fixture) sixPushes() (alibabaOrder, sub string) {
	f.t.Helper()
	f.member(42)
	f.order(1001)
	f.parcel(3001, 1001, "EN1")
	_, alibabaOrder, subs := f.bought(1001)
	at := f.clock.now().Add(2 * time.Hour)
	f.inTx(func(tx *gorm.DB) error {
		return f.queue.AppendTx(f.t.Context(), tx, jobs.Spec{Kind: account.JobPushRegistration, Aggregate: "member:42", Payload: account.Registration{Site: "japan", MemberID: 42, At: at}})
	})
	f.queueUp(1001, payed(1001), related(10011, subs[0], alibabaOrder), parcelStep(3001, "1001:EN1", "send", "send", at),
		parcelStep(3001, "1001:EN1", "sign", "sign", at), closing(1001, "success", "success", at.Add(time.Minute)))
	return alibabaOrder, subs[0]
}

// What 1688 receives, word for word, in both editions of its interface; times in China's zone, the misspellings are 1688's.
func TestPayloads(t *testing.T) {
	line1 := `"productId":"679000000001","productName":"帆布托特包","skuId":"4707000010007","skuName":"黑色","buyAmount":2`
	line2 := `"productId":"679000000002","productName":"收纳盒","skuId":"0","skuName":"","buyAmount":1`
	for _, tt := range []struct {
		profile string
		want    map[string][]string // kind -> bodies; O and S stand for 1688's order and sub-order
		args    []string
	}{
		{alibaba.ProfileCrossborder, map[string][]string{
			"registration": {`{"country":"japan","site":"japan","outLoginId":"himitsu-login","outMemberId":"out-42","email":"himitsu@example.com","mobile":"9055555555","mobileArea":"JP","ip":"203.0.113.77"}`},
			"order": {
				`{"orderId":"1001","outMemberId":"out-42","status":"payed","createTime":"2026-05-01 20:00:00","payTime":"2026-05-01 20:05:00","paidFee":4600,"refundStatus":"0","subOrderParamList":[
					{"orderId":"10011",` + line1 + `,"paidFee":3000,"refundStatus":"0"},{"orderId":"10012",` + line2 + `,"paidFee":1000,"refundStatus":"0"}]}`,
				`{"orderId":"1001","outMemberId":"out-42","status":"success","createTime":"2026-05-01 20:00:00","payTime":"2026-05-01 20:05:00","endTime":"2026-05-01 22:01:00","paidFee":4600,"refundStatus":"0","subOrderParamList":[
					{"orderId":"10011",` + line1 + `,"paidFee":3000,"refundStatus":"0"},{"orderId":"10012",` + line2 + `,"paidFee":1000,"refundStatus":"0"}]}`,
			},
			"relation": {`{"orderId":"10011","parentOrderId":"1001","purchaseOrderId":S,"purchaseParentOrderId":O}`},
			"logistics": {
				`{"orderId":"1001","logisticsId":"EN1","logisticsStatus":"send","createTime":"2026-05-01 21:00:00","province":"Tokyo","city":"Chiyoda","area":"Chiyoda","address":"Himitsu 1-2-3"}`,
				`{"orderId":"1001","logisticsId":"EN1","logisticsStatus":"sign","createTime":"2026-05-01 21:00:00","signTime":"2026-05-01 22:00:00","province":"Tokyo","city":"Chiyoda","area":"Chiyoda","address":"Himitsu 1-2-3"}`,
			},
		}, []string{"countryAccount", "orderParam", "orderRelationParam", "orderLogisticsParam"}},
		{alibaba.ProfileNationalSite, map[string][]string{
			"registration": {`{"country":"japan","site":"japan","outLoginName":"himitsu-login","outMemberId":"out-42","email":"himitsu@example.com","mobile":"9055555555","mobileArea":"JP","ip":"203.0.113.77"}`},
			"order": {
				`{"orderId":1001,"outUserId":"out-42","payStatus":"payed","createTime":"2026-05-01 20:00:00","payTime":"2026-05-01 20:05:00","paidFee":4600,"refundStatus":"0","subOrderList":[
					{"orderId":10011,"payStatus":"payed","paidFee":3000,"refundStatus":"0","offerId":679000000001,"skuId":4707000010007,"buyAmount":2},
					{"orderId":10012,"payStatus":"payed","paidFee":1000,"refundStatus":"0","offerId":679000000002,"skuId":0,"buyAmount":1}]}`,
				`{"orderId":1001,"outUserId":"out-42","payStatus":"success","createTime":"2026-05-01 20:00:00","payTime":"2026-05-01 20:05:00","endTime":"2026-05-01 22:01:00","paidFee":4600,"refundStatus":"0","subOrderList":[
					{"orderId":10011,"payStatus":"success","paidFee":3000,"refundStatus":"0","offerId":679000000001,"skuId":4707000010007,"buyAmount":2},
					{"orderId":10012,"payStatus":"success","paidFee":1000,"refundStatus":"0","offerId":679000000002,"skuId":0,"buyAmount":1}]}`,
			},
			"relation": {`{"nationalSubOrderId":10011,"nationalOrderId":1001,"cbuSubOrderId":S,"cbuOrderId":O}`},
			"logistics": {
				`{"logisticsOrderId":1001,"logisticsId":"EN1","logisticsStatus":"send","createTime":"2026-05-01 21:00:00"}`,
				`{"logisticsOrderId":1001,"logisticsId":"EN1","logisticsStatus":"sign","createTime":"2026-05-01 21:00:00","endTime":"2026-05-01 22:00:00"}`,
			},
		}, []string{"countryAccount", "orderParam", "nationalOrderRelationParamList", "logisticsOrderParam"}},
	} {
		t.Run(tt.profile, func(t *testing.T) {
			f := newFixture(t, options{profile: tt.profile})
			no, sub := f.sixPushes()
			f.inTx(func(tx *gorm.DB) error { return tx.Exec("DELETE FROM order_lines WHERE id = 10019").Error }) // only there for the purchase
			f.work()
			f.allDone()
			for kind, bodies := range tt.want {
				got := f.pushed(kind)
				require.Len(t, got, len(bodies), kind)
				for i, body := range bodies {
					assert.True(t, got[i].Accepted, got[i].Code)
					assert.Subset(t, []string{"unknown_product"}, got[i].Warnings, "only our products are made up")
					assert.JSONEq(t, strings.NewReplacer(":S", ":"+sub, ":O", ":"+no).Replace(body), string(got[i].Body), kind)
				}
			}
			said := f.transcript()
			for _, arg := range tt.args {
				assert.Contains(t, said, `"`+arg+`"`)
			}
			assert.ElementsMatch(t, []string{"registration 1 acknowledged", "order payed acknowledged", "relation 1 acknowledged", "logistics send acknowledged",
				"logistics_status sign acknowledged", "order_status success acknowledged"}, f.states())
			f.assertNothingPersonal()
		})
	}
}

// transcript is every call 1688 saw, as text.
func (f *fixture) transcript() string {
	f.t.Helper()
	res, err := http.Get(f.url + "/sandbox/v1/transcript")
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	return string(raw)
}

// assertNothingPersonal looks through everything the ledger and the queue keep.
func (f *fixture) assertNothingPersonal() {
	f.t.Helper()
	kept, err := json.Marshal([]any{f.rows(), f.jobRows("")})
	require.NoError(f.t, err)
	for _, r := range f.jobRows("") {
		kept = append(kept, r.Payload...)
	}
	for _, private := range []string{privateName, privateLogin, privateMail, privatePhone, privateStreet, privateIP} {
		assert.NotContains(f.t, string(kept), private)
	}
}

// A row says what was sent, and proves it by a hash of the same facts whenever it is tried again.
func TestLedgerRow(t *testing.T) {
	f := newFixture(t, options{})
	f.order(1001)
	f.fault("orderSync", "http_500", 2)
	f.queueUp(1001, payed(1001))
	f.work()
	f.eventually("tried and failed", func() bool { return len(f.rows()) == 1 })
	tried := f.rows()[0]
	f.allDone()
	rows := f.rows()
	require.Len(t, rows, 1)
	r := rows[0]
	assert.Equal(t, []any{"japan", int64(1001), "order", "1001", "payed", stateAcknowledged, 3, "req-1"},
		[]any{r.Site, r.OrderID, r.Kind, r.ObjectKey, r.Version, r.State, r.Attempts, r.RequestID})
	assert.Equal(t, f.jobRows(order.JobPushOrder)[0].ID, r.JobID)
	assert.Len(t, r.PayloadHash, 64)
	assert.Equal(t, tried.PayloadHash, r.PayloadHash)
	assert.Equal(t, tried.Payload, r.Payload)
	_, sum := hash(json.RawMessage(r.Payload))
	assert.Equal(t, r.PayloadHash, sum)
	assert.NotNil(t, r.AcknowledgedAt)
	assert.NotNil(t, r.SentAt)
	assert.Empty(t, r.Code)
}

func TestAcknowledgedIsNeverSentAgain(t *testing.T) {
	f := newFixture(t, options{})
	f.order(1001)
	f.queueUp(1001, payed(1001))
	f.work()
	f.allDone()
	before := f.rows()[0]
	f.queueUp(1001, payed(1001), payed(1001)) // a job row may be written twice by a careless feature
	f.allDone()
	assert.Len(t, f.pushed("order"), 1)
	assert.Equal(t, []ledgerRow{before}, f.rows())
}

func TestQuotaWaits(t *testing.T) {
	f := newFixture(t, options{})
	f.order(1001)
	f.fault("orderSync", "quota", 1)
	f.queueUp(1001, payed(1001))
	f.work()
	f.eventually("put off", func() bool { return len(f.rows()) == 1 && f.jobRows(order.JobPushOrder)[0].LastError != "" })
	job := f.jobRows(order.JobPushOrder)[0]
	assert.Zero(t, job.Attempts, "no failure of ours")
	assert.Greater(t, time.Until(job.DueAt), time.Second)
	assert.Equal(t, []string{"order payed sent"}, f.states())
	assert.Equal(t, "gw.QosAppFrequencyLimit", f.rows()[0].Code)
	f.hurry()
	f.allDone()
	assert.Equal(t, []string{"order payed acknowledged"}, f.states())
	assert.Len(t, f.pushed("order"), 1)
}

// blocked is an order whose first push 1688 refuses, with three more behind it, and another order beside it.
func (f *fixture) blocked() {
	f.t.Helper()
	f.order(1001)
	f.parcel(3001, 1001, "EN1")
	f.order(1002)
	f.set("orders", 1001, map[string]any{"total_fen": -1}) // 1688 takes no negative amount
	at := f.clock.now().Add(time.Hour)
	f.queueUp(1001, payed(1001), parcelStep(3001, "1001:EN1", "send", "send", at), parcelStep(3001, "1001:EN1", "sign", "sign", at), closing(1001, "success", "success", at))
	f.queueUp(1002, payed(1002))
	f.work()
	f.eventually("refused, and held back", func() bool {
		rows := f.jobRows(order.JobPushParcel)
		return len(f.rows()) == 2 && strings.Contains(rows[0].LastError, "earlier push")
	})
}

func TestARefusedPushHoldsBackItsOrder(t *testing.T) {
	f := newFixture(t, options{})
	f.blocked()
	assert.ElementsMatch(t, []string{"order payed refused", "order payed acknowledged"}, f.states())
	refused := f.rowOf(1001)
	assert.Equal(t, "PARAM_ERROR", refused.Code)
	assert.Contains(t, refused.Message, "paidFee")
	assert.Equal(t, jobs.StateDead, f.jobRows(order.JobPushOrder)[0].State)
	assert.Zero(t, f.jobRows(order.JobPushParcel)[0].Attempts, "waiting is no failure")
	assert.Empty(t, f.pushed("logistics"))
	f.hurry()
	f.eventually("still held back", func() bool { return time.Until(f.jobRows(order.JobPushParcel)[0].DueAt) > time.Second })
	assert.Empty(t, f.pushed("logistics"))
	assert.Len(t, f.pushed("order"), 2, "the other order's is not in the way")
}

func (f *fixture) rowOf(orderID int64) ledgerRow {
	f.t.Helper()
	for _, r := range f.rows() {
		if r.OrderID == orderID {
			return r
		}
	}
	require.Fail(f.t, "no ledger row")
	return ledgerRow{}
}

// Staff put the cause right and press the button, many times at once: one effect, and everything behind it follows in order.
func TestRetryRevives(t *testing.T) {
	f := newFixture(t, options{})
	f.blocked()
	f.set("orders", 1001, map[string]any{"total_fen": 4600})
	refused := f.rowOf(1001)
	ctx := auth.WithStaff(t.Context(), auth.StaffCaller{ID: 7, LoginName: "ops", Role: auth.Ops})
	var wg sync.WaitGroup
	revived := make(chan ledgerRow, 20)
	for range 20 {
		wg.Go(func() {
			row, err := f.Retry(ctx, refused.ID)
			if err != nil {
				assert.True(t, errs.Is(err, "push.not_retryable"), "%v", err)
				return
			}
			revived <- row
		})
	}
	wg.Wait()
	require.Len(t, revived, 1)
	assert.EqualValues(t, 1, f.count("audit"))
	f.eventually("acknowledged", func() bool { return f.rowOf(1001).State == stateAcknowledged })
	f.eventually("all of it", func() bool {
		f.hurry()
		return f.jobRows(order.JobPushStatus)[0].State == jobs.StateDone
	})
	var order []string
	for _, p := range append(f.pushed("order"), f.pushed("logistics")...) {
		assert.NotContains(t, p.Warnings, "order_not_pushed_yet")
		assert.NotContains(t, p.Warnings, "first_push_is_not_payed")
		if p.Accepted && strings.Contains(string(p.Body), "1001") {
			order = append(order, p.Status)
		}
	}
	assert.Equal(t, []string{"payed", "success", "send", "sign"}, order)
	assert.Equal(t, 2, f.rowOf(1001).Attempts)

	_, err := f.Retry(ctx, refused.ID)
	assert.True(t, errs.Is(err, "push.not_retryable"), "acknowledged: %v", err)
	_, err = f.Retry(ctx, 5)
	assert.True(t, errs.Is(err, "push.not_found"), "%v", err)
}

// 1688 stays away for very long: the push is given up, shown, and can be revived.
func TestADeadPush(t *testing.T) {
	f := newFixture(t, options{})
	f.order(1001)
	f.fault("orderSync", "unauthorized", 0)
	f.queueUp(1001, payed(1001))
	f.inTx(func(tx *gorm.DB) error {
		return tx.Table("jobs").Where("state = 'waiting'").UpdateColumn("attempts", maxPushTries-1).Error
	})
	f.work()
	f.eventually("dead", func() bool { return f.jobRows("")[0].State == jobs.StateDead })
	assert.Equal(t, []string{"order payed dead"}, f.states())
	assert.Equal(t, "401", f.rows()[0].Code)
	f.control("DELETE", "/faults", "", nil)
	_, err := f.Retry(t.Context(), f.rows()[0].ID)
	require.NoError(t, err)
	f.allDone()
	assert.Equal(t, []string{"order payed acknowledged"}, f.states())
}

// Only the newest of several unsent states matters; facts that are no state all go.
func TestSuperseded(t *testing.T) {
	f := newFixture(t, options{})
	f.order(1001)
	f.parcel(3001, 1001, "EN1")
	f.parcel(3002, 1001, "EN2")
	at := f.clock.now().Add(time.Hour)
	f.queueUp(1001, payed(1001),
		parcelStep(3001, "1001:EN1", "send", "send", at), parcelStep(3002, "1001:EN2", "send", "send", at),
		parcelStep(3001, "1001:EN1", "partSign:1", "partSign", at), parcelStep(3002, "1001:EN2", "partSign:2", "partSign", at),
		parcelStep(3001, "1001:EN1", "sign", "sign", at.Add(time.Minute)),
		closing(1001, "success", "success", at), closing(1001, "close", "close", at))
	f.work()
	f.allDone()
	assert.Equal(t, []string{"order payed acknowledged", "logistics send acknowledged", "logistics send acknowledged", "logistics_status partSign:1 superseded",
		"logistics_status partSign:2 acknowledged", "logistics_status sign acknowledged", "order_status success superseded", "order_status close acknowledged"}, f.states())
	var told []string
	for _, p := range append(f.pushed("order"), f.pushed("logistics")...) {
		told = append(told, p.Key+" "+p.Status)
	}
	assert.Equal(t, []string{"1001 payed", "1001 close", "1001:EN1 send", "1001:EN2 send", "1001:EN2 partSign", "1001:EN1 sign"}, told)
}

func TestRegistration(t *testing.T) {
	f := newFixture(t, options{})
	state := func(id int64) (v struct{ Registration, RegistrationMessage string }) {
		require.NoError(t, f.db.Read(t.Context()).Table("members").Select("registration, registration_message").Where("id = ?", id).Take(&v).Error)
		return v
	}
	for _, id := range []int64{42, 43} {
		f.member(id)
		f.inTx(func(tx *gorm.DB) error {
			return f.queue.AppendTx(t.Context(), tx, jobs.Spec{Kind: account.JobPushRegistration, Aggregate: fmt.Sprint("member:", id), Payload: account.Registration{Site: "japan", MemberID: id, At: f.clock.now()}})
		})
	}
	f.set("members", 43, map[string]any{"ip": "nowhere"}) // 1688 wants a real address
	f.work()
	f.eventually("both are decided", func() bool { return state(42).Registration == "registered" && state(43).Registration == "failed" })
	assert.Contains(t, state(43).RegistrationMessage, "ip")
	f.eventually("both are noted", func() bool { return len(f.rows()) == 2 })
	assert.ElementsMatch(t, []string{"registration 1 acknowledged", "registration 1 refused"}, f.states())
	f.assertNothingPersonal()

	f.set("members", 43, map[string]any{"ip": privateIP})
	for _, r := range f.rows() {
		if r.State == stateRefused {
			_, err := f.Retry(t.Context(), r.ID)
			require.NoError(t, err)
		}
	}
	f.allDone()
	assert.Equal(t, "registered", state(43).Registration)
	assert.Empty(t, state(43).RegistrationMessage)
	assert.Len(t, f.pushed("registration"), 3)
}

// A push whose payload cannot be read dies without asking 1688.
func TestUnreadablePushes(t *testing.T) {
	f := newFixture(t, options{})
	f.order(1001)
	f.inTx(func(tx *gorm.DB) error {
		var specs []jobs.Spec
		for kind := range kinds {
			specs = append(specs, jobs.Spec{Kind: kind, Payload: "no object"})
		}
		return f.queue.AppendTx(t.Context(), tx, append(specs, jobs.Spec{Kind: JobApply, Payload: 5})...)
	})
	f.work()
	f.eventually("all dead", func() bool {
		for _, r := range f.jobRows("") {
			if r.State != jobs.StateDead {
				return false
			}
		}
		return true
	})
	assert.Empty(t, f.rows())
	assert.Zero(t, f.calls("trade.cross.orderSync"))
}
