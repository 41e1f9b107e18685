package sandbox

import (
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// chaos is the random mode: whether and how the n-th call or message is struck follows from the seed and n alone.
type chaos struct {
	Level   int      `json:"level"`           // 0 = off; each level strikes 2 % of the calls and 3 % of the messages
	Seed    int64    `json:"seed"`            // says what happens to which call
	Kinds   []string `json:"kinds,omitempty"` // only these; empty = what the level allows
	DelayMS int      `json:"delayMs"`         // of everything that waits
	Struck  int      `json:"struck"`
}

const maxChaos = 10

// parseChaos reads ENTREPOT_SANDBOX_CHAOS: level or level:seed.
func parseChaos(text string) (level int, seed int64, err error) {
	head, tail, more := strings.Cut(text, ":")
	if level, err = strconv.Atoi(head); err == nil && more {
		seed, err = strconv.ParseInt(tail, 10, 64)
	}
	if err == nil && (level < 0 || level > maxChaos) {
		err = errors.New("level is 0 to 10")
	}
	return level, seed, err
}

func newChaos(level int, seed int64) chaos {
	if seed == 0 {
		seed = time.Now().UnixNano() % 1_000_000 // printed, so that the run can be repeated
	}
	return chaos{Level: level, Seed: seed, DelayMS: 300}
}

// startChaos is the random mode the options ask for.
func (s *Server) startChaos() chaos {
	if s.opt.Chaos == 0 {
		return chaos{}
	}
	return newChaos(s.opt.Chaos, s.opt.ChaosSeed)
}

// dice decides about the n-th thing of a side: its fault kind, or "". percent is the chance of a level.
func (c *chaos) dice(side string, percent int, n uint64) string {
	h := mix(uint64(c.Seed)<<1 ^ mix(n+uint64(len(side))<<48))
	if c.Level == 0 || int(h%1000) >= c.Level*percent*10 {
		return ""
	}
	kinds := c.pool(side)
	if len(kinds) == 0 {
		return ""
	}
	return kinds[(h>>20)%uint64(len(kinds))]
}

func (c *chaos) pool(side string) []string {
	var out []string
	for _, k := range faultKinds {
		asked := slices.Contains(c.Kinds, k.Kind)
		if k.Side == side && (asked || len(c.Kinds) == 0 && k.chaos > 0 && k.chaos <= c.Level) {
			out = append(out, k.Kind)
		}
	}
	return out
}

func (c *chaos) forCall(k *call, at stage) *fault {
	if c.Level == 0 {
		return nil
	}
	kind := c.dice("api", 2, uint64(k.n))
	if kind == "" || kindOf(kind).stage != at {
		return nil
	}
	c.Struck++
	return &fault{Kind: kind, API: "*", DelayMS: c.DelayMS}
}

func (c *chaos) forMessage(m *message) *fault {
	if c.Level == 0 {
		return nil
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(m.Topic)) // never fails
	kind := c.dice("message", 3, uint64(m.ID)^h.Sum64())
	if kind == "" {
		return nil
	}
	c.Struck++
	return &fault{Kind: kind, DelayMS: c.DelayMS}
}

func (s *Server) showRandom(*http.Request, []byte) (any, error) { return s.chaos, nil }

func (s *Server) postRandom(_ *http.Request, body []byte) (any, error) {
	var in struct {
		Level   int      `json:"level"`
		Seed    int64    `json:"seed"`
		Kinds   []string `json:"kinds"`
		DelayMS int      `json:"delayMs"`
	}
	if err := read(body, &in); err != nil {
		return nil, err
	}
	if in.Level < 0 || in.Level > maxChaos || in.DelayMS < 0 || in.DelayMS > maxDelay {
		return nil, errors.New("level is 0 (off) to 10, delayMs at most a day")
	}
	for _, k := range in.Kinds {
		if kindOf(k) == nil {
			return nil, fmt.Errorf("unknown kind %s", k)
		}
	}
	if in.Level == 0 {
		s.chaos = chaos{}
		return s.chaos, nil
	}
	s.chaos = newChaos(in.Level, in.Seed)
	s.chaos.Kinds = in.Kinds
	if in.DelayMS > 0 {
		s.chaos.DelayMS = in.DelayMS
	}
	s.log.Info("random faults", "level", s.chaos.Level, "seed", s.chaos.Seed)
	return s.chaos, nil
}
