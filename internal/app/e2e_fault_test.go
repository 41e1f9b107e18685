package app_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"entrepot/internal/apptest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	create  = "alibaba.trade.createCrossOrder"
	lookUp  = "alibaba.trade.getBuyerOrderList"
	prepare = "alibaba.trade.pay.protocolPay.preparePay"
)

// Whatever becomes of the answer to createCrossOrder, each seller group has exactly one order at 1688.
func TestLostAnswersOfCreate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults []apptest.Fault
	}{
		{"answer never comes, order made", []apptest.Fault{{API: create, Kind: "timeout_after", Count: 1, DelayMS: 4000}}},
		{"answer never comes, no order", []apptest.Fault{{API: create, Kind: "timeout_before", Count: 1, DelayMS: 4000}}},
		{"connection reset, order made", []apptest.Fault{{API: create, Kind: "reset_after", Count: 1}}},
		{"connection reset, no order", []apptest.Fault{{API: create, Kind: "reset", Count: 1}}},
		{"500, order made", []apptest.Fault{{API: create, Kind: "http_500_after", Count: 1}}},
		{"500, no order", []apptest.Fault{{API: create, Kind: "http_500", Count: 1}}},
		{"HTML instead of JSON, order made", []apptest.Fault{{API: create, Kind: "garbage", Count: 1}}},
		{"half an answer, order made", []apptest.Fault{{API: create, Kind: "truncated", Count: 1}}},
		{"refused by quota", []apptest.Fault{{API: create, Kind: "quota", Count: 1}}},
		{"look-up is down too, order made", []apptest.Fault{{API: create, Kind: "reset_after", Count: 1}, {API: lookUp, Kind: "http_500", Count: 5}}},
		{"look-up is down too, no order", []apptest.Fault{{API: create, Kind: "reset", Count: 1}, {API: lookUp, Kind: "reset", Count: 5}}},
		{"look-up answers garbage, order made", []apptest.Fault{{API: create, Kind: "garbage", Count: 1}, {API: lookUp, Kind: "garbage", Count: 4}}},
		{"every second try fails", []apptest.Fault{{API: create, Kind: "http_500", Count: 3}}},
		{"success is false beside an order", []apptest.Fault{{API: create, Kind: "success_false_with_order", Count: 1}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			y := apptest.Start(t, apptest.Env("ENTREPOT_SWEEP_INTERVAL", "1h")).NewStory(t, 1)
			for _, f := range tt.faults {
				y.Sandbox.Break(t, f)
			}
			y.Play(t, y.Steps()...)
			y.Verify(t)
			for _, f := range tt.faults {
				assert.Positive(t, y.Sandbox.Struck(t, f.Kind), "%s must have happened", f.Kind)
			}
		})
	}
}

// 1688 may make several orders out of one call; together they are one purchase of ours, each bound and paid.
func TestCreateSplitBy1688(t *testing.T) {
	y := apptest.Start(t).NewStory(t, 1)
	y.Split = true
	y.Sandbox.Break(t, apptest.Fault{API: create, Kind: "split_order", Count: 1})
	y.Play(t, y.Steps()...)
	y.Verify(t)
}

// A payment at 1688 whose answer is lost or wrong is not made twice.
func TestLostAnswersOfPayment(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault apptest.Fault
		done  int // how often preparePay did its work
	}{
		{"says no and has paid", apptest.Fault{API: prepare, Kind: "pay_false_but_paid", Count: 1}, 1},
		{"answer never comes, paid", apptest.Fault{API: prepare, Kind: "timeout_after", Count: 1, DelayMS: 4000}, 1},
		{"connection reset, paid", apptest.Fault{API: prepare, Kind: "reset_after", Count: 1}, 1},
		{"500, paid", apptest.Fault{API: prepare, Kind: "http_500_after", Count: 1}, 1},
		{"HTML instead of JSON, paid", apptest.Fault{API: prepare, Kind: "garbage", Count: 1}, 1},
		{"500, not paid", apptest.Fault{API: prepare, Kind: "http_500", Count: 1}, 1},
		{"says no and means it", apptest.Fault{API: prepare, Kind: "pay_false", Count: 1}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			y := apptest.Start(t).NewStory(t, 1)
			y.Sandbox.Break(t, tt.fault)
			y.Play(t, y.Steps()...)
			y.Verify(t)
			assert.Equal(t, 1, y.Sandbox.Struck(t, tt.fault.Kind))
			assert.Equal(t, tt.done, y.Sandbox.Executed(t, "preparePay"))
		})
	}
}

// A payment that 1688 refuses for good is tried three times and then shown to staff.
func TestPaymentRefusedFor1688(t *testing.T) {
	t.Parallel()
	y := apptest.Start(t).NewStory(t, 1)
	y.Sandbox.Break(t, apptest.Fault{API: prepare, Kind: "pay_false"})
	steps := y.Steps()
	steps[3].Settle = func(t testing.TB) {
		apptest.Eventually(t, "a call for staff", func() (bool, string) {
			v := y.Seen(t)
			return v.Attention == "purchase_not_paid", v.Attention
		})
	}
	y.Play(t, steps[:4]...)
	assert.Equal(t, 3, y.Sandbox.Struck(t, "pay_false"))
}

