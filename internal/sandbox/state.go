package sandbox

import (
	"math/rand/v2"
	"time"
)

// state is everything a reset throws away. It is guarded by Server.mu.
type state struct {
	seed    int64
	clock   dial      // of the sandbox over Options.Now
	pace    dial      // of the messages over real time
	moment  time.Time // the clock while a timer runs
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

	tradeState
	fundState
	refundState
	identityState
	followState
	imageState
	platformState

	faults        []*fault
	nextFault     int
	chaos         chaos
	paused        bool
	requests      int64
	gatewayErrors map[string]int
	transcript    transcript
}

func newState(seed int64) *state {
	return &state{
		tradeState: newTradeState(), fundState: newFundState(), refundState: newRefundState(), identityState: newIdentityState(), followState: newFollowState(),
		imageState: newImageState(), platformState: newPlatformState(),
		seed: seed, journal: &journal{}, rng: newRand(seed),
		orders: map[int64]*order{}, byOut: map[string][]int64{}, creates: map[string]int{}, stock: map[int64]int64{},
		byMsg: map[int64]*message{}, pushIndex: map[string]map[string]*pushKey{}, pushCount: map[string]int{}, members: map[string]bool{},
		gatewayErrors: map[string]int{},
	}
}

func newRand(seed int64) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(seed), 1688))
}

// left is the stock of a SKU. The caller holds mu.
func (s *Server) left(k *sku) int64 {
	if n, ok := s.stock[k.id]; ok {
		return n
	}
	return k.stock
}

// load starts from the journal, or afresh. Called once, by New.
func (s *Server) load() error {
	st := newState(s.opt.Seed)
	s.state = st
	s.chaos = s.startChaos()
	if s.opt.Dir != "" {
		j, entries, err := openJournal(s.opt.Dir)
		if err != nil {
			return err
		}
		for i := range entries {
			s.replay(&entries[i])
		}
		s.planParcels()
		s.sortModified()
		st.journal = j
		if err := s.compact(); err != nil {
			return err
		}
	}
	if st.seed != s.opt.Seed {
		st.rng = newRand(st.seed)
		s.log.Warn("the journal was written with another seed; it wins", "seed", st.seed)
	}
	s.rebuild()
	return nil
}

// reset forgets everything and builds the catalogue of another seed. The caller holds mu.
func (s *Server) reset(seed int64) error {
	j := s.journal
	s.state = newState(seed)
	s.journal, s.chaos = j, s.startChaos()
	if err := s.setApps(); err != nil { // those that the control API added go
		return err
	}
	for _, l := range s.lanes {
		l.queue, l.later = nil, nil
	}
	for _, a := range s.apis {
		a.received, a.executed, a.refused = 0, 0, 0
	}
	s.rebuild()
	return s.compact()
}
