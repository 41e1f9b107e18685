// Command bench measures Entrepot against the limits of the machine it runs on. Every row is a ratio of two figures taken
// in the same run, variants interleaved, medians of rounds; see docs/performance.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strings"
	"time"
)

// settings of a run.
type settings struct {
	rounds int
	slice  time.Duration // length of one variant in one round
	mysql  string        // DSN without a database; "" skips MariaDB
	redis  string        // URL; "" skips real Redis
	where  string        // embedded, servers or both
}

// embedded and servers say which side of P3 and P4 to measure.
func (s settings) embedded() bool { return s.where != "servers" }

func (s settings) servers() bool {
	if s.where == "embedded" {
		return false
	}
	if s.mysql == "" || s.redis == "" {
		fmt.Println("    rows on MariaDB and Redis skipped: ENTREPOT_TEST_MYSQL_DSN or ENTREPOT_TEST_REDIS_URL is not set")
		return false
	}
	return true
}

func main() {
	s := settings{mysql: os.Getenv("ENTREPOT_TEST_MYSQL_DSN"), redis: os.Getenv("ENTREPOT_TEST_REDIS_URL")}
	flag.IntVar(&s.rounds, "rounds", 5, "interleaved rounds per row")
	flag.DurationVar(&s.slice, "slice", time.Second, "length of one variant in one round")
	flag.StringVar(&s.where, "where", "both", "embedded, servers or both, for P3 and P4")
	rows := flag.String("rows", "P1,P2,P3,P4,P5,P6,P8,SB", "rows to measure")
	profile := flag.String("cpuprofile", "", "write a CPU profile of the run to this file")
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		defer pprof.StopCPUProfile()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Printf("# %d rounds of %s; MariaDB: %s; Redis: %s\n", s.rounds, s.slice, given(s.mysql), given(s.redis))
	failed := false
	for _, row := range []struct {
		label string
		run   func(context.Context, settings) error
	}{{"P1", searches}, {"P2", misses}, {"P3", orders}, {"P4", pushes}, {"P5", starts}, {"P6", growth}, {"P8", photos}, {"SB", simulator}} {
		if !slices.Contains(strings.Split(*rows, ","), row.label) {
			continue
		}
		if err := row.run(ctx, s); err != nil {
			fmt.Printf("%s failed: %v\n", row.label, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func given(s string) string {
	if s == "" {
		return "not given (rows on it are skipped)"
	}
	return "given"
}

// row prints one result: the label first, the ratio, then what it is made of.
func row(label, what string, ratio float64, format string, args ...any) {
	fmt.Printf("%-3s %-52s ratio %.2f   %s\n", label, what, ratio, fmt.Sprintf(format, args...))
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

func percentile(list []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}
