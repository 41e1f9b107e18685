package jobs

import (
	"context"
	"fmt"
	"sort"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkDrain measures rows appended beforehand until their no-op handlers are durably done.
func BenchmarkDrain(b *testing.B) {
	for _, chain := range []int{1, 5} {
		b.Run(fmt.Sprintf("aggregate=%d", chain), func(b *testing.B) {
			var ran atomic.Int64
			q := newQueue(b, func(o *Options) { o.CheckInterval, o.Poll = 0, 0 })
			q.Handle("bench.noop", func(context.Context, *Task) error { ran.Add(1); return nil })
			backlog(b, q, b.N, chain)
			b.ResetTimer()
			run(b, q)
			waitDone(b, q, b.N)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
			b.ReportMetric(float64(ran.Load())/float64(b.N), "runs/job")
		})
	}
}

func backlog(b *testing.B, q *Queue, n, chain int) {
	for i := 0; i < n; i += 100 {
		specs := make([]Spec, min(100, n-i))
		for j := range specs {
			specs[j] = Spec{Kind: "bench.noop", Aggregate: fmt.Sprintf("order:%d", (i+j)/chain), Payload: i + j}
		}
		add(b, q, specs...)
	}
}

func waitDone(b testing.TB, q *Queue, n int) {
	eventually(b, "all done", func() bool {
		var left int64
		require.NoError(b, q.db.Read(b.Context()).Raw("SELECT COUNT(*) FROM (SELECT 1 FROM jobs WHERE state = 'waiting' LIMIT 1) w").Scan(&left).Error)
		return left == 0
	})
}

// BenchmarkLatency measures commit to handler start on an idle queue, and the processor time of an idle one.
func BenchmarkLatency(b *testing.B) {
	started := make(chan time.Time, 1)
	q := newQueue(b, func(o *Options) { o.CheckInterval, o.Poll = 0, 0 })
	q.Handle("bench.noop", func(context.Context, *Task) error { started <- time.Now(); return nil })
	run(b, q)
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		add(b, q, Spec{Kind: "bench.noop", Aggregate: fmt.Sprint("order:", i)})
		committed := time.Now()
		took = append(took, (<-started).Sub(committed))
		time.Sleep(13 * time.Millisecond) // idle again
	}
	sort.Slice(took, func(i, j int) bool { return took[i] < took[j] })
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	before, start := cpu(), time.Now()
	time.Sleep(3 * time.Second)
	b.ReportMetric((cpu()-before).Seconds()/time.Since(start).Seconds(), "idle-cores")
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
