package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"
)

// state is everything a reset throws away. It is guarded by Server.mu.
type state struct {
	seed    int64
	offset  time.Duration // of the clock
	moment  time.Time     // the clock while a timer runs
	timers  timers
	journal *journal
	dirty   entry // what the running operation changed; commit writes it as one line
	rng     *rand.Rand

	orders   map[int64]*order
	orderIDs []int64 // oldest first
	byOut    map[string][]int64
	creates  map[string]int  // createCrossOrder calls that made an order, per outOrderId
	stock    map[int64]int64 // SKU id -> pieces left, only where it moved

	messages []*message
	byMsg    map[int64]*message

	pushes    []*push
	pushIndex map[string]map[string]*pushKey // kind -> key
	pushCount map[string]int
	warnings  int
	members   map[string]bool

	tokens    map[string]issuedToken // by access token
	usedCodes map[string]bool

	tradeState
	fundState
	refundState
	identityState
	followState
	imageState
	platformState

	faults        []*fault
	nextFault     int
	paused        bool
	requests      int64
	gatewayErrors map[string]int
	transcript    []string
	dropped       int
}

func newState(seed int64) *state {
	return &state{
		tradeState: newTradeState(), fundState: newFundState(), refundState: newRefundState(), identityState: newIdentityState(), followState: newFollowState(),
		imageState: newImageState(), platformState: newPlatformState(),
		seed: seed, journal: &journal{}, rng: newRand(seed),
		orders: map[int64]*order{}, byOut: map[string][]int64{}, creates: map[string]int{}, stock: map[int64]int64{},
		byMsg: map[int64]*message{}, pushIndex: map[string]map[string]*pushKey{}, pushCount: map[string]int{}, members: map[string]bool{},
		tokens: map[string]issuedToken{}, usedCodes: map[string]bool{}, gatewayErrors: map[string]int{},
	}
}

func newRand(seed int64) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(seed), 1688))
}

// now is the sandbox clock. The caller holds mu.
func (s *Server) now() time.Time {
	if !s.moment.IsZero() {
		return s.moment
	}
	return s.opt.Now().Add(s.offset)
}

// left is the stock of a SKU. The caller holds mu.
func (s *Server) left(k *sku) int64 {
	if n, ok := s.stock[k.id]; ok {
		return n
	}
	return k.stock
}

const maxTranscript = 200_000

// record adds a call to the transcript: what came in and what came of it, without times, tokens and signatures, so that
// the same seed and the same calls give the same bytes. The caller holds mu.
func (s *Server) record(c *call, outcome string) {
	line := obj{"outcome": outcome}
	if c.api != nil {
		line["api"] = c.api.name
	}
	if len(c.args) > 0 {
		line["args"] = transcriptArgs(c.args)
	}
	if len(c.note) > 0 {
		line["made"] = c.note
	}
	s.addLine(line)
}

func (s *Server) addLine(line obj) {
	if len(s.transcript) >= maxTranscript {
		s.dropped++
		return
	}
	line["n"] = len(s.transcript) + 1
	s.transcript = append(s.transcript, string(marshal(line)))
}

func transcriptArgs(args url.Values) obj {
	out := obj{}
	for k, v := range args {
		switch {
		case k == "access_token" || strings.HasPrefix(k, "_aop_"):
		case len(v[0]) > 1000:
			sum := sha256.Sum256([]byte(v[0]))
			out[k] = "sha256:" + hex.EncodeToString(sum[:])
		default:
			out[k] = v[0]
		}
	}
	return out
}

// load starts from the journal, or afresh. Called once, by New.
func (s *Server) load() error {
	st := newState(s.opt.Seed)
	s.state = st
	if s.opt.Dir != "" {
		j, entries, err := openJournal(s.opt.Dir)
		if err != nil {
			return err
		}
		for i := range entries {
			s.replay(&entries[i])
		}
		st.journal = j
		if err := s.compact(); err != nil {
			return err
		}
	}
	if st.seed != s.opt.Seed {
		st.rng = newRand(st.seed)
		s.log.Warn("the journal was written with another seed; it wins", "seed", st.seed)
	}
	s.cat.Store(newCatalogue(st.seed, s.opt.Offers))
	return nil
}

// reset forgets everything and builds the catalogue of another seed. The caller holds mu.
func (s *Server) reset(seed int64) error {
	j := s.journal
	s.state = newState(seed)
	s.journal = j
	for _, l := range s.lanes {
		l.queue, l.later = nil, nil
	}
	for _, a := range s.apis {
		a.received, a.executed, a.refused = 0, 0, 0
	}
	s.cat.Store(newCatalogue(seed, s.opt.Offers))
	s.pages.clear()
	return s.compact()
}

// tickLoop moves time-driven things: payment timeouts, automatic confirmation, AutoAdvance.
func (s *Server) tickLoop(ctx context.Context) {
	every := time.Second
	if s.opt.AutoAdvance > 0 {
		every = max(min(every, s.opt.AutoAdvance/2), 10*time.Millisecond)
	}
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			s.mu.Lock()
			s.tick()
			s.mu.Unlock()
		}
	}
}
