package sync

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"entrepot/internal/order"
)

const listAPI = "alibaba.trade.getBuyerOrderList"

func (f *fixture) cursor() (value string) {
	f.t.Helper()
	var values []string
	require.NoError(f.t, f.db.Read(f.t.Context()).Table("cursors").Where("name = ?", sweepCursor).Pluck("value", &values).Error)
	require.Len(f.t, values, 1)
	return values[0]
}

// causes lists the re-reads that were queued: purchase and cause.
func (f *fixture) causes() (out []string) {
	f.t.Helper()
	for _, j := range f.jobRows(order.JobRefresh) {
		var r struct{ ID, Cause string }
		require.NoError(f.t, json.Unmarshal(j.Payload, &r))
		assert.Equal(f.t, "purchase:"+r.ID, j.Aggregate, "one after the other with everything else about the purchase")
		out = append(out, r.ID+" "+r.Cause)
	}
	return out
}

func TestSweepHealsALostMessage(t *testing.T) {
	f := newFixture(t, options{})
	f.order(1001)
	f.order(1002)
	lost, no, _ := f.bought(1001)
	known, other, _ := f.bought(1002)
	for _, p := range []int64{lost, known} {
		require.NoError(t, f.orders.Refresh(t.Context(), p, "test"))
	}
	f.act(no, "pay")
	f.act(other, "pay")
	require.NoError(t, f.orders.Refresh(t.Context(), known, "message"))
	require.NoError(t, f.Sweep(t.Context()))
	assert.Equal(t, []string{fmt.Sprintf("%d sweep", lost)}, f.causes(), "only what we do not know")
	assert.Equal(t, f.clock.now().Format(time.RFC3339), f.cursor())
	f.work()
	f.eventually("healed", func() bool { return f.purchaseState(lost) == "paid" })

	f.clock.advance(time.Minute)
	require.NoError(t, f.Sweep(t.Context()))
	assert.Len(t, f.causes(), 1, "nothing new")
}

// A change without a new status word (a price, a parcel) counts too.
func TestSweepSeesChangesOfOtherKinds(t *testing.T) {
	f := newFixture(t, options{})
	f.order(1001)
	purchase, no, _ := f.bought(1001)
	require.NoError(t, f.orders.Refresh(t.Context(), purchase, "test"))
	f.act(no, "modify-price")
	require.NoError(t, f.Sweep(t.Context()))
	assert.Equal(t, []string{fmt.Sprintf("%d sweep", purchase)}, f.causes())
}

func TestOneOfManySweepers(t *testing.T) {
	f := newFixture(t, options{})
	round := func() {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() { assert.NoError(t, f.Sweep(t.Context())) })
		}
		wg.Wait()
	}
	round()
	assert.Equal(t, 1, f.calls(listAPI))
	f.clock.advance(50 * time.Second)
	round()
	assert.Equal(t, 1, f.calls(listAPI), "too early for the next")
	f.clock.advance(10 * time.Second)
	round()
	assert.Equal(t, 2, f.calls(listAPI))
}

func TestSweepKeepsItsPlaceWhile1688IsAway(t *testing.T) {
	f := newFixture(t, options{})
	require.NoError(t, f.Sweep(t.Context()))
	before := f.cursor()
	f.fault("getBuyerOrderList", "http_500", 0)
	f.clock.advance(time.Hour)
	require.Error(t, f.Sweep(t.Context()))
	assert.Equal(t, before, f.cursor())
	f.control("DELETE", "/faults", "", nil)
	f.clock.advance(time.Minute)
	require.NoError(t, f.Sweep(t.Context()))
	assert.Equal(t, f.clock.now().Format(time.RFC3339), f.cursor())
}

func TestSweepLooksAtQuietPurchases(t *testing.T) {
	f := newFixture(t, options{})
	f.order(1001)
	purchase, no, _ := f.bought(1001)
	f.act(no, "pay")
	require.NoError(t, f.orders.Refresh(t.Context(), purchase, "test"))
	f.clock.advance(quietAfter - time.Second)
	require.NoError(t, f.Sweep(t.Context()))
	assert.Empty(t, f.causes())
	f.clock.advance(time.Minute)
	require.NoError(t, f.Sweep(t.Context()))
	assert.Equal(t, []string{fmt.Sprintf("%d sweep.quiet", purchase)}, f.causes())
}

// orderList is a gateway that knows many orders, modified at given times.
func orderList(t *testing.T, modified []time.Time) (url string, seen *sync.Map) {
	t.Helper()
	seen = &sync.Map{}
	china := time.FixedZone("", 8*3600)
	const form = "20060102150405000-0700"
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		parse := func(name string) time.Time {
			at, err := time.Parse("20060102150405-0700", r.FormValue(name)[:14]+r.FormValue(name)[17:])
			assert.NoError(t, err, name)
			return at
		}
		from, to := parse("modifyStartTime"), parse("modifyEndTime")
		var hits []int
		for i := len(modified) - 1; i >= 0; i-- { // the newest first
			if !modified[i].Before(from) && !modified[i].After(to) {
				hits = append(hits, i)
			}
		}
		page, _ := strconv.Atoi(r.FormValue("page"))
		size, _ := strconv.Atoi(r.FormValue("pageSize"))
		result := []any{}
		for _, i := range hits[min((page-1)*size, len(hits)):min(page*size, len(hits))] {
			seen.Store(i, true)
			no := strconv.Itoa(i + 1)
			result = append(result, map[string]any{"baseInfo": map[string]any{"idOfStr": no, "status": "waitsellersend", "modifyTime": modified[i].In(china).Format(form)}})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"result": result, "totalRecord": len(hits)})
	}))
	t.Cleanup(ts.Close)
	return ts.URL, seen
}

// After a long silence there may be more changes than one sweep carries: the next ones go on, and nothing is passed over.
func TestSweepWorksOffABacklog(t *testing.T) {
	start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	var modified []time.Time
	for i := range 4000 { // over the last ten hours
		modified = append(modified, start.Add(-10*time.Hour).Add(time.Duration(i)*9*time.Second))
	}
	url, seen := orderList(t, modified)
	f := newFixture(t, options{url: url})
	f.order(1001)
	f.purchase(555, 1001, "1") // ours is the oldest of all
	sweeps, last := 0, ""
	for ; sweeps < 20 && last != f.clock.now().Format(time.RFC3339); sweeps++ {
		f.clock.advance(time.Minute)
		require.NoError(t, f.Sweep(t.Context()))
		require.Greater(t, f.cursor(), last, "each sweep gets on")
		last = f.cursor()
	}
	n := 0
	seen.Range(func(any, any) bool { n++; return true })
	assert.Equal(t, len(modified), n)
	assert.Less(t, sweeps, 20)
	assert.Contains(t, f.causes(), "555 sweep")
}

func TestRunSweepsUntilItIsTold(t *testing.T) {
	f := newFixture(t, options{})
	f.sweep = 20 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	f.eventually("swept", func() bool { return f.calls(listAPI) > 0 })
	f.inTx(func(tx *gorm.DB) error { return tx.Exec("DROP TABLE cursors").Error }) // a failing sweep is logged, no more
	cancel()
	assert.NoError(t, <-ended)
}
