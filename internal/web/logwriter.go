package web

import (
	"errors"
	"io"
	"sync"
	"time"
)

// Sizes of the log buffer: a write of 64 kB costs as much as one of 200 bytes.
const (
	logFlushBytes = 64 << 10
	logMaxBytes   = 4 << 20
	logFlushEvery = 50 * time.Millisecond
)

// LogWriter collects log lines and writes them in batches from one goroutine: a system call per line costs more than
// the line. A full buffer makes writers wait, so nothing is lost short of kill -9 (at most 50 ms of lines).
type LogWriter struct {
	out  io.Writer
	mu   sync.Mutex
	room *sync.Cond // signalled when the buffer was taken
	buf  []byte
	wake chan struct{}
	done chan struct{}
	err  error
	shut bool
}

// NewLogWriter starts the goroutine; Close ends it.
func NewLogWriter(out io.Writer) *LogWriter {
	w := &LogWriter{out: out, wake: make(chan struct{}, 1), done: make(chan struct{})}
	w.room = sync.NewCond(&w.mu)
	go w.run()
	return w
}

// Write implements io.Writer for slog handlers. Errors of the real writer surface on Close.
func (w *LogWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.buf) >= logMaxBytes && !w.shut {
		w.room.Wait()
	}
	if w.shut {
		return w.out.Write(line) // late lines are rare and matter most
	}
	before := len(w.buf)
	w.buf = append(w.buf, line...)
	if before == 0 || before < logFlushBytes && len(w.buf) >= logFlushBytes {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
	return len(line), nil
}

// Close writes what is left, ends the goroutine and returns the first error of the real writer.
func (w *LogWriter) Close() error {
	w.mu.Lock()
	if w.shut {
		w.mu.Unlock()
		return nil
	}
	w.shut = true
	w.room.Broadcast()
	close(w.wake)
	w.mu.Unlock()
	<-w.done
	return w.err
}

func (w *LogWriter) run() {
	defer close(w.done)
	timer := time.NewTimer(logFlushEvery)
	timer.Stop()
	var spare []byte
	for open := true; open; {
		_, open = <-w.wake
		if open { // the first line of a batch: give others a moment to join
			timer.Reset(logFlushEvery)
			open = w.gather(timer)
		}
		spare = w.flush(spare)
	}
}

// gather waits until the batch is full or old enough and tells whether the writer is still open.
func (w *LogWriter) gather(timer *time.Timer) bool {
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return true
		case _, ok := <-w.wake:
			if !ok {
				return false
			}
			w.mu.Lock()
			full := len(w.buf) >= logFlushBytes
			w.mu.Unlock()
			if full {
				return true
			}
		}
	}
}

func (w *LogWriter) flush(spare []byte) []byte {
	w.mu.Lock()
	batch := w.buf
	w.buf = spare[:0]
	w.room.Broadcast()
	w.mu.Unlock()
	if len(batch) > 0 {
		if _, err := w.out.Write(batch); err != nil {
			w.err = errors.Join(w.err, err)
		}
	}
	return batch
}