// Each call to 1688 in the background fails once in each way; every push still takes effect, in order.
func TestPushesFailOnce(t *testing.T) {
	for _, kind := range []string{"http_500", "http_500_after", "reset_after", "garbage", "truncated"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			y := apptest.Start(t).NewStory(t, 2)
			for _, name := range []string{"account.user.register", "orderSync", "relation.write", "logisticsOrderSync", "get.buyerView", "getLogisticsInfos.buyerView"} {
				y.Sandbox.Break(t, apptest.Fault{API: name, Kind: kind, Count: 1})
			}
			y.Play(t, y.Steps()...)
			y.Verify(t)
			assert.Equal(t, 6, y.Sandbox.Struck(t, kind))
		})
	}
}

// Redis forgets everything, at every step: right after each act, while work waits and runs, and once more when it is done.
func TestRedisEmptied(t *testing.T) {
	y := apptest.Start(t).NewStory(t, 2)
	for _, step := range y.Steps() {
		began := time.Now()
		if step.Act != nil {
			require.NoError(t, step.Act(t))
		}
		y.ForgetRedis(t)
		if step.Settle != nil {
			step.Settle(t)
		}
		y.ForgetRedis(t)
		t.Logf("%-24s %v", step.Name, time.Since(began).Round(time.Millisecond))
	}
	y.Verify(t)
}

// The program is killed at the end of every act, and at random moments of every act and of the work that follows; the
// story completes, and 1688 has every order and push once.
func TestKilled(t *testing.T) {
	for _, tt := range []struct {
		name  string
		opts  []apptest.Option
		extra int  // further kills per step at random moments
		slow  bool // 1688 takes its time
	}{
		{"at every step boundary", nil, 0, false},
		{"at random moments", nil, 3, true},
		{"with everything in one process", []apptest.Option{apptest.Embedded()}, 2, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if raceEnabled {
				tt.extra = min(tt.extra, 1) // each start takes seconds
			}
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 0))
			opts := append([]apptest.Option{apptest.Children(), apptest.Env("ENTREPOT_JOB_LEASE", "1s")}, tt.opts...)
			y := apptest.Start(t, opts...).NewStory(t, 2)
			if tt.slow { // widen the moments in which an answer of 1688 is on its way
				y.Sandbox.Break(t, apptest.Fault{API: "*", Kind: "latency", DelayMS: 15})
			}
			kills := 0
			for _, step := range y.Steps() {
				began := time.Now()
				if tt.extra == 0 {
					step.Insist(t, func() {})
					y.Kill(t)
					y.Up()
					kills++
				} else {
					kills += killDuring(t, y, step, random, tt.extra)
				}
				if step.Settle != nil {
					step.Settle(t)
				}
				t.Logf("%-24s %v", step.Name, time.Since(began).Round(time.Millisecond))
			}
			t.Logf("killed %d times", kills)
			y.Verify(t)
		})
	}
}

// killDuring kills once somewhere in the act or just behind it, and then a few times in the work that follows.
func killDuring(t *testing.T, y *apptest.Story, step apptest.Step, random *rand.Rand, more int) (kills int) {
	t.Helper()
	dead, down := y.KillAfter(time.Duration(random.IntN(12_000))*time.Microsecond), true
	up := func() {
		if down {
			require.NoError(t, <-dead)
			y.Up()
			down = false
		}
	}
	step.Insist(t, up)
	up()
	for range more {
		dead := y.KillAfter(time.Duration(random.IntN(150)) * time.Millisecond)
		require.NoError(t, <-dead)
		y.Up()
	}
	return 1 + more
}

// The program is killed in the very moment when a call has reached 1688 and its answer has not reached us: before 1688 has
// done its work, and after.
func TestKilledWhileCalling(t *testing.T) {
	for _, api := range []struct {
		name string
		step int // of the story, in which the call is made
	}{
		{"account.user.register", 0}, {create, 3}, {prepare, 3}, {"orderSync", 3}, {"relation.write", 3}, {"get.buyerView", 3},
		{"logisticsOrderSync", 6}, {"logisticsOrderSync", 7}, {"orderSync", 7},
	} {
		for _, kind := range []string{"latency", "timeout_after"} {
			t.Run(api.name+" "+strconv.Itoa(api.step)+" "+kind, func(t *testing.T) {
				t.Parallel()
				y := apptest.Start(t, apptest.Children(), apptest.Env("ENTREPOT_JOB_LEASE", "1s")).NewStory(t, 1)
				steps := y.Steps()
				y.Play(t, steps[:api.step]...)
				y.Sandbox.Break(t, apptest.Fault{API: api.name, Kind: kind, Count: 1, DelayMS: 1900})
				require.NoError(t, steps[api.step].Act(t))
				apptest.Eventually(t, "the call", func() (bool, string) { return y.Sandbox.Struck(t, kind) == 1, "" })
				y.Kill(t)
				y.Up()
				steps[api.step].Settle(t)
				y.Play(t, steps[api.step+1:]...)
				y.Verify(t)
			})
		}
	}
}
