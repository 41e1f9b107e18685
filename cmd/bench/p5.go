package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// starts is P5: from the start of the built binary to the first ready answer, its memory, its size.
func starts(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "entrepot-bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // only a temporary folder
	binary := filepath.Join(dir, "entrepot-api")
	build := exec.CommandContext(ctx, "go", "build", "-tags", "nomsgpack", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./cmd/api")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	var fresh, again []float64
	var rss int64
	for i := range s.rounds {
		data := filepath.Join(dir, "data"+strconv.Itoa(i))
		for _, times := range []*[]float64{&fresh, &again} {
			took, kb, err := startOnce(ctx, binary, data)
			if err != nil {
				return err
			}
			*times, rss = append(*times, took.Seconds()), kb
		}
	}
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	row("P5", "start to ready, fresh database / 1 s", median(fresh), "%.0f ms", 1000*median(fresh))
	row("P5", "start to ready, existing database / 300 ms", median(again)/0.3, "%.0f ms", 1000*median(again))
	row("P5", "idle memory / 120 MiB", float64(rss)/1024/120, "%d MiB resident, with sandbox and embedded queue", rss/1024)
	row("P5", "stripped binary / 60 MB", float64(info.Size())/60e6, "%.1f MB", float64(info.Size())/1e6)
	return nil
}

func startOnce(ctx context.Context, binary, data string) (time.Duration, int64, error) {
	l, err := listen(ctx)
	if err != nil {
		return 0, 0, err
	}
	addr := l.Addr().String()
	_ = l.Close() // the program takes the port
	cmd := exec.CommandContext(ctx, binary)
	cmd.Env = []string{"ENTREPOT_HTTP_ADDR=" + addr, "ENTREPOT_DATA_DIR=" + data, "ENTREPOT_SANDBOX_ADDR=127.0.0.1:0", "ENTREPOT_LOG_LEVEL=error",
		"ENTREPOT_FIRST_STAFF_PASSWORD=a bench password", "HOME=" + data, "PATH=" + os.Getenv("PATH")}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	defer func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() }()
	for time.Since(start) < 20*time.Second {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", nil)
		if err != nil {
			return 0, 0, err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close() // only the status counts
			if resp.StatusCode == http.StatusOK {
				took := time.Since(start)
				time.Sleep(time.Second) // idle memory, not that of starting
				kb, err := resident(cmd.Process.Pid)
				return took, kb, err
			}
		}
		time.Sleep(time.Millisecond)
	}
	return 0, 0, fmt.Errorf("not ready within 20 s")
}

func resident(pid int) (int64, error) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.SplitSeq(string(raw), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
		}
	}
	return 0, fmt.Errorf("no VmRSS")
}
