package web

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type countingWriter struct {
	logBuffer
	writes int
	hold   chan struct{} // when set, each write waits for it
}

func (w *countingWriter) Write(p []byte) (int, error) {
	if w.hold != nil {
		<-w.hold
	}
	w.mu.Lock()
	w.writes++
	w.mu.Unlock()
	return w.logBuffer.Write(p)
}

func TestLogWriterLosesNothing(t *testing.T) {
	out := &countingWriter{}
	w := NewLogWriter(out)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				fmt.Fprintf(w, "line %d %d\n", g, i)
			}
		})
	}
	wg.Wait()
	require.NoError(t, w.Close())
	require.NoError(t, w.Close())
	text := out.String()
	assert.Equal(t, 16000, strings.Count(text, "\n"))
	assert.Less(t, out.writes, 2000, "lines are written in batches")
	for line := range strings.Lines(text) {
		require.True(t, strings.HasPrefix(line, "line ") && strings.HasSuffix(line, "\n"), line)
	}
	_, err := w.Write([]byte("late\n"))
	require.NoError(t, err)
	assert.Contains(t, out.String(), "late")
}

func TestLogWriterWritesSoon(t *testing.T) {
	out := &countingWriter{}
	w := NewLogWriter(out)
	defer w.Close()
	fmt.Fprintln(w, "hello")
	require.Eventually(t, func() bool { return out.String() == "hello\n" }, time.Minute, time.Millisecond)
}

func TestLogWriterWaitsWhenFull(t *testing.T) {
	out := &countingWriter{hold: make(chan struct{})}
	w := NewLogWriter(out)
	chunk := bytes.Repeat([]byte("x"), 1<<20)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 12 {
			_, err := w.Write(chunk)
			assert.NoError(t, err)
		}
	})
	require.Eventually(t, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.buf) >= logMaxBytes
	}, time.Minute, time.Millisecond)
	close(out.hold)
	wg.Wait()
	require.NoError(t, w.Close())
	assert.Len(t, out.String(), 12<<20)
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestLogWriterReportsErrors(t *testing.T) {
	w := NewLogWriter(failingWriter{})
	fmt.Fprintln(w, "x")
	require.ErrorContains(t, w.Close(), "disk full")
}
