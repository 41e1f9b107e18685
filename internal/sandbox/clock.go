package sandbox

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// dial is a clock hand over another clock: it showed At when its source showed Ref, and moves Speed times as fast. The zero dial is the source.
type dial struct {
	Ref   time.Time `json:"ref"`
	At    time.Time `json:"at"`
	Speed float64   `json:"speed"`
}

const maxSpeed = 1_000_000

func (d dial) read(src time.Time) time.Time {
	switch {
	case d.Ref.IsZero():
		return src
	case d.Speed == 0:
		return d.At
	case d.Speed == 1:
		return d.At.Add(src.Sub(d.Ref))
	}
	return d.At.Add(time.Duration(float64(src.Sub(d.Ref)) * d.Speed))
}

func (d dial) speed() float64 {
	if d.Ref.IsZero() {
		return 1
	}
	return d.Speed
}

// now is the sandbox clock. The caller holds mu.
func (s *Server) now() time.Time {
	if !s.moment.IsZero() {
		return s.moment
	}
	return s.clock.read(s.opt.Now())
}

// pace is the time by which messages are delayed and tried again: real time that stands still, jumps and runs fast with the sandbox clock,
// but goes on when Options.Now is a clock that nobody moves. The caller holds mu.
func (s *Server) paceNow() time.Time { return s.pace.read(time.Now()) }

// realWait is how long a stretch of sandbox time takes; 0 = it does not pass at all. The caller holds mu.
func (s *Server) realWait(d time.Duration) time.Duration {
	speed := s.clock.speed()
	if speed == 0 {
		return 0
	}
	return max(time.Duration(float64(d)/speed), time.Millisecond)
}

// turn sets the sandbox clock to a moment and a speed. The caller holds mu.
func (s *Server) turn(to time.Time, speed float64) {
	now, step := time.Now(), to.Sub(s.now())
	s.clock = dial{Ref: s.opt.Now(), At: to, Speed: speed}
	s.pace = dial{Ref: now, At: s.pace.read(now).Add(max(step, 0)), Speed: speed}
	c := s.clock
	s.dirty.Clock = &c
	s.tick()
	for _, l := range s.lanes {
		l.poke()
	}
	s.wakeTicker()
}

func (s *Server) showClock(*http.Request, []byte) (any, error) {
	now := s.now()
	return obj{
		"now": now.UTC(), "offsetSeconds": int64(now.Sub(s.opt.Now()).Round(time.Second) / time.Second), "speed": s.clock.speed(), "frozen": s.clock.speed() == 0,
		"timers": len(s.timers.list),
	}, nil
}

type clockBody struct {
	Advance float64    `json:"advance"` // seconds
	Set     *time.Time `json:"set"`
	Freeze  bool       `json:"freeze"`
	Run     bool       `json:"run"`
	Speed   *float64   `json:"speed"`
}

func (s *Server) postClock(r *http.Request, body []byte) (any, error) {
	var in clockBody
	if err := read(body, &in); err != nil {
		return nil, err
	}
	to, speed := s.now(), s.clock.speed()
	switch {
	case in.Set != nil && in.Advance != 0:
		return nil, errors.New("give advance or set, not both")
	case in.Set != nil:
		to = *in.Set
	case in.Advance > 1e9 || in.Advance < -1e9:
		return nil, errors.New("advance is at most 1000000000 seconds")
	case in.Advance != 0:
		to = to.Add(time.Duration(in.Advance * float64(time.Second)))
	case !in.Freeze && !in.Run && in.Speed == nil:
		return nil, errors.New("give advance (seconds), set (RFC 3339), freeze, run or speed")
	}
	if to.Year() < 1970 || to.Year() > 2999 {
		return nil, errors.New("the sandbox clock knows the years 1970 to 2999")
	}
	switch {
	case in.Freeze:
		speed = 0
	case in.Speed != nil:
		speed = *in.Speed
	case in.Run:
		speed = 1
	}
	if speed < 0 || speed > maxSpeed {
		return nil, errors.New("speed is 0 (stand still) to 1000000")
	}
	s.turn(to, speed)
	return s.showClock(r, nil)
}

// tickLoop moves time-driven things: payment timeouts, automatic confirmation, AutoAdvance. It sleeps until the next timer, at most a second.
func (s *Server) tickLoop(ctx context.Context) {
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-s.ticker:
		}
		s.mu.Lock()
		s.tick()
		wait := time.Second
		if len(s.timers.list) > 0 {
			if w := s.realWait(s.timers.list[0].due.Sub(s.now())); w > 0 {
				wait = min(wait, max(w, 5*time.Millisecond))
			}
		}
		s.mu.Unlock()
		t.Reset(wait)
	}
}

func (s *Server) wakeTicker() {
	select {
	case s.ticker <- struct{}{}:
	default:
	}
}
