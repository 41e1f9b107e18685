package sandbox

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"time"
)

// journal is an append-only file of JSON lines. One line = one change as a whole, handed to the OS before the answer leaves,
// so killing the process loses nothing it has answered. There is no fsync: a power cut may.
type journal struct{ f *os.File }

// entry is one line; parts that did not change are absent. Records are whole, the last one wins.
type entry struct {
	Seed     *int64          `json:"seed,omitempty"`
	Clock    *dial           `json:"clock,omitempty"`
	Orders   []*order        `json:"orders,omitempty"`
	Creates  map[string]int  `json:"creates,omitempty"`
	Stock    map[int64]int64 `json:"stock,omitempty"`
	Messages []*message      `json:"messages,omitempty"`
	Sent     []sentEntry     `json:"sent,omitempty"`
	Pushes   []*push         `json:"pushes,omitempty"`
	Member   string          `json:"member,omitempty"`

	tradeEntry
	fundEntry
	refundEntry
	identityEntry
	followEntry
	imageEntry
	platformEntry
}

// sentEntry is the latest state of one delivery.
type sentEntry struct {
	Msg      int64    `json:"msg"`
	Index    int      `json:"index"`
	Delivery delivery `json:"delivery"`
}

func journalPath(dir string) string { return filepath.Join(dir, "sandbox.journal") }

// openJournal reads what is there. A torn last line is the mark of a kill in mid-write: that change was never answered, so it is dropped.
func openJournal(dir string) (*journal, []entry, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, nil, fmt.Errorf("sandbox: journal: %w", err)
	}
	f, err := os.OpenFile(journalPath(dir), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("sandbox: journal: %w", err)
	}
	entries, err := readEntries(f)
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return &journal{f: f}, entries, nil
}

func readEntries(r io.Reader) ([]entry, error) {
	var out []entry
	br := bufio.NewReaderSize(r, 1<<20)
	for n := 1; ; n++ {
		line, err := br.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return out, nil // an unfinished line was never answered
		}
		if err != nil {
			return nil, fmt.Errorf("sandbox: journal: %w", err)
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("sandbox: journal line %d: %w", n, err)
		}
		out = append(out, e)
	}
}

func (j *journal) close() error {
	if j.f == nil {
		return nil
	}
	f := j.f
	j.f = nil
	return f.Close()
}

// save appends one change. The caller holds mu. A failing disk is logged, not hidden in a half answer.
func (s *Server) save(e entry) {
	if s.journal.f == nil {
		return
	}
	if _, err := s.journal.f.Write(append(marshal(e), '\n')); err != nil {
		s.log.Error("journal write failed: this change will be forgotten after a restart", "error", err)
	}
}

// commit writes what the operation under mu changed. Every path that changes the state ends with it.
func (s *Server) commit() {
	if !s.dirty.empty() {
		s.save(s.dirty)
		s.dirty = entry{}
		s.changes++
	}
}

func (e *entry) empty() bool { return reflect.ValueOf(e).Elem().IsZero() }

// compact rewrites the journal as the current state, through a temporary file, so that a kill leaves either the old or the new one.
func (s *Server) compact() error {
	if s.journal.f == nil {
		return nil
	}
	tmp := journalPath(s.opt.Dir) + ".new"
	if err := s.writeSnapshot(tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, journalPath(s.opt.Dir)); err != nil {
		return fmt.Errorf("sandbox: compact: %w", err)
	}
	f, err := os.OpenFile(journalPath(s.opt.Dir), os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("sandbox: compact: %w", err)
	}
	_ = s.journal.f.Close()
	s.journal.f = f
	return nil
}

func (s *Server) writeSnapshot(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("sandbox: compact: %w", err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	put := func(e entry) { _, _ = w.Write(append(marshal(e), '\n')) } // Flush reports a failed write
	put(entry{Seed: &s.seed, Clock: &s.clock, Creates: s.creates, Stock: s.stock})
	for _, id := range s.orderIDs {
		put(entry{Orders: []*order{s.orders[id]}})
	}
	for _, m := range s.messages {
		put(entry{Messages: []*message{m}})
	}
	for _, p := range s.pushes {
		put(entry{Pushes: []*push{p}})
	}
	for m := range s.members {
		put(entry{Member: m})
	}
	for _, area := range []func(func(entry)){s.saveTrade, s.saveFunds, s.saveRefunds, s.saveIdentities, s.saveFollows, s.saveImages, s.savePlatform} {
		area(put)
	}
	return errors.Join(w.Flush(), f.Close())
}

// replay applies one line to the fresh state.
func (s *Server) replay(e *entry) {
	if e.Seed != nil {
		s.seed = *e.Seed
	}
	if e.Clock != nil {
		s.clock = *e.Clock
		s.pace = dial{Ref: time.Now(), At: time.Now(), Speed: s.clock.speed()}
	}
	for _, o := range e.Orders {
		s.keepOrder(o)
	}
	for k, v := range e.Creates {
		s.creates[k] = v
	}
	for k, v := range e.Stock {
		s.stock[k] = v
	}
	for _, m := range e.Messages {
		s.keepMessage(m)
	}
	for _, d := range e.Sent {
		if m := s.byMsg[d.Msg]; m != nil && d.Index <= len(m.Deliveries) {
			m.setDelivery(d.Index, d.Delivery)
		}
	}
	for _, p := range e.Pushes {
		s.keepPush(p)
	}
	if e.Member != "" {
		s.members[e.Member] = true
	}
	s.replayTrade(&e.tradeEntry)
	s.replayFunds(&e.fundEntry)
	s.replayRefunds(&e.refundEntry)
	s.replayIdentities(&e.identityEntry)
	s.replayFollows(&e.followEntry)
	s.replayImages(&e.imageEntry)
	s.replayPlatform(&e.platformEntry)
}
